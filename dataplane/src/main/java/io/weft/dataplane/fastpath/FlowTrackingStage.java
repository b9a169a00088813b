package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.lb.flow.DatagramTracker;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.TcpTracker;

/** The part of the short way's {@code flow-rewrite} that follows connections: every segment of TCP,
 * and the packets of a UDP flow that may change its state. */
final class FlowTrackingStage extends FastPathStage {
    private final BatchContext context;
    private final FlowTable flows;
    private final DropNode drop;

    FlowTrackingStage(BatchContext context, FlowTable flows, DropNode drop) {
        super(GraphNodeId.FLOW_REWRITE);
        this.context = context;
        this.flows = flows;
        this.drop = drop;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        long tracked = frames.segments | frames.youngDatagrams;
        for (long rest = tracked; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            try {
                track(frames, frame);
            } catch (RuntimeException | AssertionError | InternalError e) {
                frames.fail(frame, e);
                drop.add(frame, DropReason.INTERNAL_ERROR);
            }
        }
        return Long.bitCount(tracked);
    }

    private void track(FastPathFrames frames, int frame) {
        long[] words = frames.words;
        long flow = Memory.address(words[FastPathFrames.FLOW + frame]);
        if ((frames.youngDatagrams & FastPathFrames.bit(frame)) != 0) {
            DatagramTracker.onPacket(flows, flow, context.nowMillis());
            return;
        }
        long tcp = Memory.address(words[FastPathFrames.IP + frame]) + Ipv4Header.LENGTH;
        int flags = (int) words[FastPathFrames.TRAITS + frame] >>> FastPathFrames.TCP_FLAGS_SHIFT;
        TcpTracker.onSegment(flows, flow, flags, TcpHeader.sequence(tcp), TcpHeader.acknowledgement(tcp));
    }
}
