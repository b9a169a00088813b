package io.weft.lb.flow;

import io.weft.encap.memory.Memory;

/**
 * Ends flows, from any thread: each flow once. Whoever replaces the forward entry's k1 by a mark, by compare-and-set, has ended the flow: it
 * also deletes the reverse entry, which nobody else does, counts, and tells the listener.
 *
 * <p>A flow whose connection is over ({@link FlowState#isFinished}) never becomes another's: no packet changes such a state back. So a worker may look
 * at the state first and end the flow afterwards.
 *
 * <p>Only {@link FlowExpiry} makes the slots usable again, an epoch later, so the entry that a worker found in its batch stays readable to the batch's end, ended or
 * not.
 *
 * <p>Threads: any; of an instance as many as its listener allows. No waiting. Allocation: none.
 */
public final class FlowEnder {
    private final FlowTable table;
    private final FlowEndListener listener;

    /** @param listener told about each flow that this instance ended */
    public FlowEnder(FlowTable table, FlowEndListener listener) {
        this.table = table;
        this.listener = listener;
    }

    /**
     * Ends a TCP flow whose connection is over (LAST_ACK, TIME_WAIT, CLOSE), so that its keys and its port can be had by another at once. Counted as
     * {@link FlowCounter#REPLACED}.
     *
     * @param entry of either direction, found by this thread in its present batch
     * @return whether this call ended it; false: its connection is not over, or another thread has ended it
     */
    public boolean endFinished(long entry) {
        long forward = forward(entry);
        return forward != 0 && FlowState.isFinished(FlowEntry.state(forward)) && end(forward, FlowCounter.REPLACED);
    }

    /**
     * Ends a flow in whatever state, because a new connection takes its place. Counted as {@link FlowCounter#REPLACED}.
     *
     * @param entry of either direction, found by this thread in its present batch
     * @return whether this call ended it; false: another thread has
     */
    public boolean endReplaced(long entry) {
        long forward = forward(entry);
        return forward != 0 && end(forward, FlowCounter.REPLACED);
    }

    /** 0 when the flow is just being ended. */
    private long forward(long entry) {
        return FlowEntry.isReverse(entry) ? table.peer(entry) : entry;
    }

    private boolean end(long forward, FlowCounter reason) {
        return end(forward, table.peer(forward), reason);
    }

    /**
     * Forward first: an insert that meets the reverse entry alone knows that it has to wait for a moment. The slots' epochs are the sweeper's to note.
     *
     * @param reverse {@code table.peer(forward)}
     */
    boolean end(long forward, long reverse, FlowCounter reason) {
        long k0 = FlowEntry.k0(forward);
        long k1 = FlowEntry.k1(forward);
        if (!SlotMark.isKey(k1) || !Memory.compareAndSetI64(forward + FlowEntry.K1, k1, SlotMark.deleted(0))) {
            return false;
        }
        if (reverse != 0) {
            Memory.setVolatileI64(reverse + FlowEntry.K1, SlotMark.deleted(0));
        }
        table.add(FlowCounter.FLOWS, -1);
        table.add(reason, 1);
        listener.onEnd(forward, k0, k1);
        return true;
    }
}
