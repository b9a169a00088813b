package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.decision.FlowDecision;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.BatchContext;

/** Hands a frame whose headers are done to the node of its egress, or to {@code ip4-frag} before it; and the largest packet that fits there. */
public final class Dispatch {
    private final BatchContext context;
    private final DropNode drop;
    private final FrameList local;
    private final FrameList tunnel;
    private final FrameList underlay;
    private final FrameList punt;
    private final Ip4Frag fragmentation;

    public Dispatch(BatchContext context, DropNode drop, LocalRewrite local, TunnelEncap tunnel,
        UnderlayRewrite underlay,
        Punt punt, Ip4Frag fragmentation) {
        this.context = context;
        this.drop = drop;
        this.local = local.in();
        this.tunnel = tunnel.in();
        this.underlay = underlay.in();
        this.punt = punt.in();
        this.fragmentation = fragmentation;
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
            default -> punt(batch, frame, egress);
        }
    }

    private void punt(FrameBatch batch, int frame, int egress) {
        if (egress == Egress.PUNT_MARKED) {
            batch.flags[frame] |= FrameBatch.REPLY_MARK;
        }
        punt.add(frame);
    }

    /** @param tooLong for the egress, and DF is clear */
    void to(FrameBatch batch, int frame, int egress, boolean tooLong) {
        if (tooLong) {
            fragmentation.add(frame, egress);
        } else {
            to(batch, frame, egress);
        }
    }

    /**
     * Bytes of IPv4 packet; no limit towards the node's own stack, nor towards a port or neighbour that is not there: a frame to it is dropped
     * for that.
     */
    public int mtu(int egress) {
        int index = Egress.index(egress);
        int mtu = switch (Egress.kind(egress)) {
            case Egress.TUNNEL, Egress.UPLINK -> Adjacencies.mtu(context.state().adjacencies().address(index));
            case Egress.PORT -> context.ports().mtu(index);
            default -> 0;
        };
        return mtu == 0 ? Integer.MAX_VALUE : mtu;
    }

    /**
     * The egress that leads back to where a frame came from, or {@link Egress#NONE}.
     *
     * @param client source of the frame's packet: the underlay has a way of its own to each
     */
    int back(int ingress, int client) {
        return Ingress.isUnderlay(ingress) ? backToUnderlay(client) : FlowDecision.egressTo(context, ingress);
    }

    private int backToUnderlay(int client) {
        Adjacencies adjacencies = context.state().adjacencies();
        long hop = context.state().underlayRoutes().lookup(client);
        int slot = hop < 0 ? Adjacencies.NONE : adjacencies.slotOfNextHop((int) hop);
        return slot == Adjacencies.NONE || !adjacencies.isResolved(slot) ? Egress.NONE : Egress.UPLINK | slot;
    }
}
