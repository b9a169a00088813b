package io.weft.dataplane.capture;

import io.weft.dataplane.port.DropObserver;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.worker.BatchProcessor;

/**
 * What the workers do for a command that wants to see their frames, as long as it is there: each gets decorators for its ports and its graph.
 * Thread: the conductor, except what the decorators do. Cold code.
 */
public interface Observation extends AutoCloseable {
    /** The port as the worker uses it meanwhile. */
    Port decorate(int worker, Port port);

    /** Is told about frames that the worker drops; null for nobody. */
    DropObserver drops(int worker);

    /** Processes the worker's batches meanwhile, by means of the worker's graph; null for the graph itself. */
    default BatchProcessor processor(int worker) {
        return null;
    }

    /** Whether the command is gone. */
    boolean isAbandoned(long nowNanos);

    /** Once no worker uses a decorator any more. */
    @Override
    void close();
}
