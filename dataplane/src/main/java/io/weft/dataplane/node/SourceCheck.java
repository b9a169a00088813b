package io.weft.dataplane.node;

import io.weft.dataplane.frame.Ingress;
import io.weft.dataplane.table.Route;

/** Whether an inner source address belongs to the tunnel endpoint that sent it: its pods, the node's addresses, the endpoint itself. */
final class SourceCheck {
    private SourceCheck() {
    }

    /** True for every ingress but the tunnel: {@code ip4-input} has checked those. */
    static boolean isAllowed(Turn turn, int ingress, int source) {
        if (!Ingress.isTunnel(ingress)) { return true; }
        int peer = Ingress.peer(ingress);
        long route = turn.tables().route4(source);
        int kind = Route.kind(route);
        return (kind == Route.PEER || kind == Route.PEER_NODE) && Route.index(route) == peer
            || turn.tables().peerByEndpoint(source) == peer;
    }
}
