package io.weft.dataplane.graph;

import io.weft.dataplane.counters.GraphNodeId;

/** Is told when a node begins and has done its frames of a batch; for benchmarks, which share the time among the nodes. Thread: the worker. */
public interface NodeObserver {
    void begin();

    /** @param frames that the node was given */
    void end(GraphNodeId node, int frames);
}
