package io.weft.dataplane.forwarding;

import io.weft.lb.flow.FlowEntry;

/** Where a frame came from, as flow entries compare it: a port id, or a tunnel peer. */
public final class Ingress {
    /** Set for a frame from the tunnel; the other bits are then the peer's index. */
    public static final int TUNNEL = FlowEntry.INGRESS_TUNNEL;

    private Ingress() {
    }

    public static int tunnel(int peer) {
        return TUNNEL | peer;
    }

    public static boolean isTunnel(int ingress) {
        return (ingress & TUNNEL) != 0;
    }

    /** From the underlay without a tunnel header. */
    public static boolean isUnderlay(int ingress) {
        return ingress == PortId.UPLINK;
    }

    public static int peer(int ingress) {
        return ingress & ~TUNNEL;
    }
}
