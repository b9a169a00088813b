package io.weft.controlplane.compiler;

import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.EndpointSlice.Endpoint;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;
import io.weft.encap.address.Ipv4Prefix;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * A Service and its EndpointSlices → one {@link ServiceSpec} for each cluster address and port. Backends are the ready
 * endpoints; when there are none, those that still serve while they terminate (kube-proxy does the same).
 */
final class ServiceCompiler {
    private Optional<Ipv4Prefix> ownPods = Optional.empty();

    /** Backends inside it are local. */
    void setOwnPods(Ipv4Prefix podCidr) { ownPods = Optional.of(podCidr); }

    List<ServiceSpec> compile(Service service, Collection<EndpointSlice> slices) {
        List<ServiceSpec> specs = new ArrayList<>();
        for (int address : service.clusterIps()) {
            for (Service.Port port : service.ports()) {
                if (port.protocol() != Protocol.SCTP) {
                    specs.add(new ServiceSpec(
                        new ServiceKey(address, port.port(), port.protocol().number()), name(service, port),
                        backends(port, slices)));
                }
            }
        }
        return specs;
    }

    private static String name(Service service, Service.Port port) {
        String base = service.namespace() + "/" + service.name();
        return port.name().isEmpty() ? base : base + ":" + port.name();
    }

    private List<Backend> backends(Service.Port port, Collection<EndpointSlice> slices) {
        List<Backend> ready = backends(port, slices, Endpoint::ready);
        return ready.isEmpty()
            ? backends(port, slices, endpoint -> endpoint.serving() && endpoint.terminating())
            : ready;
    }

    private List<Backend> backends(Service.Port port, Collection<EndpointSlice> slices, Predicate<Endpoint> wanted) {
        Map<Long, Backend> backends = new TreeMap<>();
        for (EndpointSlice slice : slices) {
            for (EndpointSlice.Port target : slice.ports()) {
                if (target.name().equals(port.name()) && target.protocol() == port.protocol()) {
                    slice.endpoints().stream().filter(wanted)
                        .forEach(endpoint -> add(backends, endpoint, target.port()));
                }
            }
        }
        return List.copyOf(backends.values());
    }

    /** The first address only: the others are names of the same endpoint. */
    private void add(Map<Long, Backend> backends, Endpoint endpoint, int port) {
        int ip = endpoint.addresses().getFirst();
        boolean local = ownPods.isPresent() && ownPods.get().contains(ip);
        Backend backend = new Backend(ip, port, local ? Backend.FLAG_LOCAL : 0);
        backends.put(backend.packed(), backend);
    }
}
