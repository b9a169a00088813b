package io.weft.dataplane.graph;

import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.fastpath.FastPath;
import io.weft.dataplane.fastpath.FastPathStage;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.graph.node.GraphNode;
import io.weft.dataplane.worker.Faults;

/** Runs the nodes and tells an observer. A type of its own, so that a worker's runner asks nothing. */
final class ObservedRunner extends NodeRunner {
    private final NodeObserver observer;

    ObservedRunner(Faults faults, WorkerCounters counters, DropNode drop, NodeObserver observer, GraphNode... order) {
        super(faults, counters, drop, order);
        this.observer = observer;
    }

    /** Each stage under the node that does the same on the slow path. */
    @Override
    void process(FastPath fastPath, FastPathStage stage, FrameBatch batch) {
        observer.begin();
        int frames = fastPath.process(stage, batch);
        if (frames > 0) {
            observer.end(stage.node(), frames);
        }
    }

    @Override
    void process(GraphNode node, FrameBatch batch) {
        int frames = node.in().size;
        observer.begin();
        node.process(batch);
        observer.end(node.id(), frames);
    }
}
