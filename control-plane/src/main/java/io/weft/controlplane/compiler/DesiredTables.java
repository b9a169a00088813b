package io.weft.controlplane.compiler;

import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.StaticRoute;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What the tables are to contain of the cluster objects, in memory. One thread. */
final class DesiredTables implements TableSink {
    private final Map<Integer, PeerSpec> peers = new HashMap<>();
    private final Map<ServiceKey, ServiceSpec> services = new HashMap<>();
    private final Map<IpPrefix, StaticRoute> staticRoutes = new HashMap<>();
    private LocalNode local;

    Optional<LocalNode> local() {
        return Optional.ofNullable(local);
    }

    Collection<PeerSpec> peers() {
        return peers.values();
    }

    Collection<ServiceSpec> services() {
        return services.values();
    }

    Collection<StaticRoute> staticRoutes() {
        return staticRoutes.values();
    }

    boolean hasService(ServiceKey key) {
        return services.containsKey(key);
    }

    @Override
    public void putLocal(LocalNode node) {
        local = node;
    }

    @Override
    public void putPeer(PeerSpec peer) {
        peers.put(peer.index(), peer);
    }

    @Override
    public void removePeer(int index) {
        peers.remove(index);
    }

    @Override
    public void putService(ServiceSpec service) {
        services.put(service.key(), service);
    }

    @Override
    public void removeService(ServiceKey key) {
        services.remove(key);
    }

    @Override
    public void putStaticRoute(StaticRoute route) {
        staticRoutes.put(route.prefix(), route);
    }

    @Override
    public void removeStaticRoute(IpPrefix prefix) {
        staticRoutes.remove(prefix);
    }

    /** Passes on the differences between these tables and others. */
    void differenceTo(DesiredTables wanted, TableSink sink) {
        if (wanted.local != null && !wanted.local.equals(local)) {
            sink.putLocal(wanted.local);
        }
        wanted.peers.forEach((index, peer) -> {
            if (!peer.equals(peers.get(index))) {
                sink.putPeer(peer);
            }
        });
        peers.keySet().stream().filter(index -> !wanted.peers.containsKey(index)).toList().forEach(sink::removePeer);
        wanted.services.forEach((key, service) -> {
            if (!service.equals(services.get(key))) {
                sink.putService(service);
            }
        });
        services.keySet().stream().filter(key -> !wanted.services.containsKey(key)).toList()
            .forEach(sink::removeService);
        wanted.staticRoutes.forEach((prefix, route) -> {
            if (!route.equals(staticRoutes.get(prefix))) {
                sink.putStaticRoute(route);
            }
        });
        staticRoutes.keySet().stream().filter(prefix -> !wanted.staticRoutes.containsKey(prefix)).toList()
            .forEach(sink::removeStaticRoute);
    }
}
