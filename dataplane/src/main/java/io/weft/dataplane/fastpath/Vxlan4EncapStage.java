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

/** The short way's {@code vxlan4-encap}: the outer headers. */
final class Vxlan4EncapStage extends FastPathStage {
    private final DropNode drop;
    private final TunnelHeaders tunnels;

    Vxlan4EncapStage(BatchContext context, DropNode drop) {
        super(GraphNodeId.VXLAN4_ENCAP);
        this.drop = drop;
        tunnels = new TunnelHeaders(context.state().adjacencies());
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        long tunnel = frames.tunnel;
        if (tunnel == 0) { return 0; }
        FramePlacement.place(batch, frames, tunnel, TunnelTemplate.LENGTH);
        long[] headers = tunnels.current();
        for (long rest = tunnel; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            try {
                encap(frames, frame, headers);
            } catch (RuntimeException | AssertionError | InternalError e) {
                frames.fail(frame, e);
                drop.add(frame, DropReason.INTERNAL_ERROR);
            }
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
