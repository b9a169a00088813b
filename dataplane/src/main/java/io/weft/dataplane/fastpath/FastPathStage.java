package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.FrameBatch;

/**
 * One loop over the frames of the short way ({@link FastPath}).
 *
 * <p>Stages are called through this class, once a batch, so that the JIT compiles each by itself: it inlines no call that has many targets. All of them
 * in one method would be more than it inlines ({@code NodeCountInliningCutoff}), and what is beyond stays a call for every word that is stored.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public abstract class FastPathStage {
    private final GraphNodeId node;

    /** @param node that this stage stands for */
    FastPathStage(GraphNodeId node) {
        this.node = node;
    }

    /** What benchmarks book this stage under. */
    public GraphNodeId node() {
        return node;
    }

    /** @return how many frames it had to look at */
    abstract int process(FrameBatch batch, FastPathFrames frames);
}
