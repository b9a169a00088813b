package io.weft.controlplane.compiler;

import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.StaticRoute;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;

/** Receives the compiler's differences; they take effect only when the caller commits. */
interface TableSink {
    void putLocal(LocalNode local);

    void putPeer(PeerSpec peer);

    void removePeer(int index);

    void putService(ServiceSpec service);

    void removeService(ServiceKey key);

    void putStaticRoute(StaticRoute route);

    void removeStaticRoute(IpPrefix prefix);
}
