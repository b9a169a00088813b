package io.weft.controlplane.compiler;

import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.model.Protocol;
import io.weft.dataplane.config.ManagementPorts;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.service.ServiceKey;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Ports of nodes that no Service may take over, because the cluster is run through them: SSH, the kubelet, etcd, the API servers and the
 * overlay. One thread.
 */
final class ReservedPorts {
    /** The EndpointSlice that names the API servers. */
    static final ObjectKey API_SERVERS = new ObjectKey(Kind.ENDPOINT_SLICE, "default", "kubernetes");
    private static final String API_SERVER = "the API server";

    private record Server(IpAddress address, int port) {
    }

    private final int overlayPort;
    private final Map<String, Set<IpAddress>> nodes = new HashMap<>();
    private final Map<IpAddress, Integer> nodesWith = new HashMap<>();
    private final Set<IpAddress> changed = new HashSet<>();
    private Set<Server> servers = Set.of();

    /** @param overlayPort UDP */
    ReservedPorts(int overlayPort) {
        this.overlayPort = overlayPort;
    }

    /**
     * @param name of the node; empty for what this machine's devices have
     * @param addresses empty if it is gone
     */
    void setNode(String name, Collection<IpAddress> addresses) {
        Set<IpAddress> now = Set.copyOf(addresses);
        Set<IpAddress> before = now.isEmpty() ? nodes.remove(name) : nodes.put(name, now);
        if (now.equals(before)) { return; }
        now.forEach(address -> count(address, 1));
        if (before != null) {
            before.forEach(address -> count(address, -1));
        }
    }

    private void count(IpAddress address, int change) {
        if (nodesWith.merge(address, change, Integer::sum) == 0) {
            nodesWith.remove(address);
        }
        changed.add(address);
    }

    /** @param slice {@link #API_SERVERS}; empty if there is none */
    void setServers(Optional<EndpointSlice> slice) {
        Set<Server> now = slice.stream().flatMap(ReservedPorts::servers).collect(Collectors.toSet());
        if (now.equals(servers)) { return; }
        Stream.concat(servers.stream(), now.stream()).forEach(server -> changed.add(server.address));
        changed.add(ServiceKey.NODE_ADDRESSES);
        servers = now;
    }

    private static Stream<Server> servers(EndpointSlice slice) {
        return slice.endpoints().stream().flatMap(endpoint -> endpoint.addresses().stream())
            .flatMap(address -> slice.ports().stream().map(port -> new Server(address, port.port())));
    }

    /** The lowest address in a range that is a node's, by its object, or an API server's. */
    Optional<IpAddress> machineIn(IpPrefix range) {
        Stream<IpAddress> ofNodes = nodes.entrySet().stream().filter(node -> !node.getKey().isEmpty())
            .flatMap(node -> node.getValue().stream());
        return Stream.concat(ofNodes, servers.stream().map(Server::address)).filter(range::contains)
            .min(Comparator.naturalOrder());
    }

    /** Addresses, as in {@link ServiceKey}, whose ports may have become reserved or free since the last call. */
    Set<IpAddress> takeChanged() {
        Set<IpAddress> taken = Set.copyOf(changed);
        changed.clear();
        return taken;
    }

    /**
     * @param own this node's address
     * @return whose port it is; empty if a Service may have it
     */
    String owner(ServiceKey key, IpAddress own) {
        boolean isTcp = key.protocol() == Protocol.TCP.number();
        if (isTcp && servers.contains(new Server(key.isOnNode() ? own : key.vip(), key.port()))) { return API_SERVER; }
        if (!key.isOnNode() && !key.vip().equals(own) && !nodesWith.containsKey(key.vip())) { return ""; }
        boolean isOverlay = key.protocol() == Protocol.UDP.number() && key.port() == overlayPort;
        return isOverlay ? "the overlay" : ManagementPorts.owner(key.protocol(), key.port());
    }
}
