package io.weft.dataplane.graph;

import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.node.DropNode;
import io.weft.dataplane.node.Node;

/** Runs the nodes and tells an observer. A type of its own, so that a worker's runner asks nothing. */
final class ObservedRunner extends NodeRunner {
    private final NodeObserver observer;

    ObservedRunner(WorkerCounters counters, DropNode drop, NodeObserver observer, Node... order) {
        super(counters, drop, order);
        this.observer = observer;
    }

    @Override
    void process(Node node, FrameBatch batch) {
        int frames = node.in().size;
        observer.begin();
        node.process(batch);
        observer.end(node.id(), frames);
    }
}
