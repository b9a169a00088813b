package io.weft.dataplane.worker;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.port.DropObserver;
import io.weft.dataplane.port.Port;

/** What a worker does with frames; implemented by the graph. Thread: the worker. Allocation: none. */
public interface BatchProcessor {
    /** Sets the worker's ports, indexed by id (sparse). Called between two batches. */
    void use(Port[] portsById);

    /** Sets who is told about dropped frames, or nobody (null). Called between two batches. */
    default void observe(DropObserver observer) {
    }

    /**
     * Finishes every frame of the batch, except those that it holds until {@link #resume}. An exception costs one frame, and is then in {@link #faults}: none
     * leaves this method or {@link #resume}.
     */
    void process(FrameBatch batch, long nowNanos);

    /**
     * Continues with held frames whose condition is met or whose time is over. Called once per loop iteration.
     *
     * @param batch empty, before and after
     * @return whether there were any
     */
    default boolean resume(FrameBatch batch, long nowNanos) {
        return false;
    }

    /** Where exceptions that were survived are counted: those of the graph, and the worker adds its own. */
    default Faults faults() {
        return new Faults();
    }

    /** Frames that the fast path has finished, since the start. */
    default long fastPathFrames() {
        return 0;
    }

    /** Number of held frames. */
    default int held() {
        return 0;
    }

    /** When the newest held frame was received, by {@code System.nanoTime}. */
    default long newestHeldNanos() {
        return 0;
    }
}
