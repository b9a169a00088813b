package io.weft.dataplane.graph;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.WorkerCounters;

/**
 * Measures what each node costs, in one batch of {@link #PERIOD}; a batch that is not sampled pays for a countdown, and for a branch per node. The
 * time of a fast path stage counts for the node that does the same on the slow path, and the time between two nodes for the second. Nothing is
 * subtracted: each node's time has one reading of the clock in it, 20 to 30 ns, and whatever interrupted it.
 *
 * <p>The frames of a node are those that its counter has got in the sampled batches, whichever path they took.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
final class NodeSampler {
    /** A prime number, so that it does not fall into step with traffic that repeats. */
    static final int PERIOD = 251;

    private static final GraphNodeId[] NODES = GraphNodeId.values();

    private final WorkerCounters counters;
    private final long[] framesBefore = new long[NODES.length];
    private int batchesLeft = PERIOD;
    private boolean sampling;
    private long lastNanos;

    NodeSampler(WorkerCounters counters) {
        this.counters = counters;
    }

    /** Before a batch is counted. */
    void beginBatch() {
        if (--batchesLeft == 0) {
            begin();
        }
    }

    private void begin() {
        batchesLeft = PERIOD;
        sampling = true;
        for (GraphNodeId node : NODES) {
            framesBefore[node.ordinal()] = counters.frames(node);
        }
        lastNanos = System.nanoTime();
    }

    /** Whether the present batch is sampled: {@link #ended} is to be called after each node. */
    boolean isSampling() {
        return sampling;
    }

    /** The node, or a stage that stands for it, has run. */
    void ended(GraphNodeId node) {
        long now = System.nanoTime();
        counters.sampledNanos(node, now - lastNanos);
        lastNanos = now;
    }

    /** After all nodes. */
    void endBatch() {
        if (sampling) {
            end();
        }
    }

    private void end() {
        sampling = false;
        for (GraphNodeId node : NODES) {
            counters.sampledFrames(node, counters.frames(node) - framesBefore[node.ordinal()]);
        }
    }
}
