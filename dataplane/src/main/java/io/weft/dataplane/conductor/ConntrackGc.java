package io.weft.dataplane.conductor;

import io.weft.dataplane.counters.ConductorCounters;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.decision.FlowRevalidator;
import io.weft.dataplane.flowlog.FlowEndReason;
import io.weft.dataplane.flowlog.FlowLogWriter;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.table.ChangedAddresses;
import io.weft.dataplane.worker.Epochs;
import io.weft.lb.flow.DestinationSet;
import io.weft.lb.flow.FlowCounter;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTimeouts;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.nat.SourceNat;
import io.weft.lb.service.ServiceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Conntrack garbage collection, a piece of the flow table at a time. It ends idle flows and, after a change, flows with a changed address
 * that would be created differently now ({@link FlowRevalidator}).
 *
 * <p>Both scans share one cursor. A revalidation pass also ends idle flows. While one is under way, {@link #scan} does nothing, because it
 * would move the cursor past entries that the pass has not compared.
 *
 * <p>Thread: the conductor. Allocation: none, except while a {@link FlowObserver} watches.
 */
final class ConntrackGc {
    private static final int SLICE_SLOTS = 4096;
    /** 1 or 2 ms of work if few addresses have changed. */
    private static final int PIECE_SLOTS = 65_536;
    /** What the tables record as the changed address of a frontend on the node's own addresses. */
    private static final int NODE_ADDRESSES = ServiceKey.NODE_ADDRESSES.toInt();
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long PASS_NANOS = 5 * NANOS_PER_SECOND;

    private final FlowTable flows;
    private final ForwardingState state;
    private final SnatPorts snatPorts;
    private final FlowExpiry expiry;
    private final FlowRevalidator revalidator;
    private final ConductorCounters counters;
    private final List<FlowObserver> observers = new ArrayList<>();
    private final FlowLogWriter records;
    private long lastNanos;
    private int closedPort;

    private ChangedAddresses changed;
    private ChangedAddresses changedServices;
    /** A NodePort or hostPort, on any of the node's own addresses. */
    private boolean nodeFrontendChanged;
    private final DestinationSet destinations = new DestinationSet();
    private final FlowExpiry.Revalidator serviceRevalidator = this::isValidToService;
    private long slotsLeft;
    private long passNanos;
    private boolean waiting;

    ConntrackGc(FlowTable flows, SnatPorts snatPorts, ForwardingState state, Epochs epochs,
        ConductorCounters counters) {
        this(flows, snatPorts, state, epochs, counters, null);
    }

    /** @param records of the conductor; null if flows are not recorded */
    ConntrackGc(FlowTable flows, SnatPorts snatPorts, ForwardingState state, Epochs epochs,
        ConductorCounters counters, FlowLogWriter records) {
        this.records = records;
        this.flows = flows;
        this.state = state;
        this.snatPorts = snatPorts;
        this.counters = counters;
        expiry = new FlowExpiry(flows, FlowTimeouts.defaults(), epochs, records != null ? records
            : (forward, k0, k1) -> SourceNat.onEnd(snatPorts, forward, k0, k1));
        revalidator = new FlowRevalidator(flows, state);
        lastNanos = System.nanoTime();
        counters.set(ConductorGauge.FLOW_CAPACITY, 2L * flows.maxFlows());
    }

    /** Tells an observer about every flow that is visited while it watches. */
    void observe(FlowObserver observer) {
        observers.add(observer);
    }

    /** Keeps account of the next hops that flows use. */
    UsedNextHops watchNextHops(int slots, BooleanSupplier watching) {
        UsedNextHops used = new UsedNextHops(flows, slots, this::scans, watching);
        observe(used);
        return used;
    }

    /** How often the end of the table was reached. When it is two more than at a moment, every flow has been visited since. */
    long scans() {
        return expiry.passes();
    }

    /** Scans as many slots as correspond to the time since the last call; a scan of the whole table takes five seconds. */
    void scan(long nowNanos) {
        if (isRevalidating()) { return; }
        long elapsed = Math.min(nowNanos - lastNanos, PASS_NANOS);
        long slots = (long) ((double) flows.slotCount() * elapsed / PASS_NANOS);
        if (slots > 0) {
            lastNanos = nowNanos;
            expiry.scan(seconds(nowNanos), (int) slots, watched(null));
            report(System.nanoTime() - nowNanos);
        }
    }

    private FlowExpiry.Revalidator watched(FlowExpiry.Revalidator revalidator) {
        if (observers.stream().noneMatch(FlowObserver::isWatching)) { return revalidator; }
        return forward -> {
            boolean valid = revalidator == null || revalidator.isValid(forward);
            if (valid) {
                observers.forEach(observer -> observer.onFlow(forward));
            }
            return valid;
        };
    }

    // -- after a change ----------------------------------------------------------------------------------------------

    /**
     * Starts a pass through the table; {@link #revalidate} carries it out.
     *
     * @param addresses the addresses that changed; must not change until the pass is over
     */
    void startRevalidation(ChangedAddresses addresses) {
        changed = addresses;
        slotsLeft = flows.slotCount();
        passNanos = 0;
        waiting = false;
    }

    boolean isRevalidating() { return slotsLeft > 0; }

    /**
     * Continues the pass with {@value #PIECE_SLOTS} slots. Ends each flow with a changed address that would be created differently now, or
     * updates its egress. The size of a piece is in slots, not time, because on a busy machine a pass in slices of time would need many
     * more of them.
     *
     * @param nowNanos {@code System.nanoTime}
     */
    void revalidate(long nowNanos) {
        revalidator.begin(nowNanos);
        if (flows.flows() > 0) {
            expiry.scan(seconds(nowNanos), PIECE_SLOTS, watched(this::isValid));
            slotsLeft -= PIECE_SLOTS;
        } else {
            slotsLeft = 0; // flows created from now on use the current tables
        }
        waiting |= revalidator.isWaiting();
        passNanos += System.nanoTime() - nowNanos;
        if (slotsLeft <= 0) {
            lastNanos = nowNanos;
            report(passNanos);
        }
    }

    /** Whether flows of the last pass wait for a next hop that is not resolved yet. They must be visited again when it is. */
    boolean isWaiting() {
        return waiting;
    }

    /** Duration of the pass so far, without the pauses between its pieces. */
    long passNanos() {
        return passNanos;
    }

    private boolean isValid(long forward) {
        long k0 = FlowEntry.k0(forward);
        boolean affected = changed.contains(FlowKey.destination(k0)) || changed.contains(FlowEntry.newDst(forward))
            || changed.contains(FlowKey.source(k0));
        return !affected || mayContinue(forward);
    }

    // -- after a change of Services ----------------------------------------------------------------------------------

    int slotCount() {
        return flows.slotCount();
    }

    /**
     * Starts a search for the flows to Services, which is independent of a pass under way; {@link #search} carries it out.
     *
     * @param services the addresses whose Services changed, as in {@link io.weft.dataplane.table.TablesUpdate#services}; must not change until the
     *     search is over
     */
    void startSearch(ChangedAddresses services, long nowNanos) {
        revalidator.begin(nowNanos);
        changedServices = services;
        nodeFrontendChanged = services.contains(NODE_ADDRESSES);
        collectDestinations();
    }

    /**
     * Revalidates the flows that the search finds in a range of slots.
     *
     * @param from first slot, a multiple of 4
     * @param to slot after the last
     * @return whether one of them waits for a next hop that is not resolved yet; that has been requested
     */
    boolean search(int from, int to, long nowNanos) {
        if (flows.flows() == 0) { return false; }
        revalidator.begin(nowNanos);
        if (expiry.revalidate(from, to, destinations, watched(serviceRevalidator)) > 0) {
            report(System.nanoTime() - nowNanos);
        }
        return revalidator.isWaiting();
    }

    private void collectDestinations() {
        destinations.clear();
        if (changedServices.isEverything()) {
            destinations.addEverything();
        }
        changedServices.forEach((address, _) -> destinations.add(address));
        if (nodeFrontendChanged) {
            revalidator.forEachOnNode(destinations::add);
        }
    }

    private boolean isValidToService(long forward) {
        int destination = FlowKey.destination(FlowEntry.k0(forward));
        boolean affected = changedServices.contains(destination)
            || nodeFrontendChanged && revalidator.isOnNode(destination);
        return !affected || mayContinue(forward);
    }

    private boolean mayContinue(long forward) {
        return revalidator.isValid(forward)
            || isInvalid(revalidator.isBackendGone() ? FlowEndReason.ENDPOINT_REMOVED : FlowEndReason.TABLES_CHANGED);
    }

    /**
     * The flow may not continue, for this reason.
     *
     * @return false
     */
    private boolean isInvalid(FlowEndReason reason) {
        if (records != null) {
            records.invalidBecause(reason);
        }
        return false;
    }

    // -- ports -------------------------------------------------------------------------------------------------------

    /**
     * Ends all flows of a port at once, because the port's next owner must not inherit them. A pass under way continues afterwards where it
     * was.
     */
    void endFlowsOf(int port, long nowNanos) {
        closedPort = port;
        for (int slots = 0; flows.flows() > 0 && slots < flows.slotCount(); slots += SLICE_SLOTS) {
            expiry.scan(seconds(nowNanos), SLICE_SLOTS, watched(this::isOfOtherPorts));
        }
        report(System.nanoTime() - nowNanos);
    }

    private boolean isOfOtherPorts(long forward) {
        return FlowEntry.ingress(forward) != closedPort && FlowEntry.egress(forward) != (Egress.PORT | closedPort)
            || isInvalid(FlowEndReason.ENDPOINT_REMOVED);
    }

    private void report(long scanNanos) {
        counters.set(ConductorGauge.FLOWS, 2 * flows.flows());
        counters.set(ConductorGauge.FLOWS_EXPIRED, flows.count(FlowCounter.EXPIRED) + flows.count(FlowCounter.EVICTED));
        counters.set(ConductorGauge.FLOWS_ENDED, flows.count(FlowCounter.INVALIDATED));
        counters.set(ConductorGauge.FLOWS_REPLACED, flows.count(FlowCounter.REPLACED));
        counters.set(ConductorGauge.SNAT_PORTS_USED, snatPorts.inUse());
        counters.set(ConductorGauge.AFFINITIES_EVICTED, state.affinities().evicted());
        counters.set(ConductorGauge.SCANS, expiry.passes());
        counters.set(ConductorGauge.LAST_SCAN_NANOS, scanNanos);
    }

    private static int seconds(long nanos) {
        return (int) (nanos / NANOS_PER_SECOND);
    }
}
