package io.weft.controlplane.compiler;

import io.weft.controlplane.healthcheck.HealthCheckNodePort;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.EndpointSlice.Endpoint;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.model.Service.Behaviour;
import io.weft.controlplane.operator.DrainTarget;
import io.weft.controlplane.operator.OperatorState;
import io.weft.dataplane.config.PortRange;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Turns a Service and its EndpointSlices into one {@link ServiceSpec} per address and port where its clients reach it. The rules are those of
 * kube-proxy (pkg/proxy/serviceport.go); {@link PortEndpoints} chooses the backends.
 *
 * <p>A Service that is wrong in part is compiled as far as it is right, and the notes name the rest. Of two ports with the same number and
 * protocol the first is used.
 */
class ServiceCompiler {
    private static final int MAX_PORT = 65_535;
    /** Maximum length in characters; three times as many bytes fit into {@link ServiceSpec}, and no name that the API accepts is as long. */
    private static final int MAX_NAME_LENGTH = 256;
    private static final List<IpPrefix> NO_FRONTENDS = List.of(IpPrefix.of("0.0.0.0/8"),
        IpPrefix.of("127.0.0.0/8"), IpPrefix.of("169.254.0.0/16"), IpPrefix.of("224.0.0.0/3"));

    /**
     * @param notes what of the Service is not in force, one phrase each
     * @param healthCheck what its health check port tells, if it has one
     * @param drains the operator's drains that endpoints of it have
     */
    record Compiled(List<ServiceSpec> specs, List<String> notes, Optional<HealthCheckNodePort> healthCheck,
        Set<DrainTarget> drains) {
        static final Compiled NOTHING = new Compiled(List.of(), List.of(), Optional.empty(), Set.of());
    }

    private record Frontend(ServiceKey key, int kind) {
    }

    private final PortRange nodePortRange;
    private final ReservedPorts reserved;
    private OwnSite site;

    /** @param reserved what no Service may take; kept up to date by the caller */
    ServiceCompiler(IpPrefix serviceCidr, PortRange nodePortRange, ReservedPorts reserved) {
        this.nodePortRange = nodePortRange;
        this.reserved = reserved;
        this.site = OwnSite.unknown(serviceCidr);
    }

    /** Everything compiled before may be different now. */
    void use(OwnSite own) {
        site = own;
    }

    /** @param operator whose drains and pauses apply */
    Compiled compile(Service service, Collection<EndpointSlice> slices, OperatorState operator) {
        Set<String> notes = new LinkedHashSet<>(service.unsupported());
        if (service.addresses().clusterIps().isEmpty()) {
            return new Compiled(List.of(), List.copyOf(notes), Optional.empty(), Set.of());
        }
        boolean paused = operator.isPaused(service.key());
        Set<DrainTarget> drains = new TreeSet<>();
        Map<ServiceKey, ServiceSpec> specs = new LinkedHashMap<>();
        List<Address> addresses = addresses(service, notes);
        List<IpPrefix> sourceRanges = sourceRanges(service, notes);
        for (Service.Port port : ports(service, notes)) {
            PortEndpoints endpoints = PortEndpoints.of(port, slices, site, operator, drains, notes);
            List<Backend> byCluster = endpoints.backends(false);
            List<Backend> byLocal = needsLocal(service.behaviour()) ? endpoints.backends(true) : byCluster;
            for (Frontend frontend : frontends(port, addresses, notes)) {
                boolean local = isLocal(frontend, service.behaviour());
                specs.putIfAbsent(frontend.key, new ServiceSpec(frontend.key, frontend.kind, name(service, port), local,
                    service.behaviour().maglev(), service.behaviour().affinitySeconds(),
                    frontend.kind == FrontendKind.LOAD_BALANCER ? sourceRanges : List.of(),
                    local ? byLocal : byCluster, paused));
            }
        }
        return new Compiled(List.copyOf(specs.values()), List.copyOf(notes), healthCheck(service, slices, operator),
            Set.copyOf(drains));
    }

    private static boolean needsLocal(Behaviour behaviour) {
        return behaviour.internalLocal() || behaviour.externalLocal();
    }

    private static boolean isLocal(Frontend frontend, Behaviour behaviour) {
        return frontend.kind == FrontendKind.CLUSTER_IP ? behaviour.internalLocal() : behaviour.externalLocal();
    }

    // -- frontends ---------------------------------------------------------------------------------------------------

    private record Address(IpAddress ip, int kind) {
    }

    /** Of an address that has several kinds the first counts: the source ranges of a load balancer's must hold. */
    private List<Address> addresses(Service service, Set<String> notes) {
        List<Address> all = new ArrayList<>();
        Set<IpAddress> clusterIps = new LinkedHashSet<>();
        for (IpAddress ip : service.addresses().clusterIps()) {
            if (!clusterIps.add(ip)) {
                notes.add("clusterIP " + ip + " is given twice");
            } else if (site.serviceCidrs().stream().noneMatch(cidr -> cidr.contains(ip))) {
                notes.add("clusterIP " + ip + " is outside serviceCidr " + site.serviceCidrs().getFirst()
                    + "; it is not served");
            } else {
                all.add(new Address(ip, FrontendKind.CLUSTER_IP));
            }
        }
        addExternal(all, service.addresses().loadBalancerIps(), FrontendKind.LOAD_BALANCER, notes);
        addExternal(all, service.addresses().externalIps(), FrontendKind.EXTERNAL_IP, notes);
        return all;
    }

