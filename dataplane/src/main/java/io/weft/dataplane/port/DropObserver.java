package io.weft.dataplane.port;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.frame.FrameBatch;

/** Is told about every frame that the graph drops. Thread: the worker. Must neither allocate nor throw. */
public interface DropObserver {
    /**
     * Called before the frame's chunks are freed, or after an answer to it has taken its place.
     *
     * @param answered whether the frame lives on as the answer
     */
    void dropped(FrameBatch batch, int frame, DropReason reason, boolean answered);
}
