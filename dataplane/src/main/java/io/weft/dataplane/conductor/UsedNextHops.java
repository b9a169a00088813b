package io.weft.dataplane.conductor;

import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowTable;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * When flows were last seen to use each slot of the adjacencies as a next hop on the underlay: in the forward direction, or for the replies
 * to a client on the underlay.
 *
 * <p>Thread: the conductor.
 */
final class UsedNextHops implements FlowObserver {
    private final FlowTable flows;
    private final LongSupplier scans;
    private final BooleanSupplier watching;
    /** By slot: number of scans then. */
    private final long[] seen;

    /**
     * @param scans number of times that the flow table has been scanned to its end
     * @param watching whether somebody asks
     */
    UsedNextHops(FlowTable flows, int slots, LongSupplier scans, BooleanSupplier watching) {
        this.flows = flows;
        this.scans = scans;
        this.watching = watching;
        seen = new long[slots];
    }

    /** The slot counts as used now. */
    void touch(int slot) {
        seen[slot] = scans.getAsLong();
    }

    /** Number of scans now. */
    long scans() {
        return scans.getAsLong();
    }

    /** Number of scans when the slot was last used. */
    long seen(int slot) {
        return seen[slot];
    }

    /** Whether the whole table has been scanned since a moment, given by the number of scans then. */
    boolean isScannedSince(long moment) {
        return scans.getAsLong() - moment >= 2; // the first scan may have begun before
    }

    @Override
    public boolean isWatching() { return watching.getAsBoolean(); }

    @Override
    public void onFlow(long forward) {
        see(FlowEntry.egress(forward));
        if (Ingress.isUnderlay(FlowEntry.ingress(forward))) {
            long reverse = flows.peer(forward);
            if (reverse != 0) {
                see(FlowEntry.egress(reverse));
            }
        }
    }

    private void see(int egress) {
        if (Egress.kind(egress) == Egress.UPLINK && Egress.index(egress) < seen.length) {
            touch(Egress.index(egress));
        }
    }
}
