package io.weft.dataplane.conductor;

import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.table.ChangedAddresses;
import io.weft.dataplane.table.TablesSnapshot;
import io.weft.dataplane.table.TablesUpdate;
import io.weft.dataplane.worker.Epochs;
import java.util.ArrayList;
import java.util.List;

/**
 * When flows are compared with what they were made from: after a change of the tables, or of the kernel's routes or addresses, once no worker
 * decides by what was before, since until then it may make a flow by it. Changes that come while a pass through the flow table is under way,
 * or soon after it, share the next pass: it goes by the addresses of all of them, and costs about the same for one as for a thousand.
 *
 * <p>A pass is made in pieces, so that the conductor's other work does not wait for it. After a pass there is none for
 * {@value #PAUSE_FACTOR} times as long as it took, but for 40 ms at most, or as long as it took if that is more: changes without end cost a quarter of a
 * core, or with millions of flows half of one, and the UDP flows of an endpoint that is gone end within 100 ms if a pass is short.
 *
 * <p>Adjacency slots of peers that are gone are released after such a comparison and one more epoch: until then a flow, or a worker that has found one, may
 * point to them.
 *
 * <p>Thread: the conductor. Cold code.
 */
final class Revalidation {
    private static final int PAUSE_FACTOR = 9;
    private static final long MAX_PAUSE_NANOS = 40_000_000;

    private final ConntrackGc flows;
    private final NextHops nextHops;
    private final Epochs epochs;
    private final ServiceRevalidation services;
    private final List<Retired> retiring = new ArrayList<>();
    private Changes collecting = new Changes();
    private Changes current = new Changes();
    /** {@code current} is to be compared, or being compared. */
    private boolean sealed;
    private long epoch;
    private boolean waiting;
    private long pauseEnd = System.nanoTime();

    /** What one pass is for. */
    private static final class Changes {
        final ChangedAddresses addresses = new ChangedAddresses();
        /** Of peers that are bound to none of them any more. */
        final List<Integer> goneSlots = new ArrayList<>();

        boolean isEmpty() { return addresses.isEmpty() && goneSlots.isEmpty(); }

        void clear() {
            addresses.clear();
            goneSlots.clear();
        }
    }

    /** Slots that no flow points to, and the epoch in which that began. */
    private record Retired(List<Integer> slots, long epoch) {
    }

    Revalidation(ConntrackGc flows, NextHops nextHops, Epochs epochs) {
        this.flows = flows;
        this.nextHops = nextHops;
        this.epochs = epochs;
        services = new ServiceRevalidation(flows, epochs);
    }

    // -- what has changed: to be called once it is published -----------------------------------------------------------

    /**
     * The tables. All flows depend on what they say of the node, one on what they say of its addresses. The tunnels' adjacencies follow what they say of
     * peers.
     */
    void tablesChanged(TablesUpdate update) {
        if (update.localChanged()) {
            collecting.addresses.addEverything();
        }
        collecting.addresses.addAll(update.changed());
        if (!update.changed().isEverything()) {
            services.changed(update.services());
        }
        if (update.peersChanged() || update.localChanged() || nextHops.lacksSlots()) {
            TablesSnapshot now = update.tables();
            collecting.goneSlots
                .addAll(nextHops.setPeers(now.peers(), now.local().orElseThrow(), collecting.addresses));
        }
    }

    /** The ports. A flow depends on that of the pod it goes to. */
    void portsChanged(PortDirectory before, PortDirectory now) {
        now.addressesThatDiffer(before).forEach(address -> collecting.addresses.add(address, Integer.SIZE));
    }

    /** The kernel's routes, or the node's own addresses. Flows to all the world depend on them. */
    void kernelChanged() {
        collecting.addresses.addEverything();
    }

    /** A next hop has been taken in. */
    void nextHopAdded() {
        waiting |= services.takeWaiting();
        if (waiting || sealed) { // a flow that was visited already may wait for it
            collecting.addresses.addEverything();
        }
    }

    // -- the passes --------------------------------------------------------------------------------------------------

    /** Whether {@link #pass} has more to do soon. */
    boolean isBusy() { return sealed || services.isBusy(); }

    /** Whether it has more to do at once. */
    boolean isSearching() { return services.isSearching(); }

    /** Whether every change has been followed. */
    boolean isIdle() {
        return !sealed && collecting.isEmpty() && services.isIdle();
    }

    /** Does what is due, for a short time. */
    void pass(long nowNanos) {
        services.pass(nowNanos);
        if (!sealed && !collecting.isEmpty() && nowNanos - pauseEnd >= 0) {
            seal();
        }
        if (sealed && epochs.passed(epoch)) {
            compare(nowNanos);
        }
        releaseRetired();
    }

    /** What comes from now on is the next pass's; this one begins when no worker decides by what was before. */
    private void seal() {
        Changes next = current;
        current = collecting;
        collecting = next;
        sealed = true;
        epoch = epochs.advance();
        flows.startRevalidation(current.addresses);
    }

    private void compare(long nowNanos) {
        flows.revalidate(nowNanos);
        if (flows.isRevalidating()) { return; }
        sealed = false;
        waiting = flows.isWaiting() || waiting && !current.addresses.isEverything();
        pauseEnd = System.nanoTime()
            + Math.min(PAUSE_FACTOR * flows.passNanos(), Math.max(flows.passNanos(), MAX_PAUSE_NANOS));
        if (!current.goneSlots.isEmpty()) {
            retiring.add(new Retired(List.copyOf(current.goneSlots), epochs.advance()));
        }
        current.clear();
    }

    private void releaseRetired() {
        retiring.removeIf(each -> {
            boolean passed = epochs.passed(each.epoch);
            if (passed) {
                nextHops.release(each.slots);
            }
            return passed;
        });
    }
}
