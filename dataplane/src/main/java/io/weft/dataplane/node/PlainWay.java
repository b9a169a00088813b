package io.weft.dataplane.node;

import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.lb.flow.FlowTable;
import java.nio.ByteOrder;

/**
 * The short way: what nearly all frames are, plain packets of known flows from pods to pods, passes from Ethernet to {@code port-tx} in three stages
 * instead of seven nodes, and is counted by each node it passes for. A stage works on all frames in turn, without lists.
 *
 * <p>A frame is either finished here or left as it came, on the list of {@code ethernet-input}: for whatever is odd, and for the first packet of a flow.
 * So this class decides nothing that the nodes do not decide too, and knows no reason to drop a frame that they do not have.
 *
 * <p>Works on words as they lie in memory, of little-endian machines; on others every frame is odd. An exception costs one frame.
 */
public final class PlainWay {
    private static final boolean POSSIBLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private final Turn turn;
    private final long[] words = new PlainFrames().words;
    private final PlainTunnel tunnel;
    private final PlainLookup lookup;
    private final PlainForward forward;
    private boolean enabled = POSSIBLE;

    public PlainWay(Turn turn, WorkerCounters counters, FlowTable flows, DropNode drop, Dispatch dispatch,
        EthernetInput odd, PortTx tx, int chunkSize) {
        this.turn = turn;
        tunnel = new PlainTunnel(turn);
        lookup = new PlainLookup(flows);
        forward = new PlainForward(turn, counters, flows, drop, dispatch, odd, tx, chunkSize);
    }

    /** For tests that compare this way with the nodes'. */
    public void disable() {
        enabled = false;
    }

    /** First stage: headers. Changes no frame, so after an exception the nodes see to all of them. */
    public void input(FrameBatch batch) {
        try {
            if (enabled) {
                tunnel.begin();
                PlainInput.process(batch, words, turn.ports(), tunnel);
                return;
            }
        } catch (RuntimeException e) {
            // It will be thrown again, and counted, where the frame is alone.
        }
        PlainInput.refuse(batch.size, words);
    }

    /** Second stage: flows. */
    public void lookup(FrameBatch batch) {
        lookup.process(batch.size, words);
    }

    /** Third stage: new headers, and the frame's end or its return to the nodes. */
    public void forward(FrameBatch batch) {
        forward.process(batch, words);
    }

    /** Frames that went this way to their end. */
    public long finished() {
        return forward.finished();
    }

    /** What was thrown last, or null. */
    public Throwable lastFailure() {
        return forward.lastFailure();
    }
}
