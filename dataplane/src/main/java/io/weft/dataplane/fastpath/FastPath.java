package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.graph.node.Dispatch;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.graph.node.EthernetInput;
import io.weft.dataplane.graph.node.PortTx;
import io.weft.dataplane.state.BatchContext;
import io.weft.lb.flow.FlowTable;

/**
 * The stages of the fast path. A frame is eligible if it belongs to a known flow from a pod, the tunnel or the underlay to one of these, and nothing about it is
 * unusual; nearly all frames are. Eligible frames pass from Ethernet to {@code port-tx} here, as many at once as a vector register has lanes, and
 * are counted under each node that would have done the same on the slow path.
 *
 * <p>The inspecting stages change no frame. After them each frame is either ready, and is finished by the rewriting stages, or goes unchanged
 * onto the list of {@code ethernet-input}: whatever is unusual, and the first packet of a flow. So the fast path decides nothing that the nodes do not decide
 * too, and has no reason to drop a frame that they do not have.
 *
 * <p>{@code NodeRunner} calls the stages, and recovers when one of them throws.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class FastPath {
    /** What {@link #takeOutFailed} returns when no frame is pending. */
    public static final int NONE = -1;

    final FastPathFrames frames = new FastPathFrames();
    private final FastPathStage[] inspecting;
    private final RewritingStage[] rewriting;
    private final FlowRewriteStage rewrite;
    private final FrameList slowPath;

    /** Only where {@link io.weft.dataplane.frame.Lanes} are usable. */
    public FastPath(BatchContext context, WorkerCounters counters, FlowTable flows, DropNode drop, Dispatch dispatch,
        EthernetInput slowPath, PortTx tx) {
        this.slowPath = slowPath.in();
        rewrite = new FlowRewriteStage(context, counters);
        inspecting = new FastPathStage[]{new EthernetInputStage(context), new TunnelDecapStage(context),
            new Ip4InputStage(flows), new FlowLookupStage(flows), new FlowResolveStage(context, dispatch)};
        rewriting = new RewritingStage[]{rewrite, new FlowTrackingStage(context, flows), new ChecksumStage(context),
            new TunnelEncapStage(context, drop), new UnderlayRewriteStage(context, drop),
            new LocalRewriteStage(context, drop), new PortTxStage(tx)};
    }

    /** No fast path: every frame takes the slow path. */
    public FastPath(EthernetInput slowPath) {
        this.slowPath = slowPath.in();
        rewrite = null;
        inspecting = new FastPathStage[0];
        rewriting = new RewritingStage[0];
    }

    /** The stages that change nothing, in order; not to be changed. */
    public FastPathStage[] inspecting() {
        return inspecting;
    }

    /** The stages that finish ready frames, in order, after the others; not to be changed. */
    public RewritingStage[] rewriting() {
        return rewriting;
    }

    /** @return how many frames the stage had to look at */
    public int process(FastPathStage stage, FrameBatch batch) {
        return stage.process(batch, frames);
    }

    /** No frame is ready: an inspecting stage has failed. */
    public void refuseAll() {
        frames.clearMasks();
    }

    /**
     * After the inspecting stages: leaves the frames that are not ready to the slow path.
     *
     * @return whether there are any others
     */
    public boolean leaveOthers(FrameBatch batch) {
        long ready = frames.ready;
        for (long rest = FastPathFrames.all(batch.size) & ~ready; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            slowPath.add(FastPathFrames.first(rest));
        }
        return ready != 0;
    }

    /** Whether a rewriting stage has frames to work on. */
    public boolean isDue(RewritingStage stage) {
        return stage.due(frames) != 0;
    }

    /** Before each rewriting stage. */
    public void beginRewriting() {
        frames.pending = frames.ready;
        frames.later = 0;
    }

    /**
     * After a rewriting stage has thrown: takes the frame at which it did out of the fast path, for the caller to drop.
     *
     * @return the frame, or {@link #NONE}
     */
    public int takeOutFailed() {
        long suspects = frames.pending != 0 ? frames.pending : frames.later;
        if (suspects == 0) { return NONE; }
        int failed = FastPathFrames.first(suspects);
        frames.takeOut(failed);
        return failed;
    }

    /** Frames that the fast path has finished, since the start. */
    public long finished() {
        return rewrite == null ? 0 : rewrite.finished();
    }
}
