package io.weft.controlplane.source;

import io.weft.controlplane.model.Service;
import io.weft.encap.address.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Turns a Service's {@code spec} into a {@link Service}, including what of it Weft does not support. Errors: {@link ObjectTree.WrongField}. */
final class ServiceReader {
    private static final String CLUSTER_IP = "ClusterIP";
    private static final String EXTERNAL_NAME = "ExternalName";
    private static final String NONE = "None";
    private static final List<String> TYPES = List.of(CLUSTER_IP, "NodePort", "LoadBalancer", EXTERNAL_NAME);
    private static final List<String> DEFAULT_POLICIES = List.of("", "Cluster");
    private static final Pattern NUMBER = Pattern.compile("[0-9]+");

    private final ObjectTree spec;
    private final List<String> unsupported = new ArrayList<>();

    private ServiceReader(ObjectTree spec) {
        this.spec = spec;
    }

    static Service read(String namespace, String name, long createdMillis, ObjectTree object) {
        return new ServiceReader(object.required("spec")).service(namespace, name, createdMillis);
    }

    private Service service(String namespace, String name, long createdMillis) {
        String type = type();
        List<Service.Port> ports = new ArrayList<>();
        for (ObjectTree port : spec.list("ports")) {
            ports.add(new Service.Port(port.text("name", ""), ObjectReader.port(port.required("port")),
                ObjectReader.protocol(port)));
            port.field("targetPort").ifPresent(ServiceReader::checkTargetPort);
        }
        List<IpAddress> addresses = type.equals(EXTERNAL_NAME) ? List.of() : clusterIps();
        if (!type.equals(EXTERNAL_NAME)) {
            lookForUnsupported(type);
        }
        return new Service(namespace, name, createdMillis, type, addresses, List.copyOf(ports),
            List.copyOf(unsupported));
    }

    private String type() {
        String type = spec.text("type", CLUSTER_IP);
        if (!TYPES.contains(type)) {
            throw spec.required("type").wrong("must be one of " + String.join(", ", TYPES) + ", not \"" + type + "\"");
        }
        return type;
    }

    private List<IpAddress> clusterIps() {
        List<ObjectTree> all = spec.list("clusterIPs");
        if (all.isEmpty()) {
            all = spec.field("clusterIP").map(List::of).orElse(List.of());
        }
        List<IpAddress> addresses = new ArrayList<>();
        boolean any = false;
        for (ObjectTree value : all) {
            any |= !value.text().isEmpty();
            if (!value.text().isEmpty() && !value.text().equals(NONE)) {
                Addresses.ipv4(value).ifPresentOrElse(addresses::add,
                    () -> unsupported.add("clusterIP " + value.text() + " is not served"));
            }
        }
        if (!any) {
            unsupported.add("it has no clusterIP; give it one, or None");
        }
        return List.copyOf(addresses);
    }

    private void lookForUnsupported(String type) {
        if (!type.equals(CLUSTER_IP)) {
            unsupported.add("type " + type + ": only its clusterIP is served");
        }
        spec.list("externalIPs").forEach(ip -> unsupported.add("external IP " + ip.text() + " is not served"));
        if (spec.text("sessionAffinity", NONE).equals("ClientIP")) {
            unsupported.add("sessionAffinity ClientIP is not kept");
        }
        if (!DEFAULT_POLICIES.contains(spec.text("internalTrafficPolicy", ""))) {
            unsupported.add("internalTrafficPolicy " + spec.text("internalTrafficPolicy", "") + " is not followed");
        }
        if (!spec.text("trafficDistribution", "").isEmpty()) {
            unsupported.add("trafficDistribution " + spec.text("trafficDistribution", "") + " is not followed");
        }
        Optional<ObjectTree> policy = spec.field("ipFamilyPolicy")
            .filter(value -> value.text().equals("RequireDualStack"));
        if (policy.isPresent()
            || spec.list("ipFamilies").stream().anyMatch(family -> family.text().equals("IPv6"))) {
            unsupported.add("IP family IPv6 is not served");
        }
    }

    /** A name or a number; resolved by the cluster into EndpointSlices, so only its form matters here. */
    private static void checkTargetPort(ObjectTree targetPort) {
        if (NUMBER.matcher(targetPort.textOrNumber()).matches()) {
            targetPort.integer(1, 65_535);
        }
    }
}
