package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.Pod;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.Ipv4Prefix;
import java.net.Inet6Address;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One object of a manifest → {@link ClusterObject}. Checks every field Weft uses, ignores all others, and passes over
 * IPv6 (not supported yet).
 *
 * <p>Errors: {@link YamlValue.WrongField}.
 */
final class ObjectReader {
    private static final String DEFAULT_NAMESPACE = "default";
    private static final String SERVICE_NAME_LABEL = "kubernetes.io/service-name";
    private static final String HEADLESS = "None";
    private static final String EXTERNAL_NAME = "ExternalName";
    private static final List<String> SERVICE_TYPES = List.of("ClusterIP", "NodePort", "LoadBalancer", EXTERNAL_NAME);
    private static final int MAX_PORT = 65_535;
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]*[a-z0-9])?");
    private static final Pattern PORT_NUMBER = Pattern.compile("[0-9]+");

    private ObjectReader() {
    }

    /** @return empty when Weft has no use for the object, as for an EndpointSlice of IPv6 addresses */
    static Optional<ClusterObject> read(Kind kind, YamlValue object) {
        checkApiVersion(kind, object);
        YamlValue metadata = object.required("metadata");
        String name = name(metadata);
        return switch (kind) {
            case NODE -> Optional.of(node(name, metadata, object));
            case POD -> Optional.of(pod(namespace(metadata), name, object));
            case SERVICE -> Optional.of(service(namespace(metadata), name, object));
            case ENDPOINT_SLICE -> slice(namespace(metadata), name, metadata, object);
        };
    }

    private static void checkApiVersion(Kind kind, YamlValue object) {
        YamlValue version = object.required("apiVersion");
        if (!version.text().equals(kind.apiVersion())) {
            throw version.wrong("must be " + kind.apiVersion() + ", not \"" + version.text() + "\"");
        }
    }

    private static String name(YamlValue metadata) {
        YamlValue name = metadata.required("name");
        if (name.text().isEmpty() || name.text().length() > 253
            || !NAME.matcher(name.text()).matches()) {
            throw name.wrong("must be lower-case letters, digits, - and ., not \"" + name.text() + "\"");
        }
        return name.text();
    }

    private static String namespace(YamlValue metadata) {
        return metadata.text("namespace", DEFAULT_NAMESPACE);
    }

    // -- Node --------------------------------------------------------------------------------------------------------

    private static ClusterNode node(String name, YamlValue metadata, YamlValue object) {
        return new ClusterNode(name, podCidrs(object), internalIps(object),
            metadata.field("annotations").flatMap(AnnotationReader::read));
    }

    private static List<Ipv4Prefix> podCidrs(YamlValue object) {
        Optional<YamlValue> spec = object.field("spec");
        List<YamlValue> all = spec.map(value -> value.list("podCIDRs")).orElse(List.of());
        if (all.isEmpty()) {
            all = spec.flatMap(value -> value.field("podCIDR")).map(List::of).orElse(List.of());
        }
        return all.stream().flatMap(value -> prefix(value).stream()).toList();
    }

    private static Optional<Ipv4Prefix> prefix(YamlValue value) {
        String text = value.text();
        if (isIpv6(text.split("/", 2)[0])) { return Optional.empty(); }
        Optional<Ipv4Prefix> prefix = Ipv4Prefix.parse(text).filter(parsed -> parsed.toString().equals(text));
        if (prefix.isEmpty()) {
            throw value.wrong("must be an address prefix such as 10.244.1.0/24, not \"" + text + "\"");
        }
        return prefix;
    }

    private static List<Integer> internalIps(YamlValue object) {
        List<Integer> addresses = new ArrayList<>();
        for (YamlValue address : object.field("status").map(status -> status.list("addresses")).orElse(List.of())) {
            if (address.required("type").text().equals("InternalIP")) {
                address(address.required("address")).ifPresent(addresses::add);
            }
        }
        return List.copyOf(addresses);
    }

    // -- Pod ---------------------------------------------------------------------------------------------------------

    private static Pod pod(String namespace, String name, YamlValue object) {
        Optional<YamlValue> spec = object.field("spec");
        return new Pod(namespace, name,
            spec.map(value -> value.text("nodeName", "")).orElse(""),
            spec.map(value -> value.flag("hostNetwork", false)).orElse(false),
            podIps(object));
    }

    private static List<Integer> podIps(YamlValue object) {
        Optional<YamlValue> status = object.field("status");
        List<YamlValue> all = status.map(value -> value.list("podIPs")).orElse(List.of());
        List<YamlValue> texts = all.isEmpty()
            ? status.flatMap(value -> value.field("podIP")).map(List::of).orElse(List.of())
            : all.stream().map(value -> value.required("ip")).toList();
        return texts.stream().flatMap(value -> address(value).stream()).toList();
    }

    // -- Service -----------------------------------------------------------------------------------------------------

    private static Service service(String namespace, String name, YamlValue object) {
        YamlValue spec = object.required("spec");
        String type = serviceType(spec);
        List<Service.Port> ports = new ArrayList<>();
        for (YamlValue port : spec.list("ports")) {
            ports.add(new Service.Port(port.text("name", ""), port(port.required("port")), protocol(port)));
            port.field("targetPort").ifPresent(ObjectReader::checkTargetPort);
        }
        return new Service(namespace, name, type, type.equals(EXTERNAL_NAME) ? List.of() : clusterIps(spec),
            List.copyOf(ports));
    }

    private static String serviceType(YamlValue spec) {
        Optional<YamlValue> type = spec.field("type");
        if (type.isPresent() && !SERVICE_TYPES.contains(type.get().text())) {
            throw type.get()
                .wrong("must be one of " + String.join(", ", SERVICE_TYPES) + ", not \"" + type.get().text() + "\"");
        }
        return type.map(YamlValue::text).orElse("ClusterIP");
    }

    private static List<Integer> clusterIps(YamlValue spec) {
        List<YamlValue> all = spec.list("clusterIPs");
        if (all.isEmpty()) {
            all = spec.field("clusterIP").map(List::of).orElse(List.of());
        }
        return all.stream()
            .filter(value -> !value.text().equals(HEADLESS) && !value.text().isEmpty())
            .flatMap(value -> address(value).stream())
            .toList();
    }

    /** A name or a number; resolved by the cluster into EndpointSlices, so only its form matters here. */
    private static void checkTargetPort(YamlValue targetPort) {
        if (PORT_NUMBER.matcher(targetPort.text()).matches()) {
            port(targetPort);
        }
    }

    // -- EndpointSlice -----------------------------------------------------------------------------------------------

    private static Optional<ClusterObject> slice(String namespace, String name, YamlValue metadata, YamlValue object) {
        YamlValue addressType = object.required("addressType");
        if (!List.of("IPv4", "IPv6", "FQDN").contains(addressType.text())) {
            throw addressType.wrong("must be IPv4, IPv6 or FQDN, not \"" + addressType.text() + "\"");
        }
        if (!addressType.text().equals("IPv4")) { return Optional.empty(); }
        String service = metadata.field("labels").map(labels -> labels.text(SERVICE_NAME_LABEL, "")).orElse("");
        List<EndpointSlice.Endpoint> endpoints = object.list("endpoints").stream().map(ObjectReader::endpoint).toList();
        List<EndpointSlice.Port> ports = object.list("ports").stream().flatMap(port -> slicePort(port).stream())
            .toList();
        return Optional.of(new EndpointSlice(namespace, name, service, endpoints, ports));
    }

    private static EndpointSlice.Endpoint endpoint(YamlValue endpoint) {
        List<Integer> addresses = new ArrayList<>();
        for (YamlValue value : endpoint.list("addresses")) {
            addresses
                .add(address(value).orElseThrow(() -> value.wrong("must be an IPv4 address, as addressType says")));
        }
        if (addresses.isEmpty()) { throw endpoint.missing("addresses"); }
        Optional<YamlValue> conditions = endpoint.field("conditions");
        boolean ready = conditions.map(value -> value.flag("ready", true)).orElse(true);
        boolean serving = conditions.map(value -> value.flag("serving", ready)).orElse(ready);
        boolean terminating = conditions.map(value -> value.flag("terminating", false)).orElse(false);
        return new EndpointSlice.Endpoint(
            List.copyOf(addresses), ready, serving, terminating, endpoint.text("nodeName", ""));
    }

    /** Empty for a port without a number, which the API allows and nobody can serve. */
    private static Optional<EndpointSlice.Port> slicePort(YamlValue port) {
        return port.field("port")
            .map(number -> new EndpointSlice.Port(port.text("name", ""), port(number), protocol(port)));
    }

    // -- values ------------------------------------------------------------------------------------------------------

    private static int port(YamlValue value) {
        return value.integer(1, MAX_PORT);
    }

    private static Protocol protocol(YamlValue port) {
        Optional<YamlValue> field = port.field("protocol");
        if (field.isEmpty()) { return Protocol.TCP; }
        return Arrays.stream(Protocol.values())
            .filter(candidate -> candidate.name().equals(field.get().text()))
            .findFirst()
            .orElseThrow(() -> field.get().wrong("must be one of "
                + Arrays.stream(Protocol.values()).map(Enum::name).collect(Collectors.joining(", "))
                + ", not \"" + field.get().text() + "\""));
    }

    /** Empty for an IPv6 address. */
    private static Optional<Integer> address(YamlValue value) {
        String text = value.text();
        OptionalInt address = Ipv4Address.parse(text);
        if (address.isPresent()) { return Optional.of(address.getAsInt()); }
        if (isIpv6(text)) { return Optional.empty(); }
        throw value.wrong("must be an IP address, not \"" + text + "\"");
    }

    private static boolean isIpv6(String text) {
        if (text.indexOf(':') < 0) { return false; }
        try {
            Inet6Address.ofLiteral(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
