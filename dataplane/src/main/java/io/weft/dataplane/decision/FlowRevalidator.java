package io.weft.dataplane.decision;

import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.service.ServiceTable;

/**
 * Compares a flow with what would be decided for its first packet now, by the classes that decide it ({@link EgressResolver}, {@link SourceCheck}): who may send it,
 * where it leaves, where replies come from and go to, its new source, its backend. It goes on where the answers are the same.
 *
 * <p>Two answers may differ:
 * <ul>
 * <li>A flow to the outside follows the kernel's routes: its entry gets the new next hop, or {@link Egress#NO_ROUTE} while there is none, as conntrack keeps
 * its entry whatever the routes. It ends when its source is no longer the node's address, since replies could not come back.
 * <li>A TCP connection that was answered goes on when its backend is no longer chosen, or its Service is gone, as long as there is such a pod (kube-proxy). One that was
 * not answered yet, or is over, ends, as UDP does: what comes next is a new choice.
 * </ul>
 *
 * <p>Thread: the conductor; {@link #begin} before each pass through the table. Allocation: none, but when other tables were published.
 */
public final class FlowRevalidator implements FlowExpiry.Revalidator {
    private final FlowTable flows;
    private final BatchContext context;
    private final EgressResolver resolver;
    private boolean ready;
    private boolean waiting;

    public FlowRevalidator(FlowTable flows, ForwardingState state) {
        this.flows = flows;
        context = new BatchContext(state);
        resolver = new EgressResolver(context);
    }

    /** Takes the current versions of all that flows are decided by. */
    public void begin(long nowNanos) {
        ready = context.begin(nowNanos);
        waiting = false;
    }

    /** Whether a flow of this pass has no way only because its next hop is not known yet; it has been asked for. */
    public boolean isWaiting() {
        return waiting;
    }

    /** May change where the flow leaves. */
    @Override
    public boolean isValid(long forward) {
        if (!ready) { return true; }
        int ingress = FlowEntry.ingress(forward);
        return isSourceValid(ingress, FlowKey.source(FlowEntry.k0(forward))) && isBackendValid(forward)
            && (resolver.resolve(ingress, FlowEntry.newDst(forward))
                ? isWayValid(forward, ingress)
                : isKeptWithoutWay(forward));
    }

    // -- who sends it ------------------------------------------------------------------------------------------------

    private boolean isSourceValid(int ingress, int source) {
        if (Ingress.isTunnel(ingress)) { return SourceCheck.isAllowed(context, ingress, source); }
        if (ingress == PortId.HOST) { return context.isOwnAddress(source); }
        long route = context.tables().route4(source);
        return Route.kind(route) == Route.LOCAL_PORT && Route.index(route) == ingress;
    }

    // -- to which backend --------------------------------------------------------------------------------------------

    private boolean isBackendValid(long forward) {
        if ((FlowEntry.flags(forward) & FlowEntry.SERVICE) == 0 || isAnsweredConnection(forward)) { return true; }
        long k1 = FlowEntry.k1(forward);
        long block = context.tables().services().find(FlowKey.destination(FlowEntry.k0(forward)),
            FlowKey.destinationPort(k1), FlowKey.protocol(k1));
        return block != 0 && ServiceTable.hasBackend(block, FlowEntry.newDst(forward), FlowEntry.newDport(forward));
    }

    private static boolean isAnsweredConnection(long forward) {
        return switch (FlowEntry.state(forward)) {
            case FlowState.SYN_RECV, FlowState.ESTABLISHED, FlowState.FIN_WAIT, FlowState.CLOSE_WAIT -> true;
            default -> false;
        };
    }

    // -- where it leaves, and by which source ------------------------------------------------------------------------

    private boolean isWayValid(long forward, int ingress) {
        return isNewSourceValid(forward, ingress) && isEgressValid(forward) && isReplyValid(forward, ingress);
    }

    private boolean isNewSourceValid(long forward, int ingress) {
        boolean masqueraded = resolver.isOutside() && context.local().masquerade();
        boolean service = (FlowEntry.flags(forward) & FlowEntry.SERVICE) != 0;
        int expected = masqueraded ? context.local().address()
            : service && resolver.replyIngress() == ingress ? context.local().gateway()
            : FlowKey.source(FlowEntry.k0(forward));
        return masqueraded == isMasqueraded(forward) && FlowEntry.newSrc(forward) == expected;
    }

    private static boolean isMasqueraded(long forward) {
        return (FlowEntry.flags(forward) & FlowEntry.OWNS_PORT) != 0;
    }

    private boolean isEgressValid(long forward) {
        int egress = FlowEntry.egress(forward);
        if (egress == resolver.egress()) { return true; }
        return isToUnderlay(egress) && isToUnderlay(resolver.egress()) && follow(forward, resolver.egress());
    }

    /** Only peers' indices and slots can have changed: all else that replies go by follows from the forward direction. */
    private boolean isReplyValid(long forward, int ingress) {
        if (!Ingress.isTunnel(ingress) && !Ingress.isTunnel(resolver.replyIngress())) { return true; }
        long reverse = flows.peer(forward);
        return reverse == 0 || FlowEntry.ingress(reverse) == resolver.replyIngress()
            && FlowEntry.egress(reverse) == EgressResolver.back(context, ingress);
    }

    /** There is no way to the destination now. To the outside there may be one again, and the connection with it. */
    private boolean isKeptWithoutWay(long forward) {
        int destination = FlowEntry.newDst(forward);
        if (!isToUnderlay(FlowEntry.egress(forward)) || Route.kind(context.tables().route4(destination)) != Route.NONE
            || isMasqueraded(forward) && FlowEntry.newSrc(forward) != context.local().address()) {
            return false;
        }
        long nextHop = context.state().underlayRoutes().lookup(destination);
        if (nextHop == UnderlayRoutes.OTHER_DEVICE) { return false; }
        int slot = nextHop < 0 ? Adjacencies.NONE : context.state().adjacencies().slotOfNextHop((int) nextHop);
        waiting |= slot == Adjacencies.NONE && nextHop >= 0;
        return follow(forward, slot == Adjacencies.NONE ? Egress.NO_ROUTE : Egress.UPLINK | slot);
    }

    private static boolean isToUnderlay(int egress) {
        return Egress.kind(egress) == Egress.UPLINK || egress == Egress.NO_ROUTE;
    }

    private static boolean follow(long forward, int egress) {
        FlowEntry.setEgress(forward, egress);
        return true;
    }
}
