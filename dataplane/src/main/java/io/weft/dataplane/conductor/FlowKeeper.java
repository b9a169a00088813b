package io.weft.dataplane.conductor;

import io.weft.dataplane.counters.ConductorCounters;
import io.weft.dataplane.counters.ConductorFact;
import io.weft.dataplane.frame.Ingress;
import io.weft.dataplane.node.Egress;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.table.ForwardingTables;
import io.weft.dataplane.table.Route;
import io.weft.dataplane.worker.Epochs;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowCounter;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowSweeper;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTimeouts;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.nat.SourceNat;
import io.weft.lb.service.ServiceTable;

/**
 * Ends flows: those that have been silent for too long, a slice of the table at a time, and those that the tables no longer allow, all at once
 * after a change. What a flow goes by is looked up again as if it were new; it may go on where the answer is the same.
 *
 * <p>An established TCP flow to a backend that is no longer chosen goes on as long as there is such a pod, as with kube-proxy; UDP does not.
 *
 * <p>Thread: the conductor. Allocation: none.
 */
final class FlowKeeper {
    private static final int SLICE_LINES = 4096;
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long PASS_NANOS = 5 * NANOS_PER_SECOND;
    private static final int NO_PORT = -1;

    private final FlowTable flows;
    private final ForwardingState state;
    private final FlowSweeper sweeper;
    private final ConductorCounters counters;
    private long lastNanos;
    private int closedPort = NO_PORT;

    FlowKeeper(FlowTable flows, SnatPorts snatPorts, ForwardingState state, Epochs epochs, ConductorCounters counters) {
        this.flows = flows;
        this.state = state;
        this.counters = counters;
        sweeper = new FlowSweeper(flows, FlowTimeouts.defaults(), epochs,
            (forward, k0, k1) -> SourceNat.onEnd(snatPorts, forward, k1));
        lastNanos = System.nanoTime();
        counters.set(ConductorFact.FLOW_CAPACITY, 2L * flows.maxFlows());
    }

    /** Looks at as many lines as the time since the last call stands for: the whole table in five seconds. */
    void sweep(long nowNanos) {
        long elapsed = Math.min(nowNanos - lastNanos, PASS_NANOS);
        long lines = (long) ((double) flows.lineCount() * elapsed / PASS_NANOS);
        if (lines > 0) {
            lastNanos = nowNanos;
            sweeper.sweep(seconds(nowNanos), (int) lines, null);
            report(nowNanos);
        }
    }

    /** Ends every flow that the tables of now would not make in the same way. */
    void revalidate(long nowNanos) {
        for (int lines = 0; flows.flows() > 0 && lines < flows.lineCount(); lines += SLICE_LINES) {
            sweeper.sweep(seconds(nowNanos), SLICE_LINES, this::isValid);
        }
        report(nowNanos);
    }

    /** Ends the flows of a port, whose next owner must not inherit them. */
    void endFlowsOf(int port, long nowNanos) {
        closedPort = port;
        revalidate(nowNanos);
        closedPort = NO_PORT;
    }

    private void report(long startedNanos) {
        counters.set(ConductorFact.FLOWS, 2 * flows.flows());
        counters.set(ConductorFact.FLOWS_EXPIRED, flows.count(FlowCounter.EXPIRED) + flows.count(FlowCounter.EVICTED));
        counters.set(ConductorFact.FLOWS_ENDED, flows.count(FlowCounter.INVALIDATED));
        counters.set(ConductorFact.FLOWS_REPLACED, flows.count(FlowCounter.REPLACED));
        counters.set(ConductorFact.SWEEPS, sweeper.passes());
        counters.set(ConductorFact.LAST_SWEEP_NANOS, System.nanoTime() - startedNanos);
    }

    private static int seconds(long nanos) {
        return (int) (nanos / NANOS_PER_SECOND);
    }

    // -- is a flow still right? --------------------------------------------------------------------------------------

    private boolean isValid(long forward) {
        ForwardingTables tables = state.tables();
        return tables == null
            || isSourceValid(tables, forward) && isEgressValid(tables, forward)
                && isBackendValid(tables.services(), forward);
    }

    private boolean isSourceValid(ForwardingTables tables, long forward) {
        int ingress = FlowEntry.ingress(forward);
        int source = FlowKey.source(FlowEntry.k0(forward));
        long route = tables.route4(source);
        return switch (Route.kind(route)) {
            case Route.LOCAL_PORT -> ingress == Route.index(route) && ingress != closedPort;
            case Route.PEER, Route.PEER_NODE ->
                ingress == Ingress.tunnel(Route.index(route)) || !isPodOrTunnel(ingress);
            default -> !isPodOrTunnel(ingress) || ingress == Ingress.tunnel(tables.peerByEndpoint(source));
        };
    }

    private static boolean isPodOrTunnel(int ingress) {
        return Ingress.isTunnel(ingress) || ingress >= PortDirectory.FIRST_POD_PORT;
    }

    private boolean isEgressValid(ForwardingTables tables, long forward) {
        int egress = FlowEntry.egress(forward);
        int index = Egress.index(egress);
        long route = tables.route4(FlowEntry.newDst(forward));
        return switch (Egress.kind(egress)) {
            case Egress.PORT ->
                index != closedPort && Route.kind(route) == Route.LOCAL_PORT && Route.index(route) == index;
            case Egress.TUNNEL -> isPeer(route) && slotOf(route) == index;
            case Egress.UPLINK -> Route.kind(route) == Route.NONE;
            default -> true;
        };
    }

    private static boolean isPeer(long route) {
        return Route.kind(route) == Route.PEER || Route.kind(route) == Route.PEER_NODE;
    }

    private int slotOf(long route) {
        Adjacencies adjacencies = state.adjacencies();
        return adjacencies.slotOfPeer(Route.index(route));
    }

    private static boolean isBackendValid(ServiceTable services, long forward) {
        int protocol = FlowEntry.protocol(forward);
        if ((FlowEntry.flags(forward) & FlowEntry.SERVICE) == 0 || protocol == IpProtocol.IPPROTO_TCP) { return true; }
        long k1 = FlowEntry.k1(forward);
        long service = services.find(FlowKey.destination(FlowEntry.k0(forward)), FlowKey.destinationPort(k1), protocol);
        return service != 0 && ServiceTable.hasBackend(service, FlowEntry.newDst(forward), FlowEntry.newDport(forward));
    }
}
