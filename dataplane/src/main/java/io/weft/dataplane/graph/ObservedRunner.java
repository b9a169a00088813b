package io.weft.dataplane.graph;

import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.node.DropNode;
import io.weft.dataplane.node.Node;
import io.weft.dataplane.node.PlainWay;

/** Runs the nodes and tells an observer. A type of its own, so that a worker's runner asks nothing. */
final class ObservedRunner extends NodeRunner {
    private final NodeObserver observer;

    ObservedRunner(WorkerCounters counters, DropNode drop, NodeObserver observer, Node... order) {
        super(counters, drop, order);
        this.observer = observer;
    }

    /** Each stage under the node that it mostly stands for. */
    @Override
    void run(PlainWay way, FrameBatch batch) {
        int frames = batch.size;
        observer.begin();
        way.input(batch);
        observer.end(NodeId.IP4_INPUT, frames);
        observer.begin();
        way.lookup(batch);
        observer.end(NodeId.FLOW_LOOKUP, frames);
        observer.begin();
        way.forward(batch);
        observer.end(NodeId.FLOW_REWRITE, frames);
    }

    @Override
    void process(Node node, FrameBatch batch) {
        int frames = node.in().size;
        observer.begin();
        node.process(batch);
        observer.end(node.id(), frames);
    }
}
