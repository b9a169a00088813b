package io.weft.dataplane.worker;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.port.Port;

/** What a worker does with frames: the graph. Thread: the worker. Allocation: none. */
public interface BatchProcessor {
    /** The worker's ports by id, with holes; between two batches. */
    void use(Port[] portsById);

    /** Takes every frame of the batch to its end. */
    void process(FrameBatch batch, long nowNanos);
}
