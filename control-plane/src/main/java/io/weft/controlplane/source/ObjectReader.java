package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.Namespace;
import io.weft.controlplane.model.NetworkPolicy;
import io.weft.controlplane.model.Pod;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.ServiceCidr;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Turns an object, read from any format, into a {@link ClusterObject}. Checks every field that Weft uses and ignores all others. What an
 * object asks for but Weft does not support goes into {@link ClusterObject#unsupported}.
 *
 * <p>Errors: {@link ObjectTree.WrongField}.
 */
final class ObjectReader {
    private static final String DEFAULT_NAMESPACE = "default";
    private static final String ZONE_LABEL = "topology.kubernetes.io/zone";
    /** Services and EndpointSlices with one of these labels belong to another proxy (kube-proxy: cmd/kube-proxy/app/server.go). */
    private static final List<String> OTHERS_LABELS = List.of("service.kubernetes.io/service-proxy-name",
        "service.kubernetes.io/headless");
    private static final int MAX_PORT = 65_535;
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]*[a-z0-9])?");
    private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
    private static final List<String> FINISHED = List.of("Succeeded", "Failed");

    private ObjectReader() {
    }

    /**
     * @param writtenMillis since the epoch, when the manifest was written; used for a Node without creationTimestamp
     * @return empty if the object is for another proxy
     */
    static Optional<ClusterObject> read(Kind kind, ObjectTree object, long writtenMillis) {
        ObjectTree metadata = object.required("metadata");
        String name = name(metadata);
        return switch (kind) {
            case NODE -> Optional.of(node(name, metadata, object, writtenMillis));
            case NAMESPACE -> Optional.of(new Namespace(name, labels(metadata)));
            case POD -> Optional.of(pod(namespace(metadata), name, metadata, object));
            case SERVICE -> isOthers(metadata) ? Optional.empty()
                : Optional.of(ServiceReader.read(namespace(metadata), name, created(metadata), object));
            case ENDPOINT_SLICE -> isOthers(metadata) ? Optional.empty()
                : Optional.of(EndpointSliceReader.read(namespace(metadata), name, metadata, object));
            case NETWORK_POLICY -> Optional.of(new NetworkPolicy(namespace(metadata), name));
            case SERVICE_CIDR -> Optional.of(serviceCidr(name, created(metadata), object));
        };
    }

    private static boolean isOthers(ObjectTree metadata) {
        return metadata.field("labels").filter(labels -> OTHERS_LABELS.stream().anyMatch(labels::has)).isPresent();
    }

    /** metadata.creationTimestamp, or {@link ClusterObject#NOT_YET_CREATED}. */
    private static long created(ObjectTree metadata) {
        Optional<ObjectTree> timestamp = metadata.field("creationTimestamp");
        if (timestamp.isEmpty()) { return ClusterObject.NOT_YET_CREATED; }
        try {
            return OffsetDateTime.parse(timestamp.get().text()).toInstant().toEpochMilli();
        } catch (DateTimeParseException | ArithmeticException e) {
            throw timestamp.get()
                .wrong("must be a time such as 2026-01-31T08:00:00Z, not \"" + timestamp.get().text() + "\"");
        }
    }

    private static String name(ObjectTree metadata) {
        ObjectTree name = metadata.required("name");
        if (name.text().isEmpty() || name.text().length() > 253
            || !NAME.matcher(name.text()).matches()) {
            throw name.wrong("must be lower-case letters, digits, - and ., not \"" + name.text() + "\"");
        }
        return name.text();
    }

    private static String namespace(ObjectTree metadata) {
        String namespace = metadata.text("namespace", DEFAULT_NAMESPACE);
        if (!NAMESPACE.matcher(namespace).matches()) {
            throw metadata.required("namespace")
                .wrong("must be lower-case letters, digits and -, at most 63, not \"" + namespace + "\"");
        }
        return namespace;
    }

    private static Map<String, String> labels(ObjectTree metadata) {
        Map<String, String> labels = new HashMap<>();
        metadata.field("labels").ifPresent(all -> all.names().forEach(name -> labels.put(name, all.text(name, ""))));
        return labels;
    }

    /** @return empty without that label */
    static String label(ObjectTree metadata, String name) {
        return metadata.field("labels").map(labels -> labels.text(name, "")).orElse("");
    }

    // -- Node --------------------------------------------------------------------------------------------------------

    private static ClusterNode node(String name, ObjectTree metadata, ObjectTree object, long writtenMillis) {
        long created = created(metadata);
        List<String> unsupported = new ArrayList<>();
        List<IpPrefix> podCidrs = podCidrs(object, unsupported);
        List<IpAddress> addresses = internalIps(object, unsupported);
        return new ClusterNode(name, created == ClusterObject.NOT_YET_CREATED ? writtenMillis : created, podCidrs,
            addresses, label(metadata, ZONE_LABEL).intern(),
            metadata.field("annotations").flatMap(AnnotationReader::read), List.copyOf(unsupported));
    }

    private static List<IpPrefix> podCidrs(ObjectTree object, List<String> unsupported) {
        Optional<ObjectTree> spec = object.field("spec");
        List<ObjectTree> all = spec.map(value -> value.list("podCIDRs")).orElse(List.of());
        if (all.isEmpty()) {
            all = spec.flatMap(value -> value.field("podCIDR")).filter(value -> !value.text().isEmpty())
                .map(List::of).orElse(List.of());
        }
        List<IpPrefix> prefixes = new ArrayList<>();
        for (ObjectTree value : all) {
            Optional<IpPrefix> prefix = Addresses.ipv4Prefix(value);
            prefix.ifPresent(prefixes::add);
            if (prefix.isEmpty() || prefixes.size() > 1) {
                unsupported.add("its podCIDR " + value.text() + " is not served");
            }
        }
        return List.copyOf(prefixes);
    }

    private static List<IpAddress> internalIps(ObjectTree object, List<String> unsupported) {
        List<IpAddress> addresses = new ArrayList<>();
        for (ObjectTree address : object.field("status").map(status -> status.list("addresses")).orElse(List.of())) {
            if (address.required("type").text().equals("InternalIP")) {
                ObjectTree value = address.required("address");
                Addresses.ipv4(value).ifPresentOrElse(addresses::add,
                    () -> unsupported.add("its address " + value.text() + " is not used"));
            }
        }
        return List.copyOf(addresses);
    }

    // -- Pod ---------------------------------------------------------------------------------------------------------

    private static Pod pod(String namespace, String name, ObjectTree metadata, ObjectTree object) {
        Optional<ObjectTree> spec = object.field("spec");
        return new Pod(namespace, name, created(metadata),
            spec.map(value -> value.text("nodeName", "")).orElse(""),
            spec.map(value -> value.flag("hostNetwork", false)).orElse(false),
            podIps(object));
    }

    private static List<IpAddress> podIps(ObjectTree object) {
        Optional<ObjectTree> status = object.field("status");
        if (status.filter(value -> FINISHED.contains(value.text("phase", ""))).isPresent()) { return List.of(); }
        List<ObjectTree> all = status.map(value -> value.list("podIPs")).orElse(List.of());
        List<ObjectTree> texts = all.isEmpty()
            ? status.flatMap(value -> value.field("podIP")).map(List::of).orElse(List.of())
            : all.stream().map(value -> value.required("ip")).toList();
        return texts.stream().filter(value -> !value.text().isEmpty())
            .flatMap(value -> Addresses.ipv4(value).stream()).toList();
    }

    // -- ServiceCIDR -------------------------------------------------------------------------------------------------

    private static ServiceCidr serviceCidr(String name, long createdMillis, ObjectTree object) {
        List<IpPrefix> cidrs = new ArrayList<>();
        List<String> unsupported = new ArrayList<>();
        for (ObjectTree value : object.required("spec").list("cidrs")) {
            Addresses.ipv4Prefix(value).ifPresentOrElse(cidrs::add,
                () -> unsupported.add(value.text() + " is not served"));
        }
        return new ServiceCidr(name, createdMillis, List.copyOf(cidrs), List.copyOf(unsupported));
    }

    // -- values ------------------------------------------------------------------------------------------------------

    static int port(ObjectTree value) {
        return value.integer(1, MAX_PORT);
    }

    static Protocol protocol(ObjectTree port) {
        Optional<ObjectTree> field = port.field("protocol").filter(value -> !value.text().isEmpty());
        if (field.isEmpty()) { return Protocol.TCP; }
        return Arrays.stream(Protocol.values())
            .filter(candidate -> candidate.name().equals(field.get().text()))
            .findFirst()
            .orElseThrow(() -> field.get().wrong("must be one of "
                + Arrays.stream(Protocol.values()).map(Enum::name).collect(Collectors.joining(", "))
                + ", not \"" + field.get().text() + "\""));
    }
}
