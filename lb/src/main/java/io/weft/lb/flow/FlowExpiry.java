package io.weft.lb.flow;

import io.weft.encap.memory.Memory;

/**
 * Ends flows, and makes their slots usable again after an epoch. It scans the table in pieces, so that it never holds up its caller;
 * workers never wait for it.
 *
 * <p>It scans from the last slot to the first, because a slot may become EMPTY only once its right neighbour is ({@link FlowTable}): so one
 * pass clears a run of free slots. After a whole pass that found nothing it does not read the table again until there is a flow.
 *
 * <p>Workers end flows too ({@link FlowEnder}), but only this class makes their slots usable again.
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
    private int emptySlots; // in a row, with no flow in the table since

    public FlowExpiry(FlowTable table, FlowTimeouts timeouts, Epochs epochs, FlowEndListener listener) {
        this.table = table;
        this.timeouts = timeouts;
        this.epochs = epochs;
        ender = new FlowEnder(table, listener);
        next = table.slotCount() - 1;
    }

    /**
     * Scans the next slots.
     *
     * @param nowSeconds the table's clock; becomes visible to readers of the region
     * @param maxSlots at most the number of slots
     * @param revalidator called for each flow that has not expired; null to revalidate nothing
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

    /** How often the scan has reached the first slot. When it is two more than at a change, every flow has been visited since the change. */
    public long passes() {
        return passes;
    }

    /**
     * Revalidates the flows to some destinations, wherever the scan is. Reads only the tags of all other slots: a 32nd of what a scan reads.
     *
     * @param from first slot, a multiple of {@value FlowTable#TAGS_PER_WORD}
     * @param to slot after the last, a multiple of it too
     * @param revalidator also called for some flows to other destinations
     * @return flows ended
     */
    public int revalidate(int from, int to, DestinationSet destinations, Revalidator revalidator) {
        int ended = 0;
        for (int i = from; i < to; i += FlowTable.TAGS_PER_WORD) {
            long tags = table.tags(i);
            if (destinations.containsAny(tags)) {
                ended += revalidate(i, tags, destinations, revalidator);
            }
        }
        return ended;
    }

    private int revalidate(int first, long tags, DestinationSet destinations, Revalidator revalidator) {
        int ended = 0;
        for (int slot = first; slot < first + FlowTable.TAGS_PER_WORD; slot++, tags >>>= DestinationSet.TAG_BITS) {
            if (destinations.containsTag((int) tags)) {
                ended += revalidate(table.slot(slot), revalidator) ? 1 : 0;
            }
        }
        return ended;
    }

    /** @return whether the slot has a flow's forward entry and this call has ended the flow */
    private boolean revalidate(long slot, Revalidator revalidator) {
        // Acquire: as for a search of the table.
        return SlotMark.isKey(Memory.getAcquireI64(slot + FlowEntry.K1)) && !FlowEntry.isReverse(slot)
            && !revalidator.isValid(slot) && end(slot, FlowCounter.INVALIDATED);
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

    // -- flows in use ----------------------------------------------------------------------------------------------------------

    private boolean visitFlow(long forward, int now, boolean pressure, Revalidator revalidator) {
        int meta = FlowEntry.meta(forward);
        int idle = idleSeconds(forward, now, timeouts.seconds(meta, pressure));
        if (idle >= timeouts.seconds(meta, pressure)) {
            return end(forward, idle >= timeouts.seconds(meta, false) ? FlowCounter.EXPIRED : FlowCounter.EVICTED);
        }
        return revalidator != null && !revalidator.isValid(forward) && end(forward, FlowCounter.INVALIDATED);
    }

    /** Looks at the other direction only if this one alone would let the flow expire. */
    private int idleSeconds(long forward, int now, int timeout) {
        int idle = now - FlowEntry.lastSeen(forward);
        if (idle < timeout) { return idle; }
        long reverse = table.peer(forward);
        return reverse == 0 ? idle : Math.min(idle, now - FlowEntry.lastSeen(reverse));
    }

    /** @return false when a worker ended it first */
    private boolean end(long forward, FlowCounter reason) {
        long reverse = table.peer(forward);
        if (!ender.end(forward, reverse, reason)) { return false; }
        noteEpoch(forward);
        if (reverse != 0) {
            noteEpoch(reverse);
        }
        return true;
    }

    /** Reads the epoch after the key is gone (both volatile): so a worker that found the slot is in that epoch or an older one. */
    private void noteEpoch(long deleted) {
        Memory.setReleaseI64(deleted + FlowEntry.K1, SlotMark.deleted(epochs.current()));
    }

    // -- slots without a flow ------------------------------------------------------------------------------------------------

    /** Frees the slot by a volatile store, so that it is visibly free before {@link #clear} reads the workers' epochs. */
    private void reuse(long slot, long word) {
        if (!SlotMark.hasEpoch(word)) {
            noteEpoch(slot); // a worker has ended its flow
        } else if (hasPassed(word)) {
            Memory.setVolatileI64(slot + FlowEntry.K1, SlotMark.free(epochs.current()));
        }
    }

    /** Uses compare-and-set, because a worker may claim a free slot at any time. */
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

    /** Decides whether a flow may continue under the current tables. Called by the thread that scans. */
    @FunctionalInterface
    public interface Revalidator {
        /**
         * @param forward entry of the flow's forward direction; a worker may end it meanwhile
         */
        boolean isValid(long forward);
    }
}
