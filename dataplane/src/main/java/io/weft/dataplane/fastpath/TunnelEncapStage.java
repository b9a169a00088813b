package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.TunnelHeaders;
import io.weft.encap.memory.Memory;
import io.weft.encap.tunnel.Encapsulation;

/** {@code vxlan4-encap}: writes the outer headers. */
final class TunnelEncapStage extends RewritingStage {
    private final BatchContext context;
    private final DropNode drop;
    private final TunnelHeaders headers;

    TunnelEncapStage(BatchContext context, DropNode drop) {
        this.context = context;
        this.drop = drop;
        headers = new TunnelHeaders(context.state().adjacencies());
    }

    @Override
    public GraphNodeId node() {
        return context.tunnelCounters().encap();
    }

    @Override
    long due(FastPathFrames frames) {
        return frames.tunnel;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        long tunnel = frames.begin(due(frames));
        if (tunnel == 0) { return 0; }
        Encapsulation encapsulation = context.local().overlay().encapsulation();
        FramePlacement.place(batch, frames, tunnel, encapsulation.length());
        headers.begin(encapsulation);
        for (long rest = tunnel; rest != 0; rest = frames.next(rest)) {
            encap(frames, FastPathFrames.first(rest));
        }
        return Long.bitCount(tunnel);
    }

    private void encap(FastPathFrames frames, int frame) {
        long[] words = frames.words;
        int slot = Egress.index((int) words[FastPathFrames.EGRESS_AND_META + frame]);
        if (!headers.write(slot, Memory.address(words[FastPathFrames.IP + frame]),
            words[FastPathFrames.OUTER_IPV4 + frame],
            words[FastPathFrames.OUTER_UDP + frame])) {
            frames.takeOut(frame);
            drop.add(frame, DropReason.NEIGHBOUR_UNRESOLVED);
        }
    }
}
