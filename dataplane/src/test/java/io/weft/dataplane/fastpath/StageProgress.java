package io.weft.dataplane.fastpath;

/** Which frames a rewriting stage still has to work on, for tests that make it fail at one of them. */
public final class StageProgress {
    private StageProgress() {
    }

    /** Frames that the stage would work on if it began now, as a frame mask. */
    public static long due(FastPath fastPath, RewritingStage stage) {
        return stage.due(fastPath.frames) & (fastPath.frames.pending | fastPath.frames.later);
    }

    /** Frames that it has not finished. */
    public static long pending(FastPath fastPath) {
        return fastPath.frames.pending | fastPath.frames.later;
    }

    /** From now on only these are. */
    public static void setPending(FastPath fastPath, long frames) {
        fastPath.frames.beginGroup(frames, 0);
    }
}
