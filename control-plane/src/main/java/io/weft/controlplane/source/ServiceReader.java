package io.weft.controlplane.source;

import io.weft.controlplane.model.Service;
import io.weft.controlplane.model.Service.Behaviour;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Turns a Service into a {@link Service}, including what of it Weft does not support. Errors: {@link ObjectTree.WrongField}. */
final class ServiceReader {
    private static final String NONE = "None";
    private static final String CLUSTER = "Cluster";
    private static final String LOCAL = "Local";
    private static final String CLIENT_IP = "ClientIP";
    private static final String MAGLEV = "maglev";
    private static final String RANDOM = "random";
    private static final List<String> TYPES = List.of(Service.CLUSTER_IP, Service.NODE_PORT, Service.LOAD_BALANCER,
        Service.EXTERNAL_NAME);
    /** The cluster turns them into hints of EndpointSlices, so only unknown ones matter here. */
    private static final List<String> DISTRIBUTIONS = List.of("", "PreferClose", "PreferSameZone", "PreferSameNode");
    private static final Pattern NUMBER = Pattern.compile("[0-9]+");
    private static final int DEFAULT_AFFINITY_SECONDS = 10_800;
    private static final int MAX_AFFINITY_SECONDS = 86_400;
    private static final int MAX_PORT = 65_535;

    private final ObjectTree object;
    private final ObjectTree spec;
    private final List<String> unsupported = new ArrayList<>();

    private ServiceReader(ObjectTree object) {
        this.object = object;
        this.spec = object.required("spec");
    }

    static Service read(String namespace, String name, long createdMillis, ObjectTree object) {
        return new ServiceReader(object).service(namespace, name, createdMillis);
    }

    private Service service(String namespace, String name, long createdMillis) {
        String type = type();
        List<Service.Port> ports = spec.list("ports").stream().map(ServiceReader::port).toList();
        if (type.equals(Service.EXTERNAL_NAME)) {
            return new Service(namespace, name, createdMillis, type, Service.Addresses.NONE, ports, Behaviour.DEFAULT,
                List.of());
        }
        Service.Addresses addresses = new Service.Addresses(clusterIps(), externalIps(), loadBalancerIps());
        Behaviour behaviour = behaviour();
        lookForUnsupported();
        return new Service(namespace, name, createdMillis, type, addresses, ports, behaviour,
            List.copyOf(unsupported));
    }

    private String type() {
        String type = spec.text("type", Service.CLUSTER_IP);
        if (!TYPES.contains(type)) {
            throw spec.required("type").wrong("must be one of " + String.join(", ", TYPES) + ", not \"" + type + "\"");
        }
        return type;
    }

    private static Service.Port port(ObjectTree port) {
        port.field("targetPort").ifPresent(ServiceReader::checkTargetPort);
        return new Service.Port(port.text("name", ""), ObjectReader.port(port.required("port")),
            ObjectReader.protocol(port), portOrNone(port, "nodePort"));
    }

    /** A name or a number; resolved by the cluster into EndpointSlices, so only its form matters here. */
    private static void checkTargetPort(ObjectTree targetPort) {
        if (NUMBER.matcher(targetPort.textOrNumber()).matches()) {
            targetPort.integer(1, MAX_PORT);
        }
    }

    private static int portOrNone(ObjectTree parent, String field) {
        return parent.field(field).map(value -> value.integer(0, MAX_PORT)).orElse(0);
    }

    // -- addresses ---------------------------------------------------------------------------------------------------

    private List<IpAddress> clusterIps() {
        List<ObjectTree> all = spec.list("clusterIPs");
        if (all.isEmpty()) {
            all = spec.field("clusterIP").map(List::of).orElse(List.of());
        }
        List<ObjectTree> given = all.stream().filter(value -> !value.text().isEmpty()).toList();
        if (given.isEmpty()) {
            unsupported.add("it has no clusterIP; give it one, or None");
        }
        return ipv4("clusterIP", given.stream().filter(value -> !value.text().equals(NONE)).toList());
    }

