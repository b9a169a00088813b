package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.lb.flow.DatagramTracker;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.TcpTracker;

/** The part of {@code flow-rewrite} that follows connections: every TCP segment, and those packets of a UDP flow that may change its state. */
final class FlowTrackingStage extends RewritingStage {
    private final BatchContext context;
    private final FlowTable flows;

    FlowTrackingStage(BatchContext context, FlowTable flows) {
        super(GraphNodeId.FLOW_REWRITE);
        this.context = context;
        this.flows = flows;
    }

    @Override
    long due(FastPathFrames frames) {
        return frames.segments | frames.youngDatagrams;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        long tracked = frames.begin(due(frames));
        for (long rest = tracked; rest != 0; rest = frames.next(rest)) {
            track(frames, FastPathFrames.first(rest));
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
