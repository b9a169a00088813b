package io.weft.lb.flow;

import io.weft.encap.memory.Memory;

/**
 * Ends flows, and makes their lines usable again after an epoch. Works through the table a piece at a time, so that it never holds
 * anybody up; workers do not wait for it in any way.
 *
 * <p>From the last line to the first, because a line may become empty only once its right neighbour is ({@link FlowTable}): a run of
 * free lines is cleared in one pass. A table in which a whole pass has found nothing is not read again before it has a flow.
 *
 * <p>Workers end flows too ({@link FlowEnder}); it is here that their lines come back.
 *
 * <p>Threads: one (the conductor). Allocation: none.
 */
public final class FlowExpiry {
    private final FlowTable table;
    private final FlowTimeouts timeouts;
    private final Epochs epochs;
    private final FlowEnder ender;
    private int next;
    private long passes;
    private int emptySlots; // seen in a row, and no flow in the table since

    public FlowExpiry(FlowTable table, FlowTimeouts timeouts, Epochs epochs, FlowEndListener listener) {
        this.table = table;
        this.timeouts = timeouts;
        this.epochs = epochs;
        ender = new FlowEnder(table, listener);
        next = table.slotCount() - 1;
    }

    /**
     * Visits the next lines.
     *
     * @param nowSeconds the table's clock; becomes visible to readers of the region
     * @param maxSlots at most the number of lines
     * @param revalidator asked about each flow that has not expired; null: not now
     * @return flows ended
     */
    public int scan(int nowSeconds, int maxSlots, Revalidator revalidator) {
        table.setClockSeconds(nowSeconds);
        long flows = table.flows();
        if (flows > 0) {
            emptySlots = 0;
        }
        boolean pressure = flows >= table.highWater();
        boolean allEmpty = emptySlots >= table.slotCount();
        int ended = 0;
        for (int i = Math.min(maxSlots, table.slotCount()); i > 0; i--) {
            if (!allEmpty) {
                ended += visit(next, nowSeconds, pressure, revalidator) ? 1 : 0;
            }
            if (next-- == 0) {
                next = table.slotCount() - 1;
                passes++;
            }
        }
        return ended;
    }

    /** Times that the first line has been reached. Two more than before a change: every flow has been looked at since the change. */
    public long passes() {
        return passes;
    }

    private boolean visit(int index, int now, boolean pressure, Revalidator revalidator) {
        long slot = table.slot(index);
        long word = Memory.getAcquireI64(slot + FlowEntry.K1);
        if (word == FlowTable.EMPTY) {
            emptySlots = Math.min(emptySlots + 1, table.slotCount());
            return false;
        }
        emptySlots = 0;
        if (SlotMark.isKey(word)) { return !FlowEntry.isReverse(slot) && visitFlow(slot, now, pressure, revalidator); }
        if (SlotMark.isDeleted(word)) {
            reuse(slot, word);
        } else if (SlotMark.isFree(word)) {
            clear(slot, word, table.slot(index + 1 & table.mask()));
        }
        return false;
    }

    // -- live flows ----------------------------------------------------------------------------------------------------------

    private boolean visitFlow(long forward, int now, boolean pressure, Revalidator revalidator) {
        int meta = FlowEntry.meta(forward);
        int idle = idleSeconds(forward, now, timeouts.seconds(meta, pressure));
        if (idle >= timeouts.seconds(meta, pressure)) {
            return end(forward, idle >= timeouts.seconds(meta, false) ? FlowCounter.EXPIRED : FlowCounter.EVICTED);
        }
        return revalidator != null && !revalidator.isValid(forward) && end(forward, FlowCounter.INVALIDATED);
    }

    /** Looks at the other direction only when this one alone would not keep the flow. */
    private int idleSeconds(long forward, int now, int timeout) {
        int idle = now - FlowEntry.lastSeen(forward);
        if (idle < timeout) { return idle; }
        long reverse = table.peer(forward);
        return reverse == 0 ? idle : Math.min(idle, now - FlowEntry.lastSeen(reverse));
    }

    /** @return false when a worker was first */
    private boolean end(long forward, FlowCounter reason) {
        long reverse = table.peer(forward);
        if (!ender.end(forward, reverse, reason)) { return false; }
        noteEpoch(forward);
        if (reverse != 0) {
            noteEpoch(reverse);
        }
        return true;
    }

    /** The epoch is read after the key is gone (both volatile): a worker that found the line is in that epoch or an older one. */
    private void noteEpoch(long deleted) {
        Memory.setReleaseI64(deleted + FlowEntry.K1, SlotMark.deleted(epochs.current()));
    }

    // -- lines without a flow ------------------------------------------------------------------------------------------------

    /** Free by a volatile store, so that the line is seen to be free before the workers' epochs are read for {@link #clear}. */
    private void reuse(long slot, long word) {
        if (!SlotMark.hasEpoch(word)) {
            noteEpoch(slot); // a worker has ended its flow
        } else if (hasPassed(word)) {
            Memory.setVolatileI64(slot + FlowEntry.K1, SlotMark.free(epochs.current()));
        }
    }

    /** By compare-and-set, because a worker may claim a free line at any time. */
    private void clear(long slot, long word, long rightNeighbour) {
        if (!SlotMark.hasEpoch(word)) {
            Memory.compareAndSetI64(slot + FlowEntry.K1, word, SlotMark.free(epochs.current()));
        } else if (hasPassed(word) && Memory.getAcquireI64(rightNeighbour + FlowEntry.K1) == FlowTable.EMPTY) {
            Memory.compareAndSetI64(slot + FlowEntry.K1, word, FlowTable.EMPTY);
        }
    }

    private boolean hasPassed(long word) {
        return epochs.passed(SlotMark.epoch(word, epochs.current()));
    }

    /** Says whether a flow may go on under the tables of now. Called by the sweeping thread. */
    @FunctionalInterface
    public interface Revalidator {
        /**
         * @param forward entry of the flow's forward direction; a worker may end it meanwhile
         */
        boolean isValid(long forward);
    }
}
