package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.graph.node.EthernetInput;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.memory.Memory;
import io.weft.lb.flow.FlowEntry;

/**
 * The part of the short way's {@code flow-rewrite} that changes frames: counts them in their flows and writes what {@link FlowResolveStage} has computed. It
 * hands the frames that are not ready to the nodes.
 */
final class FlowRewriteStage extends FastPathStage {
    private static final int IP_TTL = 8;
    private static final int IP_DESTINATION = 16;

    private final BatchContext context;
    private final WorkerCounters counters;
    private final DropNode drop;
    private final FrameList slowPath;
    private long finished;

    FlowRewriteStage(BatchContext context, WorkerCounters counters, DropNode drop, EthernetInput slowPath) {
        super(GraphNodeId.FLOW_REWRITE);
        this.context = context;
        this.counters = counters;
        this.drop = drop;
        this.slowPath = slowPath.in();
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        leave(FastPathFrames.all(batch.size) & ~frames.ready);
        int now = context.nowSeconds();
        for (long rest = frames.ready; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            try {
                rewrite(frames, frame, now);
            } catch (RuntimeException | AssertionError | InternalError e) {
                frames.fail(frame, e);
                drop.add(frame, DropReason.INTERNAL_ERROR);
            }
        }
        count(frames);
        return batch.size;
    }

    private void leave(long frames) {
        for (long rest = frames; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            slowPath.add(FastPathFrames.first(rest));
        }
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
        int tunnelled = Long.bitCount(frames.tunnel);
        int local = Long.bitCount(frames.local);
        int forwarded = tunnelled + local;
        finished += forwarded;
        counters.node(GraphNodeId.ETHERNET_INPUT, forwarded);
        counters.node(GraphNodeId.VXLAN4_DECAP, Long.bitCount((frames.tunnel | frames.local) & frames.uplink));
        counters.node(GraphNodeId.IP4_INPUT, forwarded);
        counters.node(GraphNodeId.FLOW_LOOKUP, forwarded);
        counters.node(GraphNodeId.FLOW_REWRITE, forwarded);
        counters.node(GraphNodeId.VXLAN4_ENCAP, tunnelled);
        counters.node(GraphNodeId.LOCAL_REWRITE, local);
    }

    /** Frames that went the short way to their end. */
    long finished() {
        return finished;
    }
}
