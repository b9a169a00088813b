package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.memory.Memory;
import io.weft.lb.flow.FlowEntry;

/**
 * The part of {@code flow-rewrite} that changes frames: counts them in their flows and writes what {@link FlowResolveStage} has computed.
 */
final class FlowRewriteStage extends RewritingStage {
    private static final int IP_TTL = 8;
    private static final int IP_DESTINATION = 16;

    private final BatchContext context;
    private final WorkerCounters counters;
    private long finished;

    FlowRewriteStage(BatchContext context, WorkerCounters counters) {
        super(GraphNodeId.FLOW_REWRITE);
        this.context = context;
        this.counters = counters;
    }

    @Override
    long due(FastPathFrames frames) {
        return frames.ready;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        int now = context.nowSeconds();
        long ready = frames.begin(due(frames));
        for (long rest = ready; rest != 0; rest = frames.next(rest)) {
            rewrite(frames, FastPathFrames.first(rest), now);
        }
        count(frames);
        return Long.bitCount(ready);
    }

    private static void rewrite(FastPathFrames frames, int frame, int now) {
        long[] words = frames.words;
        FlowEntry.account(Memory.address(words[FastPathFrames.FLOW + frame]),
            FastPathFrames.length(words[FastPathFrames.DIGEST + frame]), now);
        long ip = Memory.address(words[FastPathFrames.IP + frame]);
        Memory.putNativeI64(ip + IP_TTL, words[FastPathFrames.NEW_HEADER1 + frame]);
        Memory.putNativeI64(ip + IP_DESTINATION, words[FastPathFrames.NEW_HEADER2 + frame]);
        Memory.putNativeU16(Memory.address(words[FastPathFrames.CHECKSUM_AT + frame]),
            (int) words[FastPathFrames.NEW_CHECKSUM + frame]);
    }

    private void count(FastPathFrames frames) {
        long all = frames.tunnel | frames.local | frames.underlay;
        int forwarded = Long.bitCount(all);
        finished += forwarded;
        count(GraphNodeId.ETHERNET_INPUT, forwarded);
        count(context.tunnelCounters().decap(), Long.bitCount(all & frames.uplink));
        count(GraphNodeId.IP4_INPUT, forwarded);
        count(GraphNodeId.FLOW_LOOKUP, forwarded);
        count(GraphNodeId.FLOW_REWRITE, forwarded);
        count(context.tunnelCounters().encap(), Long.bitCount(frames.tunnel));
        count(GraphNodeId.LOCAL_REWRITE, Long.bitCount(frames.local));
        count(GraphNodeId.UNDERLAY_REWRITE, Long.bitCount(frames.underlay));
    }

    private void count(GraphNodeId node, int count) {
        if (count != 0) {
            counters.node(node, count);
        }
    }

    /** Frames that the fast path has finished. */
    long finished() {
        return finished;
    }
}
