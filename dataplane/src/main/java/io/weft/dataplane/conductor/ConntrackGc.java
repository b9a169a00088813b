package io.weft.dataplane.conductor;

import io.weft.dataplane.counters.ConductorCounters;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.decision.FlowRevalidator;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.table.ChangedAddresses;
import io.weft.dataplane.worker.Epochs;
import io.weft.lb.flow.FlowCounter;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTimeouts;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.nat.SourceNat;

/**
 * Ends flows, a slice of the table at a time: those that have been silent for too long, and, after a change, those with a changed address that would
 * be made in another way now ({@link FlowRevalidator}).
 *
 * <p>Both go through the table by one cursor. While a pass after a change is under way it looks for silent flows as well, and {@link #scan} waits: it
 * would move the cursor past entries that the pass has not compared.
 *
 * <p>Thread: the conductor. Allocation: none.
 */
final class ConntrackGc {
    private static final int SLICE_SLOTS = 4096;
    /** 1 or 2 ms of work when few addresses have changed. */
    private static final int PIECE_SLOTS = 65_536;
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long PASS_NANOS = 5 * NANOS_PER_SECOND;

    private final FlowTable flows;
    private final SnatPorts snatPorts;
    private final FlowExpiry expiry;
    private final FlowRevalidator revalidator;
    private final ConductorCounters counters;
    private long lastNanos;
    private int closedPort;

    private ChangedAddresses changed;
    private long slotsLeft;
    private long passNanos;
    private boolean waiting;

    ConntrackGc(FlowTable flows, SnatPorts snatPorts, ForwardingState state, Epochs epochs,
        ConductorCounters counters) {
        this.flows = flows;
        this.snatPorts = snatPorts;
        this.counters = counters;
        expiry = new FlowExpiry(flows, FlowTimeouts.defaults(), epochs,
            (forward, k0, k1) -> SourceNat.onEnd(snatPorts, forward, k0, k1));
        revalidator = new FlowRevalidator(flows, state);
        lastNanos = System.nanoTime();
        counters.set(ConductorGauge.FLOW_CAPACITY, 2L * flows.maxFlows());
    }

    /** Looks at as many slots as the time since the last call stands for: the whole table in five seconds. */
    void scan(long nowNanos) {
        if (isRevalidating()) { return; }
        long elapsed = Math.min(nowNanos - lastNanos, PASS_NANOS);
        long slots = (long) ((double) flows.slotCount() * elapsed / PASS_NANOS);
        if (slots > 0) {
            lastNanos = nowNanos;
            expiry.scan(seconds(nowNanos), (int) slots, null);
            report(System.nanoTime() - nowNanos);
        }
    }

    // -- after a change ----------------------------------------------------------------------------------------------

    /**
     * Begins a pass through the table, which {@link #revalidate} makes.
     *
     * @param addresses what has changed; must stay as it is until the pass is over
     */
    void startRevalidation(ChangedAddresses addresses) {
        changed = addresses;
        slotsLeft = flows.slotCount();
        passNanos = 0;
        waiting = false;
    }

    boolean isRevalidating() { return slotsLeft > 0; }

    /**
     * Goes on with the pass by {@value #PIECE_SLOTS} slots: ends every flow with a changed address that would not be made in the same way now, or lets
     * it follow. A piece is slots, not time: on a machine whose processors are busy a pass must not take many more of them.
     *
     * @param nowNanos {@code System.nanoTime}
     */
    void revalidate(long nowNanos) {
        revalidator.begin(nowNanos);
        if (flows.flows() > 0) {
            expiry.scan(seconds(nowNanos), PIECE_SLOTS, this::isValid);
            slotsLeft -= PIECE_SLOTS;
        } else {
            slotsLeft = 0; // what comes now is decided by what is now
        }
        waiting |= revalidator.isWaiting();
        passNanos += System.nanoTime() - nowNanos;
        if (slotsLeft <= 0) {
            lastNanos = nowNanos;
            report(passNanos);
        }
    }

    /** Whether flows of the pass that was started last wait for a next hop that is not known yet: they are to be visited again when it is. */
    boolean isWaiting() {
        return waiting;
    }

    /** What the pass took until now, without the time between its pieces. */
    long passNanos() {
        return passNanos;
    }

    private boolean isValid(long forward) {
        long k0 = FlowEntry.k0(forward);
        return !(changed.contains(FlowKey.destination(k0)) || changed.contains(FlowEntry.newDst(forward))
            || changed.contains(FlowKey.source(k0))) || revalidator.isValid(forward);
    }

    // -- ports -------------------------------------------------------------------------------------------------------

    /** Ends the flows of a port, whose next owner must not inherit them. At once; a pass that is under way then goes on where it was. */
    void endFlowsOf(int port, long nowNanos) {
        closedPort = port;
        for (int slots = 0; flows.flows() > 0 && slots < flows.slotCount(); slots += SLICE_SLOTS) {
            expiry.scan(seconds(nowNanos), SLICE_SLOTS, this::isOfOtherPorts);
        }
        report(System.nanoTime() - nowNanos);
    }

    private boolean isOfOtherPorts(long forward) {
        return FlowEntry.ingress(forward) != closedPort && FlowEntry.egress(forward) != (Egress.PORT | closedPort);
    }

    private void report(long scanNanos) {
        counters.set(ConductorGauge.FLOWS, 2 * flows.flows());
        counters.set(ConductorGauge.FLOWS_EXPIRED, flows.count(FlowCounter.EXPIRED) + flows.count(FlowCounter.EVICTED));
        counters.set(ConductorGauge.FLOWS_ENDED, flows.count(FlowCounter.INVALIDATED));
        counters.set(ConductorGauge.FLOWS_REPLACED, flows.count(FlowCounter.REPLACED));
        counters.set(ConductorGauge.SNAT_PORTS_USED, snatPorts.inUse());
        counters.set(ConductorGauge.SCANS, expiry.passes());
        counters.set(ConductorGauge.LAST_SCAN_NANOS, scanNanos);
    }

    private static int seconds(long nanos) {
        return (int) (nanos / NANOS_PER_SECOND);
    }
}
