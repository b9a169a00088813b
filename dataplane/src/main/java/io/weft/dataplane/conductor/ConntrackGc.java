package io.weft.dataplane.conductor;

import io.weft.dataplane.counters.ConductorCounters;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.decision.FlowRevalidator;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.worker.Epochs;
import io.weft.lb.flow.FlowCounter;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTimeouts;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.nat.SourceNat;

/**
 * Ends flows: those that have been silent for too long, a slice of the table at a time, and those that would be made in another way now
 * ({@link FlowRevalidator}), all at once after a change.
 *
 * <p>Thread: the conductor. Allocation: none.
 */
final class ConntrackGc {
    private static final int SLICE_SLOTS = 4096;
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long PASS_NANOS = 5 * NANOS_PER_SECOND;

    private final FlowTable flows;
    private final SnatPorts snatPorts;
    private final FlowExpiry expiry;
    private final FlowRevalidator revalidator;
    private final ConductorCounters counters;
    private long lastNanos;
    private int closedPort;

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

    /** Looks at as many lines as the time since the last call stands for: the whole table in five seconds. */
    void scan(long nowNanos) {
        long elapsed = Math.min(nowNanos - lastNanos, PASS_NANOS);
        long lines = (long) ((double) flows.slotCount() * elapsed / PASS_NANOS);
        if (lines > 0) {
            lastNanos = nowNanos;
            expiry.scan(seconds(nowNanos), (int) lines, null);
            report(nowNanos);
        }
    }

    /**
     * Ends every flow that would not be made in the same way now, or lets it follow.
     *
     * @return whether flows wait for a next hop that is not known yet: to be called again when it is
     */
    boolean revalidate(long nowNanos) {
        revalidator.begin(nowNanos);
        visitAll(nowNanos, revalidator);
        return revalidator.isWaiting();
    }

    /** Ends the flows of a port, whose next owner must not inherit them. */
    void endFlowsOf(int port, long nowNanos) {
        closedPort = port;
        visitAll(nowNanos, this::isOfOtherPorts);
    }

    private void visitAll(long nowNanos, FlowExpiry.Revalidator visitor) {
        for (int lines = 0; flows.flows() > 0 && lines < flows.slotCount(); lines += SLICE_SLOTS) {
            expiry.scan(seconds(nowNanos), SLICE_SLOTS, visitor);
        }
        report(nowNanos);
    }

    private void report(long startedNanos) {
        counters.set(ConductorGauge.FLOWS, 2 * flows.flows());
        counters.set(ConductorGauge.FLOWS_EXPIRED, flows.count(FlowCounter.EXPIRED) + flows.count(FlowCounter.EVICTED));
        counters.set(ConductorGauge.FLOWS_ENDED, flows.count(FlowCounter.INVALIDATED));
        counters.set(ConductorGauge.FLOWS_REPLACED, flows.count(FlowCounter.REPLACED));
        counters.set(ConductorGauge.SNAT_PORTS_USED, snatPorts.inUse());
        counters.set(ConductorGauge.SCANS, expiry.passes());
        counters.set(ConductorGauge.LAST_SCAN_NANOS, System.nanoTime() - startedNanos);
    }

    private static int seconds(long nanos) {
        return (int) (nanos / NANOS_PER_SECOND);
    }

    private boolean isOfOtherPorts(long forward) {
        return FlowEntry.ingress(forward) != closedPort && FlowEntry.egress(forward) != (Egress.PORT | closedPort);
    }
}
