package io.weft.dataplane.conductor;

import io.weft.dataplane.worker.Epochs;
import java.util.ArrayList;
import java.util.List;

/**
 * When flows are compared with what they were made from: after each change of the tables, or of the kernel's routes or addresses, once no worker decides by what was
 * before, since until then it may make a flow by it; and not more often than every 50 ms.
 *
 * <p>Adjacency slots of peers that are gone are released after such a comparison and one more epoch: until then a flow, or a worker that has found one, may
 * point to them.
 *
 * <p>Thread: the conductor. Cold code.
 */
final class Revalidation {
    private static final long INTERVAL_NANOS = 50_000_000;

    private final ConntrackGc flows;
    private final NextHops nextHops;
    private final Epochs epochs;
    private final List<Change> changes = new ArrayList<>();
    private final List<Change> retiring = new ArrayList<>();
    private boolean waiting;
    private long lastNanos;

    /** Slots that nothing new points to, and the epoch in which that began. */
    private record Change(List<Integer> goneSlots, long epoch) {
    }

    Revalidation(ConntrackGc flows, NextHops nextHops, Epochs epochs) {
        this.flows = flows;
        this.nextHops = nextHops;
        this.epochs = epochs;
    }

    /** Something that flows are decided by has changed, and is published. */
    void request() {
        request(List.of());
    }

    /** @param goneSlots of peers that are bound to none of them any more */
    void request(List<Integer> goneSlots) {
        changes.add(new Change(goneSlots, epochs.advance()));
    }

    /** A next hop has been taken in. */
    void nextHopAdded() {
        if (waiting) {
            request();
        }
    }

    /** Does what is due. */
    void pass(long nowNanos) {
        List<Change> passed = changes.stream().filter(change -> epochs.passed(change.epoch)).toList();
        if (!passed.isEmpty() && nowNanos - lastNanos >= INTERVAL_NANOS) {
            waiting = flows.revalidate(nowNanos);
            changes.removeAll(passed);
            retire(passed);
            lastNanos = System.nanoTime();
        }
        releaseRetired();
    }

    private void retire(List<Change> compared) {
        List<Integer> slots = compared.stream().flatMap(change -> change.goneSlots.stream()).toList();
        if (!slots.isEmpty()) {
            retiring.add(new Change(slots, epochs.advance()));
        }
    }

    private void releaseRetired() {
        retiring.removeIf(each -> {
            boolean passed = epochs.passed(each.epoch);
            if (passed) {
                nextHops.release(each.goneSlots);
            }
            return passed;
        });
    }
}
