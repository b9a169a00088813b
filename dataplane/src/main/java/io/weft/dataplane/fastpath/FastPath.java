package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.graph.node.Dispatch;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.graph.node.EthernetInput;
import io.weft.dataplane.graph.node.PortTx;
import io.weft.dataplane.state.BatchContext;
import io.weft.lb.flow.FlowTable;

/**
 * The short way: what nearly all frames are, plain packets of known flows from pods to pods, passes from Ethernet to {@code port-tx} in stages that
 * work on columns of facts about all frames ({@link FastPathFrames}), as many at once as a vector register has lanes, and is counted by each node that it stands for.
 *
 * <p>A frame is either finished here or left as it came, on the list of {@code ethernet-input}: for whatever is odd, and for the first packet of a flow.
 * So this class decides nothing that the nodes do not decide too, and knows no reason to drop a frame that they do not have.
 *
 * <p>Where lanes cannot be used ({@link Lanes}) every frame is odd. An exception costs one frame.
 */
public final class FastPath {
    private static final boolean POSSIBLE = Lanes.areUsable();

    /** The first ones, which leave frames as they came, but for a mark of congestion that the nodes would set too. */
    private static final int HEADER_STAGES = 5;

    private final FastPathFrames frames = new FastPathFrames();
    private final FastPathStage[] stages;
    private final FlowRewriteStage rewrite;
    private final FrameList slowPath;
    private boolean enabled = POSSIBLE;

    public FastPath(BatchContext context, WorkerCounters counters, FlowTable flows, DropNode drop, Dispatch dispatch,
        EthernetInput slowPath, PortTx tx, FramePool pool) {
        this.slowPath = slowPath.in();
        rewrite = new FlowRewriteStage(context, counters, drop, slowPath);
        stages = POSSIBLE
            ? new FastPathStage[]{new EthernetInputStage(context, pool), new Vxlan4DecapStage(context),
                new Ip4InputStage(flows),
                new FlowLookupStage(flows), new FlowResolveStage(context, dispatch), rewrite,
                new FlowTrackingStage(context, flows, drop),
                new ChecksumStage(drop), new Vxlan4EncapStage(context, drop), new LocalRewriteStage(context, drop),
                new PortTxStage(tx)}
            : new FastPathStage[0];
    }

    /** For tests that compare this way with the nodes'. */
    public void disable() {
        enabled = false;
    }

    /** @return how many stages there are to {@link #run}, from 0 on; 0 when all frames have been left to the nodes */
    public int begin(FrameBatch batch) {
        if (enabled) { return stages.length; }
        for (int frame = 0; frame < batch.size; frame++) {
            slowPath.add(frame);
        }
        return 0;
    }

    /** @return how many frames the stage had to look at */
    public int run(int stage, FrameBatch batch) {
        try {
            return stages[stage].process(batch, frames);
        } catch (RuntimeException e) {
            if (stage >= HEADER_STAGES) { throw e; }
            frames.refuse(); // It will be thrown again, and counted, where the frame is alone.
            return batch.size;
        }
    }

    public FastPathStage stage(int index) {
        return stages[index];
    }

    /** Frames that went this way to their end. */
    public long finished() {
        return rewrite.finished();
    }

    /** What was thrown last, or null. */
    public Throwable lastFailure() {
        return frames.lastFailure;
    }
}
