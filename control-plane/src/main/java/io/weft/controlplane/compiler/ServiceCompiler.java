package io.weft.controlplane.compiler;

import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.EndpointSlice.Endpoint;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.service.Backend;
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
import java.util.function.Predicate;

/**
 * Turns a Service and its EndpointSlices into one {@link ServiceSpec} per cluster address and port. Backends are the ready endpoints; if
 * there are none, those that still serve while they terminate (as in kube-proxy). An endpoint in several slices is ready if one of them
 * says so.
 *
 * <p>A Service that is wrong in part is compiled as far as it is right, and the notes name the rest. Of two ports with the same number and
 * protocol the first is used.
 */
class ServiceCompiler {
    private static final int MAX_PORT = 65_535;
    /** Maximum length in characters; three times as many bytes fit into {@link ServiceSpec}, and no name that the API accepts is as long. */
    private static final int MAX_NAME_LENGTH = 256;
    private static final Comparator<Backend> BY_ADDRESS = Comparator.comparing((Backend backend) -> backend.ip())
        .thenComparingInt(backend -> backend.port());
    private static final List<IpPrefix> NO_BACKENDS = List.of(IpPrefix.of("0.0.0.0/8"),
        IpPrefix.of("127.0.0.0/8"), IpPrefix.of("169.254.0.0/16"), IpPrefix.of("224.0.0.0/3"));

    /** @param notes what of the Service is not in force, one phrase each */
    record Compiled(List<ServiceSpec> specs, List<String> notes) {
        static final Compiled NOTHING = new Compiled(List.of(), List.of());
    }

    private final IpPrefix serviceCidr;
    private Optional<IpPrefix> ownPods = Optional.empty();

    ServiceCompiler(IpPrefix serviceCidr) {
        this.serviceCidr = serviceCidr;
    }

    /** Backends inside it are local. */
    void setOwnPods(IpPrefix podCidr) { ownPods = Optional.of(podCidr); }

    Compiled compile(Service service, Collection<EndpointSlice> slices) {
        Set<String> notes = new LinkedHashSet<>(service.unsupported());
        Collection<Service.Port> ports = ports(service, notes);
        Set<IpAddress> addresses = addresses(service, notes);
        List<ServiceSpec> specs = new ArrayList<>();
        for (Service.Port port : ports) {
            List<Backend> backends = addresses.isEmpty() ? List.of() : backends(port, slices, notes);
            for (IpAddress address : addresses) {
                specs.add(new ServiceSpec(
                    new ServiceKey(address, port.port(), port.protocol().number()), name(service, port), backends));
            }
        }
        return new Compiled(specs, List.copyOf(notes));
    }

    private Set<IpAddress> addresses(Service service, Set<String> notes) {
        Set<IpAddress> addresses = new LinkedHashSet<>();
        for (IpAddress address : service.clusterIps()) {
            String text = "clusterIP " + address;
            if (!addresses.add(address)) {
                notes.add(text + " is given twice");
            } else if (!serviceCidr.contains(address)) {
                notes.add(text + " is outside serviceCidr " + serviceCidr + "; it is not reachable");
            }
        }
        return addresses;
    }

    private static Collection<Service.Port> ports(Service service, Set<String> notes) {
        Map<String, Service.Port> ports = new LinkedHashMap<>();
        if (service.clusterIps().isEmpty()) { return List.of(); }
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

    private List<Backend> backends(Service.Port port, Collection<EndpointSlice> slices, Set<String> notes) {
        List<Backend> ready = backends(port, slices, Endpoint::ready, notes);
        return ready.isEmpty()
            ? backends(port, slices, endpoint -> endpoint.serving() && endpoint.terminating(), notes)
            : ready;
    }

    private List<Backend> backends(Service.Port port, Collection<EndpointSlice> slices, Predicate<Endpoint> wanted,
        Set<String> notes) {
        Set<Backend> backends = new TreeSet<>(BY_ADDRESS);
        for (EndpointSlice slice : slices) {
            for (EndpointSlice.Port target : slice.ports()) {
                if (target.name().equals(port.name()) && target.protocol() == port.protocol()) {
                    slice.endpoints().stream().filter(wanted)
                        .forEach(endpoint -> add(backends, endpoint, target.port(), slice, notes));
                }
            }
        }
        if (backends.size() > ServiceSpec.MAX_BACKENDS) {
            notes.add(backends.size() + " endpoints of port " + port.port() + "; the first " + ServiceSpec.MAX_BACKENDS
                + " by address are served");
        }
        return backends.stream().limit(ServiceSpec.MAX_BACKENDS).toList();
    }

    /** Only the first address: the others are names of the same endpoint. */
    private void add(Set<Backend> backends, Endpoint endpoint, int port, EndpointSlice slice,
        Set<String> notes) {
        if (endpoint.addresses().isEmpty()) {
            notes.add("EndpointSlice " + slice.name() + " has an endpoint without an address");
            return;
        }
        IpAddress ip = endpoint.addresses().getFirst();
        if (port < 1 || port > MAX_PORT || NO_BACKENDS.stream().anyMatch(prefix -> prefix.contains(ip))) {
            notes.add("endpoint " + ip + ":" + port + " of EndpointSlice " + slice.name()
                + " is not reachable from other hosts");
            return;
        }
        boolean local = ownPods.isPresent() && ownPods.get().contains(ip);
        backends.add(local ? Backend.readyHere(ip, port) : Backend.ready(ip, port));
    }
}
