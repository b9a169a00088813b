package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.TunnelHeaders;
import io.weft.encap.memory.Memory;
import io.weft.encap.tunnel.TunnelTemplate;

/** {@code vxlan4-encap}: the outer headers. */
final class Vxlan4EncapStage extends RewritingStage {
    private final DropNode drop;
    private final TunnelHeaders tunnels;

    Vxlan4EncapStage(BatchContext context, DropNode drop) {
        super(GraphNodeId.VXLAN4_ENCAP);
        this.drop = drop;
        tunnels = new TunnelHeaders(context.state().adjacencies());
    }

    @Override
    long due(FastPathFrames frames) {
        return frames.tunnel;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        long tunnel = frames.begin(due(frames));
        if (tunnel == 0) { return 0; }
        FramePlacement.place(batch, frames, tunnel, TunnelTemplate.LENGTH);
        long[] headers = tunnels.current();
        for (long rest = tunnel; rest != 0; rest = frames.next(rest)) {
            encap(frames, FastPathFrames.first(rest), headers);
        }
        return Long.bitCount(tunnel);
    }

    private void encap(FastPathFrames frames, int frame, long[] headers) {
        long[] words = frames.words;
        int header = Egress.index((int) words[FastPathFrames.EGRESS_AND_META + frame]) * TunnelHeaders.WORDS;
        long at = Memory.address(words[FastPathFrames.IP + frame] - TunnelTemplate.LENGTH);
        if (!TunnelHeaders.write(headers, header, at, words[FastPathFrames.OUTER_IPV4 + frame],
            words[FastPathFrames.OUTER_UDP + frame])) {
            frames.takeOut(frame);
            drop.add(frame, DropReason.NEIGHBOUR_UNRESOLVED);
        }
    }
}
