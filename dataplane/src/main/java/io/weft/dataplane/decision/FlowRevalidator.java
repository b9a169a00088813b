package io.weft.dataplane.decision;

import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.ForwardingState;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;

/**
 * Decides about a flow again ({@link FlowDecision}) and compares: it goes on where the decision is the one that its entry holds.
 *
 * <p>Exceptions:
 * <ul>
 * <li>A flow keeps its backend while that is one of its Service's, whichever a new flow would get ({@link FlowDecision#decideAgain}).
 * <li>A TCP connection that was answered keeps its backend when the Service has it no more, or is gone, as long as there is such a pod (kube-proxy:
 * {@link #isAnsweredConnection}). One that was not answered yet, or is over, ends, as UDP does: what comes next is a new choice.
 * <li>A flow to the outside follows the kernel's routes ({@link #follow}): its entry gets the new next hop, or {@link Egress#NO_ROUTE} while there is none, as conntrack
 * keeps its entry whatever the routes. It ends when its source is no longer the node's address, since replies could not come back.
 * </ul>
 *
 * <p>Thread: the conductor; {@link #begin} before each pass through the table. Allocation: none, but when other tables were published.
 */
public final class FlowRevalidator implements FlowExpiry.Revalidator {
    private final FlowTable flows;
    private final BatchContext context;
    private final FlowDecision decision;
    private boolean ready;
    private boolean waiting;

    public FlowRevalidator(FlowTable flows, ForwardingState state) {
        this.flows = flows;
        context = new BatchContext(state);
        decision = new FlowDecision(context);
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
        int verdict = isAnsweredConnection(forward)
            ? decision.decideWithBackend(forward)
            : decision.decideAgain(forward);
        if (!isTranslationSame(forward)) { return false; }
        return decision.isOutside() && isToUnderlay(FlowEntry.egress(forward))
            ? follow(forward, verdict)
            : verdict == FlowDecision.FORWARD && FlowEntry.egress(forward) == decision.egress()
                && isReplySame(forward);
    }

    private static boolean isAnsweredConnection(long forward) {
        return switch (FlowEntry.state(forward)) {
            case FlowState.SYN_RECV, FlowState.ESTABLISHED, FlowState.FIN_WAIT, FlowState.CLOSE_WAIT -> true;
            default -> false;
        };
    }

    /** Ports that are not a backend's are the flow's own choice. */
    private boolean isTranslationSame(long forward) {
        int flags = FlowEntry.flags(forward);
        boolean toBackend = (flags & FlowEntry.SERVICE) != 0;
        boolean masqueraded = (flags & FlowEntry.OWNS_PORT) != 0;
        return toBackend == decision.isToBackend() && FlowEntry.newDst(forward) == decision.newDestination()
            && (!toBackend || FlowEntry.newDport(forward) == decision.newDestinationPort())
            && masqueraded == (decision.snat() == FlowDecision.MASQUERADE)
            && FlowEntry.newSrc(forward) == decision.newSource();
    }

    /** Only peers' indices and slots can have changed: all else that replies go by follows from the forward direction. */
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

    /** @return false when the kernel's route leads where Weft cannot follow */
    private boolean follow(long forward, int verdict) {
        int egress = decision.egress();
        if (egress == Egress.NONE) { return false; }
        if (verdict == FlowDecision.HOLD) {
            context.state().neighbourRequests().post(decision.nextHop());
            waiting |= egress == Egress.NO_ROUTE;
        }
        if (egress != FlowEntry.egress(forward)) {
            FlowEntry.setEgress(forward, egress);
        }
        return true;
    }
}
