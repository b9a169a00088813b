package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.FrameBatch;

/**
 * One loop over the frames of the fast path ({@link FastPath}). It reads headers and tables and stores what it finds in {@link FastPathFrames}; it changes
 * no frame, unless it is a {@link RewritingStage}. So when it throws, nothing is lost: all frames of the batch can still take the slow path.
 *
 * <p>Stages are called through this class, once a batch, so that the JIT compiles each one separately: it does not inline a call that has many targets. All
 * stages in one method would be more than it inlines ({@code NodeCountInliningCutoff}), and what lies beyond stays a call for every word that is stored.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public abstract class FastPathStage {
    private final GraphNodeId node;

    /** @param node that does the same on the slow path */
    FastPathStage(GraphNodeId node) {
        this.node = node;
    }

    /** For a stage that overrides {@link #node}, because the name of what it stands for depends on the configuration. */
    FastPathStage() {
        this(null);
    }

    /** The node under which benchmarks count this stage's time. */
    public GraphNodeId node() {
        return node;
    }

    /** @return how many frames it had to look at */
    abstract int process(FrameBatch batch, FastPathFrames frames);
}
