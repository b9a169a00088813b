package io.weft.dataplane.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.TcpTracker;

/** The part of {@code flow-rewrite} on the short way that TCP alone has: the state of the connection. */
final class PlainTracking extends PlainStage {
    private final FlowTable flows;
    private final DropNode drop;

    PlainTracking(FlowTable flows, DropNode drop) {
        super(NodeId.FLOW_REWRITE);
        this.flows = flows;
        this.drop = drop;
    }

    @Override
    int process(FrameBatch batch, PlainFrames frames) {
        int count = frames.segments.size;
        for (int n = 0; n < count; n++) {
            int frame = frames.segments.index[n];
            try {
                track(frames.words, frame * PlainFrames.WORDS);
            } catch (RuntimeException | AssertionError | InternalError e) {
                frames.fail(frame, e);
                drop.add(frame, DropReason.INTERNAL_ERROR);
            }
        }
        return count;
    }

    private void track(long[] words, int line) {
        long tcp = Memory.address(words[line + PlainFrames.IP]) + Ipv4Header.LENGTH;
        int flags = (int) words[line + PlainFrames.TRAITS] >>> PlainFrames.TCP_FLAGS_SHIFT;
        TcpTracker.onSegment(flows, Memory.address(words[line + PlainFrames.FLOW]), flags, TcpHeader.sequence(tcp),
            TcpHeader.acknowledgement(tcp));
    }
}