    private List<IpAddress> externalIps() {
        return ipv4("external IP", spec.list("externalIPs"));
    }

    /** Addresses of a balancer that proxies are left to it, and host names are no addresses. */
    private List<IpAddress> loadBalancerIps() {
        List<ObjectTree> ingress = object.field("status").flatMap(status -> status.field("loadBalancer"))
            .map(balancer -> balancer.list("ingress")).orElse(List.of());
        return ipv4("load balancer IP",
            ingress.stream()
                .filter(entry -> !entry.text("ip", "").isEmpty() && entry.text("ipMode", "VIP").equals("VIP"))
                .map(entry -> entry.required("ip")).toList());
    }

    private List<IpAddress> ipv4(String what, List<ObjectTree> values) {
        List<IpAddress> addresses = new ArrayList<>();
        for (ObjectTree value : values) {
            Addresses.ipv4(value).ifPresentOrElse(addresses::add,
                () -> unsupported.add(what + " " + value.text() + " is not served"));
        }
        return List.copyOf(addresses);
    }

    // -- behaviour ---------------------------------------------------------------------------------------------------

    private Behaviour behaviour() {
        return new Behaviour(isLocal("internalTrafficPolicy"), isLocal("externalTrafficPolicy"), affinitySeconds(),
            sourceRanges(), portOrNone(spec, "healthCheckNodePort"), isMaglev());
    }

    private boolean isLocal(String policy) {
        return choice(policy, spec.text(policy, CLUSTER), CLUSTER, LOCAL);
    }

    private int affinitySeconds() {
        if (!choice("sessionAffinity", spec.text("sessionAffinity", NONE), NONE, CLIENT_IP)) { return 0; }
        return spec.field("sessionAffinityConfig").flatMap(config -> config.field("clientIP"))
            .flatMap(clientIp -> clientIp.field("timeoutSeconds"))
            .map(seconds -> seconds.integer(1, MAX_AFFINITY_SECONDS)).orElse(DEFAULT_AFFINITY_SECONDS);
    }

    private boolean isMaglev() {
        Optional<ObjectTree> annotations = object.required("metadata").field("annotations");
        String balancing = annotations.map(all -> all.text(Behaviour.BALANCING, RANDOM)).orElse(RANDOM);
        return choice("annotation " + Behaviour.BALANCING, balancing, RANDOM, MAGLEV);
    }

    /** Whether the value is the other one than the default; unknown ones count as the default. */
    private boolean choice(String what, String value, String byDefault, String other) {
        if (!value.equals(byDefault) && !value.equals(other)) {
            unsupported.add(what + " " + value + " is not known; " + byDefault + " is used");
        }
        return value.equals(other);
    }

    /** The API accepts blanks around a range, and host bits in it. */
    private List<IpPrefix> sourceRanges() {
        List<IpPrefix> ranges = new ArrayList<>();
        for (ObjectTree value : spec.list("loadBalancerSourceRanges")) {
            IpPrefix range = IpPrefix.parse(value.text().strip())
                .orElseThrow(
                    () -> value.wrong("must be an address prefix such as 192.0.2.0/24, not \"" + value.text() + "\""));
            if (range.isIpv4()) {
                ranges.add(range);
            }
        }
        return List.copyOf(ranges);
    }

    private void lookForUnsupported() {
        String distribution = spec.text("trafficDistribution", "");
        if (!DISTRIBUTIONS.contains(distribution)) {
            unsupported.add("trafficDistribution " + distribution + " is not known");
        }
        boolean needsIpv6 = spec.text("ipFamilyPolicy", "").equals("RequireDualStack")
            || spec.list("ipFamilies").stream().anyMatch(family -> family.text().equals("IPv6"));
        if (needsIpv6) {
            unsupported.add("IP family IPv6 is not served");
        }
    }
}
