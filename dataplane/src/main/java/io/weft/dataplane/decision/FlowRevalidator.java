package io.weft.dataplane.decision;

import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.ForwardingState;
import io.weft.encap.address.Ipv4Address;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import java.util.function.IntConsumer;

/**
 * Decides about an existing flow again ({@link FlowDecision}). The flow continues if the decision matches its entry.
 *
 * <p>Exceptions:
 * <ul>
 * <li>A flow keeps its backend while that endpoint serves, even if a new flow would get another one
 * ({@link FlowDecision#decideAgain}).
 * <li>An answered TCP connection ({@link #isAnsweredConnection}) keeps its backend, as with kube-proxy, even if the Service no longer has
 * that backend or no longer exists, as long as the pod exists. A connection that is not answered yet or is over ends, and so does a UDP
 * flow: the next packet gets a new backend.
 * <li>A flow to the outside, and the replies of a flow from the underlay, follow the kernel's routes ({@link #follow}): its entry gets the new next hop, or {@link Egress#NO_ROUTE}
 * while there is no route, as conntrack keeps entries whatever the routes are. The flow ends if its source is no longer the node's address,
 * because replies would not arrive.
 * </ul>
 *
 * <p>Thread: the conductor; call {@link #begin} before each pass through the table. Allocation: none, except after other tables were
 * published.
 */
public final class FlowRevalidator implements FlowExpiry.Revalidator {
    private final FlowTable flows;
    private final BatchContext context;
    private final FlowDecision decision;
    private boolean ready;
    private boolean waiting;
    private boolean backendGone;

    public FlowRevalidator(FlowTable flows, ForwardingState state) {
        this.flows = flows;
        context = new BatchContext(state);
        decision = new FlowDecision(context);
    }

    /** Takes the current versions of everything that decisions depend on. */
    public void begin(long nowNanos) {
        ready = context.begin(nowNanos);
        waiting = false;
    }

    /** Whether a flow of this pass has no egress only because its next hop is not resolved yet. The resolution has been requested. */
    public boolean isWaiting() {
        return waiting;
    }

    /** Whether the flow that was found not valid last went to a backend that its Service no longer has. */
    public boolean isBackendGone() {
        return backendGone;
    }

    /** Whether a NodePort or hostPort may serve the address: the node's own, 127/8 included. */
    public boolean isOnNode(int address) {
        return !ready || Frontends.isOnNode(context, address) || Ipv4Address.isLoopback(address);
    }

    /**
     * The addresses of {@link #isOnNode} as a set of destinations, in which 127.0.0.1 stands for all of 127/8. Nothing before there are tables, by which no
     * flow is invalid.
     */
    public void forEachOnNode(IntConsumer visitor) {
        if (ready) {
            Frontends.forEachOnNode(context, visitor);
        }
    }

    /** Also updates the flow's egress if it changed. */
    @Override
    public boolean isValid(long forward) {
        if (!ready) { return true; }
        int verdict = isAnsweredConnection(forward)
            ? decision.decideWithBackend(forward)
            : decision.decideAgain(forward);
        boolean sameTranslation = isTranslationSame(forward);
        backendGone = !sameTranslation && (FlowEntry.flags(forward) & FlowEntry.SERVICE) != 0;
        if (!sameTranslation || !isForwardSame(forward, verdict)) { return false; }
        return Ingress.isUnderlay(FlowEntry.ingress(forward)) ? followReply(forward) : isReplySame(forward);
    }

    private boolean isForwardSame(long forward, int verdict) {
        return decision.isOutside() && isToUnderlay(FlowEntry.egress(forward))
            ? follow(forward, verdict, decision.egress(), decision.nextHop())
            : verdict == FlowDecision.FORWARD && FlowEntry.egress(forward) == decision.egress();
    }

    private static boolean isAnsweredConnection(long forward) {
        return switch (FlowEntry.state(forward)) {
            case FlowState.SYN_RECV, FlowState.ESTABLISHED, FlowState.FIN_WAIT, FlowState.CLOSE_WAIT -> true;
            default -> false;
        };
    }

    /** Compares ports only if they are a backend's; other translated ports are the flow's own. */
    private boolean isTranslationSame(long forward) {
        int flags = FlowEntry.flags(forward);
        boolean toBackend = (flags & FlowEntry.SERVICE) != 0;
        boolean masqueraded = (flags & FlowEntry.OWNS_PORT) != 0;
        return toBackend == decision.isToBackend() && FlowEntry.newDst(forward) == decision.newDestination()
            && (!toBackend || FlowEntry.newDport(forward) == decision.newDestinationPort())
            && masqueraded == (decision.snat() == FlowDecision.MASQUERADE)
            && FlowEntry.newSrc(forward) == decision.newSource();
    }

    /** Compares only the peer's index and slot: everything else about replies follows from the forward direction. */
    private boolean isReplySame(long forward) {
        if (!Ingress.isTunnel(FlowEntry.ingress(forward)) && !Ingress.isTunnel(decision.replyIngress())) {
            return true;
        }
        long reverse = flows.peer(forward);
        return reverse == 0 || FlowEntry.ingress(reverse) == decision.replyIngress()
            && FlowEntry.egress(reverse) == decision.replyEgress();
    }

    private static boolean isToUnderlay(int egress) {
        return Egress.kind(egress) == Egress.UPLINK || egress == Egress.NO_ROUTE;
    }

    /** @return false if the kernel's route to the client leads through a device that Weft does not use */
    private boolean followReply(long forward) {
        long reverse = flows.peer(forward);
        return reverse == 0
            || follow(reverse, decision.replyVerdict(), decision.replyEgress(), decision.replyHop());
    }

    /** @return false if the kernel's route leads through a device that Weft does not use */
    private boolean follow(long entry, int verdict, int egress, int nextHop) {
        if (egress == Egress.NONE) { return false; }
        if (verdict == FlowDecision.HOLD) {
            context.state().neighbourRequests().post(nextHop);
            waiting |= egress == Egress.NO_ROUTE;
        }
        if (egress != FlowEntry.egress(entry)) {
            FlowEntry.setEgress(entry, egress);
        }
        return true;
    }
}
