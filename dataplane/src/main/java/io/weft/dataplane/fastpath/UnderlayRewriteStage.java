package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;

/** {@code underlay-rewrite}: writes the Ethernet headers towards next hops on the uplink. */
final class UnderlayRewriteStage extends RewritingStage {
    private final DropNode drop;
    private final Adjacencies adjacencies;

    UnderlayRewriteStage(BatchContext context, DropNode drop) {
        super(GraphNodeId.UNDERLAY_REWRITE);
        this.drop = drop;
        adjacencies = context.state().adjacencies();
    }

    @Override
    long due(FastPathFrames frames) {
        return frames.underlay;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        long underlay = frames.begin(due(frames));
        if (underlay == 0) { return 0; }
        FramePlacement.place(batch, frames, underlay, EthernetHeader.LENGTH);
        for (long rest = underlay; rest != 0; rest = frames.next(rest)) {
            rewrite(frames, FastPathFrames.first(rest));
        }
        return Long.bitCount(underlay);
    }

    private void rewrite(FastPathFrames frames, int frame) {
        long slot = adjacencies.address(Egress.index((int) frames.words[FastPathFrames.EGRESS_AND_META + frame]));
        long ip = Memory.address(frames.words[FastPathFrames.IP + frame]);
        if (!Adjacencies.copyEthernet(slot, ip - EthernetHeader.LENGTH)) {
            frames.takeOut(frame);
            drop.add(frame, DropReason.NEIGHBOUR_UNRESOLVED);
        }
    }
}
