package io.weft.dataplane.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.Adjacencies;

/** Hands a frame whose headers are done to the node of its egress; and the largest packet that fits there. */
public final class Dispatch {
    private final Turn turn;
    private final DropNode drop;
    private final FrameList local;
    private final FrameList tunnel;
    private final FrameList underlay;
    private final FrameList punt;

    public Dispatch(Turn turn, DropNode drop, LocalRewrite local, Vxlan4Encap tunnel, UnderlayRewrite underlay,
        Punt punt) {
        this.turn = turn;
        this.drop = drop;
        this.local = local.in();
        this.tunnel = tunnel.in();
        this.underlay = underlay.in();
        this.punt = punt.in();
    }

    void to(FrameBatch batch, int frame, int egress) {
        int index = Egress.index(egress);
        switch (Egress.kind(egress)) {
            case Egress.TUNNEL -> {
                batch.adjacency[frame] = index;
                tunnel.add(frame);
            }
            case Egress.PORT -> {
                batch.txPort[frame] = index;
                local.add(frame);
            }
            case Egress.UPLINK -> {
                batch.adjacency[frame] = index;
                underlay.add(frame);
            }
            case Egress.NO_ROUTE -> drop.add(frame, DropReason.NO_ROUTE);
            default -> punt.add(frame);
        }
    }

    /** Bytes of IPv4 packet; no limit towards the node's own stack. */
    int mtu(int egress) {
        int index = Egress.index(egress);
        return switch (Egress.kind(egress)) {
            case Egress.TUNNEL, Egress.UPLINK -> Adjacencies.mtu(turn.state().adjacencies().address(index));
            case Egress.PORT -> turn.ports().mtu(index);
            default -> Integer.MAX_VALUE;
        };
    }

    /** @return the egress that leads back to where a frame came from, or {@link Egress#NONE} */
    int back(int ingress) {
        return EgressResolver.back(turn, ingress);
    }
}
