package io.weft.dataplane.graph;

import io.weft.dataplane.counters.GraphNodeId;

/**
 * Is called when a node starts and when it has finished its frames of a batch; for benchmarks, which divide the time among the nodes.
 * Thread: the worker.
 */
public interface NodeObserver {
    void begin();

    /** @param frames that the node received */
    void end(GraphNodeId node, int frames);
}
