package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;

/**
 * A node that holds frames beyond their batch, within the bounds of {@link HeldFrames}, until what they wait for has come or their time is over.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public abstract class HoldNode extends GraphNode {
    HoldNode(GraphNodeId id) {
        super(id);
    }

    /** Held frames. */
    public abstract int size();

    /** When the newest of them was received, {@code System.nanoTime}. */
    public abstract long newestNanos();

    /**
     * Puts frames that wait no longer into a batch, as many as it has room for, and each on a list: on {@code ready} when it goes on.
     *
     * @return whether the batch is full before the last of those that belong together
     */
    public abstract boolean release(FrameBatch batch, FrameList ready);

    /**
     * After an exception of {@link #release}, with the same arguments: puts the frame at which it was thrown on the list of {@link DropNode}.
     *
     * @return whether there is one, now or once the batch has room: if so, {@link #release} has more to do
     */
    public abstract boolean abandon(FrameBatch batch, FrameList ready);
}
