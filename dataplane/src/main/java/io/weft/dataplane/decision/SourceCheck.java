package io.weft.dataplane.decision;

import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.state.BatchContext;

/** Whether an inner source address belongs to the tunnel endpoint that sent it: its pods, the node's addresses, the endpoint itself. */
public final class SourceCheck {
    private SourceCheck() {
    }

    /** True for every ingress but the tunnel: {@code ip4-input} has checked those. */
    public static boolean isAllowed(BatchContext context, int ingress, int source) {
        if (!Ingress.isTunnel(ingress)) { return true; }
        int peer = Ingress.peer(ingress);
        long route = context.tables().route4(source);
        int kind = Route.kind(route);
        return (kind == Route.PEER || kind == Route.PEER_NODE) && Route.index(route) == peer
            || context.tables().peerByEndpoint(source) == peer;
    }
}
