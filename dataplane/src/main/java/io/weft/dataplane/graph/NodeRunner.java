package io.weft.dataplane.graph;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.fastpath.FastPath;
import io.weft.dataplane.fastpath.FastPathStage;
import io.weft.dataplane.fastpath.RewritingStage;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.graph.node.GraphNode;
import io.weft.dataplane.worker.Faults;
import java.util.Arrays;

/**
 * Runs the stages of the fast path, then the nodes of the graph, in their order, and sees to it that an exception costs one frame at most.
 *
 * <ul>
 * <li>When a node throws, the frame at which it did is dropped as {@code internal_error}, and those it had not come to yet get another run, each alone.
 * {@link GraphNode} says what nodes do to make that possible.
 * <li>When a stage that changes nothing throws, all frames of the batch take the slow path.
 * <li>When a stage that rewrites frames throws, the frame at which it did is dropped as {@code internal_error}, and the stage runs again for those it had not
 * come to yet ({@link io.weft.dataplane.fastpath.RewritingStage}).
 * </ul>
 *
 * <p>While nothing is thrown it costs nothing. In a few batches it also measures the nodes ({@link NodeSampler}).
 *
 * <p>Thread: one worker. Allocation: none.
 */
class NodeRunner {
    private final GraphNode[] order;
    /** What waits for each node in {@link #order}. Most lists are empty in most batches, and are all that is looked at then. */
    private final FrameList[] lists;
    private final DropNode drop;
    private final WorkerCounters counters;
    private final int[] rest = new int[FrameBatch.CAPACITY];
    private final Faults faults;
    private final NodeSampler sampler;

    /** How a graph gets its runner. */
    @FunctionalInterface
    interface Factory {
        NodeRunner create(Faults faults, WorkerCounters counters, DropNode drop, GraphNode... order);
    }

    /**
     * @param faults where what nodes and stages throw is counted
     * @param order earlier nodes before later ones, {@code drop} last
     */
    NodeRunner(Faults faults, WorkerCounters counters, DropNode drop, GraphNode... order) {
        this.faults = faults;
        this.counters = counters;
        this.drop = drop;
        this.order = order;
        lists = new FrameList[order.length];
        Arrays.setAll(lists, n -> order[n].in());
        sampler = new NodeSampler(counters);
    }

    /** Before a batch that was received is counted; {@link #endBatch} follows. */
    void beginBatch() {
        sampler.beginBatch();
    }

    /** After all nodes have run for the batch. */
    void endBatch() {
        sampler.endBatch();
    }

    // -- fast path ---------------------------------------------------------------------------------------------------

    /** The fast path, before the nodes: frames that it does not finish are then on their lists. */
    void run(FastPath fastPath, FrameBatch batch) {
        inspect(fastPath, batch);
        if (fastPath.leaveOthers(batch)) {
            for (RewritingStage stage : fastPath.rewriting()) {
                if (fastPath.isDue(stage)) {
                    rewrite(fastPath, stage, batch);
                }
            }
        }
    }

    private void inspect(FastPath fastPath, FrameBatch batch) {
        try {
            for (FastPathStage stage : fastPath.inspecting()) {
                process(fastPath, stage, batch);
            }
        } catch (RuntimeException | AssertionError | InternalError e) {
            faults.add(e);
            fastPath.refuseAll(); // what is wrong with a frame will be thrown again on the slow path, where it costs that frame
        }
    }

    private void rewrite(FastPath fastPath, RewritingStage stage, FrameBatch batch) {
        fastPath.beginRewriting();
        int failed;
        do {
            try {
                process(fastPath, stage, batch);
                return;
            } catch (RuntimeException | AssertionError | InternalError e) {
                faults.add(e);
                failed = fastPath.takeOutFailed();
                if (failed != FastPath.NONE) {
                    drop.add(failed, DropReason.INTERNAL_ERROR);
                }
            }
        } while (failed != FastPath.NONE);
    }

    /** Overridden by {@link ObservedRunner}, and by a test's runner; where no such class is loaded, this call costs nothing. */
    void process(FastPath fastPath, FastPathStage stage, FrameBatch batch) {
        fastPath.process(stage, batch);
        if (sampler.isSampling()) {
            sampler.ended(stage.node());
        }
    }

    // -- nodes -------------------------------------------------------------------------------------------------------

    void run(FrameBatch batch) {
        for (int n = 0; n < lists.length; n++) {
            if (lists[n].size > 0) {
                run(n, batch);
            }
        }
    }

    private void run(int n, FrameBatch batch) {
        GraphNode node = order[n];
        counters.node(node.id(), node.in().size);
        try {
            process(node, batch);
        } catch (RuntimeException | AssertionError | InternalError e) {
            faults.add(e);
            recover(n, batch);
        }
        node.in().clear();
    }

    /** Overridden as the other one. */
    void process(GraphNode node, FrameBatch batch) {
        node.process(batch);
        if (sampler.isSampling()) {
            sampler.ended(node.id());
        }
    }

    private void recover(int failed, FrameBatch batch) {
        int count = findUnfinished(failed);
        int next = 0;
        if (!order[failed].looksFirst() && count > 0) {
            drop(failed, batch, rest[next++]);
        }
        for (; next < count; next++) {
            runAlone(failed, batch, rest[next]);
        }
    }

    private void runAlone(int failed, FrameBatch batch, int frame) {
        GraphNode node = order[failed];
        node.in().clear();
        node.in().add(frame);
        try {
            process(node, batch);
        } catch (RuntimeException | AssertionError | InternalError e) {
            faults.add(e);
            if (node.in().ended == 0 && !isOnLaterList(failed, frame)) {
                drop(failed, batch, frame);
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // the node itself
    private void drop(int failed, FrameBatch batch, int frame) {
        if (order[failed] != drop) {
            drop.add(frame, DropReason.INTERNAL_ERROR);
            return;
        }
        try {
            drop.end(batch, frame, DropReason.INTERNAL_ERROR);
        } catch (RuntimeException | AssertionError | InternalError e) {
            faults.add(e); // the frame is counted, its chunk is lost
        }
    }

    /**
     * Puts the frames of a node's list that have not ended, and are on no later list, into {@link #rest}, in order.
     *
     * @return how many
     */
    private int findUnfinished(int failed) {
        FrameList in = order[failed].in();
        int count = 0;
        for (int n = in.ended; n < in.size; n++) {
            if (!isOnLaterList(failed, in.index[n])) {
                rest[count++] = in.index[n];
            }
        }
        return count;
    }

    private boolean isOnLaterList(int failed, int frame) {
        for (int n = failed + 1; n < order.length; n++) {
            if (order[n].in().contains(frame)) { return true; }
        }
        return false;
    }
}
