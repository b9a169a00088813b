package io.weft.lb.flow;

import io.weft.encap.memory.Memory;

/**
 * Ends flows, from any thread, each flow once. The thread that replaces the forward entry's k1 by a mark with compare-and-set has ended the
 * flow. It alone then deletes the reverse entry, counts, and calls the listener.
 *
 * <p>No packet moves a finished flow ({@link FlowState#isFinished}) back to another state. So a worker may read the state first and end the
 * flow afterwards.
 *
 * <p>Only {@link FlowExpiry} makes the slots usable again, an epoch later. So an entry that a worker found in its batch stays readable
 * until the batch ends, even if the flow has ended.
 *
 * <p>Threads: any; as many per instance as its listener allows. Never waits. Allocation: none.
 */
public final class FlowEnder {
    private final FlowTable table;
    private final FlowEndListener listener;

    /** @param listener called for each flow that this instance ended */
    public FlowEnder(FlowTable table, FlowEndListener listener) {
        this.table = table;
        this.listener = listener;
    }

    /**
     * Ends a TCP flow whose connection is over (LAST_ACK, TIME_WAIT, CLOSE), so that another flow can use its keys and its port at once.
     * Counts as {@link FlowCounter#REPLACED}.
     *
     * @param entry of either direction, found by this thread in its current batch
     * @return whether this call ended it; false if its connection is not over, or another thread has ended it
     */
    public boolean endFinished(long entry) {
        long forward = forward(entry);
        return forward != 0 && FlowState.isFinished(FlowEntry.state(forward)) && end(forward, FlowCounter.REPLACED);
    }

    /**
     * Ends a flow in any state, because a new connection replaces it. Counts as {@link FlowCounter#REPLACED}.
     *
     * @param entry of either direction, found by this thread in its current batch
     * @return whether this call ended it; false if another thread has
     */
    public boolean endReplaced(long entry) {
        long forward = forward(entry);
        return forward != 0 && end(forward, FlowCounter.REPLACED);
    }

    /** 0 while another thread is ending the flow. */
    private long forward(long entry) {
        return FlowEntry.isReverse(entry) ? table.peer(entry) : entry;
    }

    private boolean end(long forward, FlowCounter reason) {
        return end(forward, table.peer(forward), reason);
    }

    /**
     * Deletes the forward entry first: an insert that finds only the reverse entry then knows that it must retry. {@link FlowExpiry}
     * records the slots' epochs later.
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
        listener.onEnd(forward, reverse, k0, k1, reason);
        return true;
    }
}
