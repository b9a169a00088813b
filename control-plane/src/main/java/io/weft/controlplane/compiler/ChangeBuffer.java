package io.weft.controlplane.compiler;

import io.weft.controlplane.source.Throttle;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.StaticRoute;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Holds differences back until the step that produces them has succeeded, so that nothing of a failed step is visible. One thread. */
final class ChangeBuffer implements TableSink {
    private final List<Consumer<TableSink>> changes = new ArrayList<>();

    /** Passes them on, in order. */
    void passOn(TableSink sink, Throttle throttle) {
        for (Consumer<TableSink> change : changes) {
            change.accept(sink);
            throttle.pause();
        }
    }

    @Override
    public void putLocal(LocalNode local) {
        changes.add(sink -> sink.putLocal(local));
    }

    @Override
    public void putPeer(PeerSpec peer) {
        changes.add(sink -> sink.putPeer(peer));
    }

    @Override
    public void removePeer(int index) {
        changes.add(sink -> sink.removePeer(index));
    }

    @Override
    public void putService(ServiceSpec service) {
        changes.add(sink -> sink.putService(service));
    }

    @Override
    public void removeService(ServiceKey key) {
        changes.add(sink -> sink.removeService(key));
    }

    @Override
    public void putStaticRoute(StaticRoute route) {
        changes.add(sink -> sink.putStaticRoute(route));
    }

    @Override
    public void removeStaticRoute(IpPrefix prefix) {
        changes.add(sink -> sink.removeStaticRoute(prefix));
    }
}
