package io.weft.dataplane.port;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.frame.FrameBatch;

/** Is told about every frame that the graph drops. Thread: the worker. Must neither allocate nor throw. */
@FunctionalInterface
public interface DropObserver {
    /**
     * Called before the frame's chunks are freed, or after an answer to it has taken its place.
     *
     * @param answered whether the frame lives on as the answer
     */
    void dropped(FrameBatch batch, int frame, DropReason reason, boolean answered);

    /** Tells both, in this order; either may be null. */
    static DropObserver both(DropObserver first, DropObserver second) {
        if (first == null || second == null) { return first == null ? second : first; }
        return (batch, frame, reason, answered) -> {
            first.dropped(batch, frame, reason, answered);
            second.dropped(batch, frame, reason, answered);
        };
    }
}
