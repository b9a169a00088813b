package io.weft.dataplane.conductor;

import io.weft.dataplane.table.ChangedAddresses;
import io.weft.dataplane.worker.Epochs;

/**
 * Revalidates the flows to Services that have changed. Such changes are by far the most frequent ones, and they matter only to flows with the
 * Service's address as destination. So the flow table is searched for these ({@link ConntrackGc#search}) instead of read as a whole: 10 ms for
 * a million flows, whatever else {@link Revalidation} is doing.
 *
 * <p>As there, a pass begins once no worker decides by the former tables, and changes that come meanwhile share the next one.
 *
 * <p>Thread: the conductor. Cold code.
 */
final class ServiceRevalidation {
    /** A tenth of a millisecond, unless many flows are affected or the code is not compiled yet. */
    private static final int PIECE_SLOTS = 1 << 16;
    /** Then the conductor does its other work first. */
    private static final long TURN_NANOS = 1_000_000;
    private static final int PAUSE_FACTOR = 9;
    /** An endpoint's UDP flows end after at most two passes and this pause: within 100 ms for millions of flows. */
    private static final long MAX_PAUSE_NANOS = 30_000_000;

    private final ConntrackGc flows;
    private final Epochs epochs;
    private ChangedAddresses collecting = new ChangedAddresses();
    private ChangedAddresses current = new ChangedAddresses();
    /** {@code current} is to be compared, or being compared. */
    private boolean sealed;
    private long epoch;
    private int next;
    private long passNanos;
    private long pauseEnd = System.nanoTime();
    private boolean waiting;

    ServiceRevalidation(ConntrackGc flows, Epochs epochs) {
        this.flows = flows;
        this.epochs = epochs;
    }

    /** Called once the changes are published. */
    void changed(ChangedAddresses services) {
        collecting.addAll(services);
    }

    /** Whether {@link #pass} has more to do soon. */
    boolean isBusy() { return sealed; }

    /** Whether a search is under way, so that {@link #pass} has more to do at once. */
    boolean isSearching() {
        return sealed && next > 0;
    }

    /** Whether every change has been followed. */
    boolean isIdle() { return !sealed && collecting.isEmpty(); }

    /** Whether a flow that was visited since the last call waits for a next hop that is not resolved yet. */
    boolean takeWaiting() {
        boolean taken = waiting;
        waiting = false;
        return taken;
    }

    /** Does what is due, for a short time. */
    void pass(long nowNanos) {
        if (!sealed && !collecting.isEmpty() && nowNanos - pauseEnd >= 0) {
            seal();
        }
        if (sealed && epochs.passed(epoch)) {
            search(nowNanos);
        }
    }

    private void seal() {
        ChangedAddresses other = current;
        current = collecting;
        collecting = other;
        sealed = true;
        epoch = epochs.advance();
        next = 0;
        passNanos = 0;
    }

    private void search(long nowNanos) {
        if (next == 0) {
            flows.startSearch(current, nowNanos);
        }
        long now = nowNanos;
        while (next < flows.slotCount() && now - nowNanos < TURN_NANOS) {
            int from = next;
            next = Math.min(flows.slotCount(), from + PIECE_SLOTS);
            waiting |= flows.search(from, next, now);
            now = System.nanoTime();
        }
        passNanos += now - nowNanos;
        if (next == flows.slotCount()) {
            sealed = false;
            current.clear();
            pauseEnd = now + Math.min(PAUSE_FACTOR * passNanos, MAX_PAUSE_NANOS);
        }
    }
}
