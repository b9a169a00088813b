package io.weft.dataplane.graph;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.fastpath.FastPath;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.graph.node.GraphNode;

/**
 * Runs the nodes of a graph in their order. When a node throws, the frame at which it did is dropped as {@code internal_error}, and those it had not
 * come to yet get another run, each alone. {@link GraphNode} says what nodes do to make that possible; while nothing is thrown it costs nothing.
 *
 * <p>Thread: one worker. Allocation: none.
 */
class NodeRunner {
    private final GraphNode[] order;
    private final DropNode drop;
    private final WorkerCounters counters;
    private final int[] rest = new int[FrameBatch.CAPACITY];
    private Throwable lastFailure;

    /** @param order earlier nodes before later ones, {@code drop} last */
    NodeRunner(WorkerCounters counters, DropNode drop, GraphNode... order) {
        this.counters = counters;
        this.drop = drop;
        this.order = order;
    }

    /** The short way, before the nodes: what it does not finish is then on their lists. */
    void run(FastPath way, FrameBatch batch) {
        int stages = way.begin(batch);
        for (int stage = 0; stage < stages; stage++) {
            run(way, stage, batch);
        }
    }

    /** Only {@link ObservedRunner} does more. */
    void run(FastPath way, int stage, FrameBatch batch) {
        way.run(stage, batch);
    }

    void run(FrameBatch batch) {
        for (int n = 0; n < order.length; n++) {
            if (order[n].in().size > 0) {
                run(n, batch);
            }
        }
    }

    /** Something outside of a node threw this, and dealt with it. */
    void failed(Throwable failure) {
        lastFailure = failure;
    }

    Throwable lastFailure() {
        return lastFailure;
    }

    private void run(int n, FrameBatch batch) {
        GraphNode node = order[n];
        counters.node(node.id(), node.in().size);
        try {
            process(node, batch);
        } catch (RuntimeException | AssertionError | InternalError e) {
            lastFailure = e;
            recover(n, batch);
        }
        node.in().clear();
    }

    /** Only {@link ObservedRunner} does more; where that class is not loaded, this call is none. */
    void process(GraphNode node, FrameBatch batch) {
        node.process(batch);
    }

    private void recover(int failed, FrameBatch batch) {
        int count = findUnfinished(failed);
        int next = 0;
        if (!order[failed].looksFirst() && count > 0) {
            drop.add(rest[next++], DropReason.INTERNAL_ERROR);
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
            node.process(batch);
        } catch (RuntimeException | AssertionError | InternalError e) {
            if (!isOnLaterList(failed, frame)) {
                drop.add(frame, DropReason.INTERNAL_ERROR);
            }
        }
    }

    /** Puts the frames of a node's list that are on no later list into {@link #rest}, in order. */
    private int findUnfinished(int failed) {
        FrameList in = order[failed].in();
        int count = 0;
        for (int n = 0; n < in.size; n++) {
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