    private static void addExternal(List<Address> all, List<IpAddress> ips, int kind, Set<String> notes) {
        for (IpAddress ip : ips) {
            if (NO_FRONTENDS.stream().anyMatch(prefix -> prefix.contains(ip))) {
                notes.add(FrontendKind.name(kind) + " address " + ip + " is not one that other hosts can reach");
            } else {
                all.add(new Address(ip, kind));
            }
        }
    }

    private List<Frontend> frontends(Service.Port port, List<Address> addresses, Set<String> notes) {
        List<Frontend> frontends = new ArrayList<>();
        for (Address address : addresses) {
            frontends.add(new Frontend(new ServiceKey(address.ip, port.port(), port.protocol().number()),
                address.kind));
        }
        if (port.nodePort() != 0) {
            if (port.nodePort() >= nodePortRange.first() && port.nodePort() <= nodePortRange.last()) {
                frontends.add(new Frontend(new ServiceKey(ServiceKey.NODE_ADDRESSES, port.nodePort(),
                    port.protocol().number()), FrontendKind.NODE_PORT));
            } else {
                notes.add("nodePort " + port.nodePort() + " is outside nodePortRange " + nodePortRange
                    + "; it is not served");
            }
        }
        frontends.removeIf(frontend -> isReserved(frontend, notes));
        return frontends;
    }

    private boolean isReserved(Frontend frontend, Set<String> notes) {
        if (frontend.kind == FrontendKind.CLUSTER_IP) { return false; }
        String owner = site.address().map(own -> reserved.owner(frontend.key, own)).orElse("");
        if (owner.isEmpty()) { return false; }
        notes.add((frontend.key.isOnNode() ? "nodePort " : frontend.key.vip() + " is a node's address: its port ")
            + frontend.key.port() + " stays with " + owner);
        return true;
    }

    private static Collection<Service.Port> ports(Service service, Set<String> notes) {
        Map<String, Service.Port> ports = new LinkedHashMap<>();
        for (Service.Port port : service.ports()) {
            String text = "port " + port.port() + "/" + port.protocol();
            if (port.protocol() == Protocol.SCTP) {
                notes.add(text + " is not served");
            } else if (port.port() < 1 || port.port() > MAX_PORT) {
                notes.add(text + " is not a port");
            } else if (ports.putIfAbsent(text, port) != null) {
                notes.add(text + " is given twice; the first" + quoted(ports.get(text).name()) + " counts");
            }
        }
        if (service.ports().isEmpty()) {
            notes.add("it has no ports");
        }
        return ports.values();
    }

    private static String quoted(String name) {
        return name.isEmpty() ? "" : ", \"" + name + "\",";
    }

    private static String name(Service service, Service.Port port) {
        String base = service.namespace() + "/" + service.name();
        String name = port.name().isEmpty() ? base : base + ":" + port.name();
        return name.substring(0, Math.min(name.length(), MAX_NAME_LENGTH));
    }

    // -- source ranges -----------------------------------------------------------------------------------------------

    /** If the node itself is allowed, so are the load balancer's addresses as sources: a node that has one of them uses it so. */
    private List<IpPrefix> sourceRanges(Service service, Set<String> notes) {
        Set<IpPrefix> ranges = new TreeSet<>(
            Comparator.comparing((IpPrefix range) -> range.base()).thenComparingInt(range -> range.length()));
        ranges.addAll(service.behaviour().sourceRanges());
        if (site.address().filter(own -> ranges.stream().anyMatch(range -> range.contains(own))).isPresent()) {
            service.addresses().loadBalancerIps().forEach(ip -> ranges.add(IpPrefix.single(ip)));
        }
        if (ranges.size() > ServiceSpec.MAX_SOURCE_RANGES) {
            notes.add(ranges.size() + " loadBalancerSourceRanges; the first " + ServiceSpec.MAX_SOURCE_RANGES
                + " by address are allowed");
        }
        return ranges.stream().limit(ServiceSpec.MAX_SOURCE_RANGES).toList();
    }

    // -- health check ------------------------------------------------------------------------------------------------

    /** Each address of a ready endpoint on this node counts once, on however many ports; none of a paused Service, and none that is drained. */
    private Optional<HealthCheckNodePort> healthCheck(Service service, Collection<EndpointSlice> slices,
        OperatorState operator) {
        int port = service.behaviour().healthCheckNodePort();
        if (port == 0 || !service.type().equals(Service.LOAD_BALANCER) || !service.behaviour().externalLocal()) {
            return Optional.empty();
        }
        long count = operator.isPaused(service.key()) ? 0 : slices.stream()
            .flatMap(slice -> localEndpoints(slice, operator)).distinct().count();
        return Optional
            .of(new HealthCheckNodePort(service.namespace(), service.name(), port, site.healthCheckAddresses(),
                (int) count));
    }

    private Stream<IpAddress> localEndpoints(EndpointSlice slice, OperatorState operator) {
        return slice.endpoints().stream()
            .filter(endpoint -> endpoint.ready() && endpoint.nodeName().equals(site.nodeName()))
            .map(Endpoint::addresses).filter(addresses -> !addresses.isEmpty()).map(List::getFirst)
            .filter(ip -> slice.ports().stream().anyMatch(port -> operator.drainsOf(ip, port.port()).isEmpty()));
    }
}
