package io.weft.dataplane.worker;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.port.Port;

/** What a worker does with frames: the graph. Thread: the worker. Allocation: none. */
public interface BatchProcessor {
    /** The worker's ports by id, with holes; between two batches. */
    void use(Port[] portsById);

    /** Takes every frame of the batch to its end, but for frames that are kept for {@link #resume}. */
    void process(FrameBatch batch, long nowNanos);

    /**
     * Goes on with frames that an earlier call has kept, if what they wait for has come or their time is over. Called once a turn.
     *
     * @param batch empty, before and after
     * @return whether there were any
     */
    default boolean resume(FrameBatch batch, long nowNanos) {
        return false;
    }

    /** Frames that are kept. */
    default int held() {
        return 0;
    }

    /** When the newest of them was received, {@code System.nanoTime}. */
    default long newestHeldNanos() {
        return 0;
    }
}
