package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;

/**
 * One stage of the graph: works through the frames on its list and puts each on the list of a later node, or on that of {@link DropNode}.
 * Nodes run once a batch, in the order of {@link GraphNodeId}.
 *
 * <p>Contract that keeps one frame's exception from costing another: a node takes its list in order, and puts a frame on a later list as the
 * last thing it does with it. A node that ends frames itself (keeps, sends or frees them) counts them in {@link FrameList#ended} instead. So after an
 * exception the first frame of its list that has not ended, and is on no later list, is the one that failed. A node that looks at all frames before
 * it hands on the first says so by {@link #looksFirst}, and then changes none of them.
 *
 * <p>Thread: one worker. Allocation: none after construction. Instances belong to one graph.
 */
public abstract class GraphNode {
    private final GraphNodeId id;
    private final FrameList in = new FrameList();

    protected GraphNode(GraphNodeId id) {
        this.id = id;
    }

    /** For a node that overrides {@link #id}, because its name depends on the configuration. */
    protected GraphNode() {
        this(null);
    }

    /** Under which name it counts. */
    public GraphNodeId id() {
        return id;
    }

    /** Where earlier nodes put frames for this one. */
    public final FrameList in() {
        return in;
    }

    /** Works through {@link #in}, which the graph clears afterwards. */
    public abstract void process(FrameBatch batch);

    /** Whether {@link #process} may fail before it handed on the first frame for a reason that lies in a later one. */
    public boolean looksFirst() {
        return false;
    }
}
