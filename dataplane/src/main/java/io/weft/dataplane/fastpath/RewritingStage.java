package io.weft.dataplane.fastpath;

import io.weft.dataplane.counters.GraphNodeId;

/**
 * A stage that changes frames or hands them on. From the first of these stages on, no frame of the fast path can take the slow path any more.
 *
 * <p>Contract that keeps one frame's exception from costing another: a stage works through {@code frames.begin(due(frames))} in order, and takes each frame off
 * {@link FastPathFrames#pending} once it is done with it. Thus after an exception the first pending frame is the one that failed. It is dropped, and
 * {@link #process} is called again for those behind it, so whatever a stage does for all frames together may be done twice.
 */
public abstract class RewritingStage extends FastPathStage {
    RewritingStage(GraphNodeId node) {
        super(node);
    }

    /** For a stage that overrides {@link #node}. */
    RewritingStage() {
        this(null);
    }

    /** The ready frames that this stage works on, as a frame mask. */
    abstract long due(FastPathFrames frames);
}
