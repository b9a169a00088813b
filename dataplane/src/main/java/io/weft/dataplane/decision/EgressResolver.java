package io.weft.dataplane.decision;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.graph.node.Reject;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.UnderlayRoutes;

/**
 * Decides where packets to a destination leave and where their replies will come from: the policy of who may reach whom, in one place. The
 * result of {@link #resolve} is in fields, because it is several numbers and must not be allocated.
 *
 * <p>Thread: one worker, or the conductor with a {@link BatchContext} of its own.
 */
public final class EgressResolver {
    private final BatchContext context;

    private int egress;
    private int replyIngress;
    private DropReason refusal;
    private int answer;
    private boolean outside;
    private int hop;

    public EgressResolver(BatchContext context) {
        this.context = context;
    }

    /** An {@link Egress}. */
    public int egress() {
        return egress;
    }

    /** An {@link Ingress}. */
    public int replyIngress() {
        return replyIngress;
    }

    /** Why not. */
    public DropReason refusal() {
        return refusal;
    }

    /** What the sender is told: one of {@link Reject}'s kinds. */
    public int answer() {
        return answer;
    }

    /** Whether the destination is outside the cluster. */
    public boolean isOutside() { return outside; }

    /** Of a destination outside: who takes the packets on the underlay, resolved or not. */
    public int nextHop() {
        return hop;
    }

    /** @return whether there is a way; else {@link #refusal} says why not */
    public boolean resolve(int ingress, int destination) {
        outside = false;
        long route = context.tables().route4(destination);
        return isUnderlay(ingress) ? fromUnderlay(route, destination) : fromCluster(ingress, route, destination);
    }

    /** Nobody outside reaches a pod or a Service directly; what is nothing of ours goes to the node's own stack. */
    private boolean fromUnderlay(long route, int destination) {
        return switch (Route.kind(route)) {
            case Route.NONE -> to(Egress.PUNT, PortId.HOST);
            case Route.LOCAL_NODE -> destination == context.local().base()
                ? refuse(DropReason.NO_DIRECT_POD_ACCESS)
                : to(Egress.PUNT, PortId.HOST);
            case Route.SERVICE -> refuse(DropReason.CLUSTERIP_FROM_OUTSIDE);
            default -> refuse(DropReason.NO_DIRECT_POD_ACCESS);
        };
    }

    private boolean fromCluster(int ingress, long route, int destination) {
        int index = Route.index(route);
        return switch (Route.kind(route)) {
            case Route.LOCAL_PORT -> localPort(index);
            case Route.PEER, Route.PEER_NODE -> peer(ingress, index);
            case Route.LOCAL_NODE -> to(Egress.PUNT, PortId.HOST);
            case Route.GATEWAY -> refuse(DropReason.GATEWAY_NO_SERVICE);
            case Route.NO_SUCH_POD -> refuse(DropReason.NO_SUCH_POD, Answer.HOST_UNREACHABLE);
            case Route.NO_SUCH_NODE -> refuse(DropReason.NO_ROUTE, Answer.HOST_UNREACHABLE);
            case Route.SERVICE -> refuse(DropReason.CLUSTERIP_FROM_OUTSIDE);
            default -> context.isOwnAddress(destination)
                ? to(Egress.PUNT, PortId.HOST)
                : outside(ingress, destination);
        };
    }

    /** @return the egress that leads back to where a frame came from, or {@link Egress#NONE} */
    public static int back(BatchContext context, int ingress) {
        if (Ingress.isTunnel(ingress)) {
            int slot = context.state().adjacencies().slotOfPeer(Ingress.peer(ingress));
            return slot == Adjacencies.NONE ? Egress.NONE : Egress.TUNNEL | slot;
        }
        return switch (ingress) {
            case PortId.UPLINK -> Egress.NONE;
            case PortId.HOST -> Egress.PUNT;
            default -> Egress.PORT | ingress;
        };
    }

    public static boolean isUnderlay(int ingress) {
        return ingress == PortId.UPLINK;
    }

    private boolean localPort(int port) {
        return context.ports().kind(port) == PortKind.POD ? to(Egress.PORT | port, port) : refuse(DropReason.NO_PORT);
    }

    private boolean peer(int ingress, int peer) {
        if (Ingress.isTunnel(ingress)) { return refuse(DropReason.NO_TUNNEL_TO_TUNNEL); }
        int slot = context.state().adjacencies().slotOfPeer(peer);
        return slot == Adjacencies.NONE
            ? refuse(DropReason.NEIGHBOUR_UNRESOLVED)
            : to(Egress.TUNNEL | slot, Ingress.tunnel(peer));
    }

    /** Pods of other nodes find their own way out. */
    private boolean outside(int ingress, int destination) {
        if (Ingress.isTunnel(ingress)) { return refuse(DropReason.NO_ROUTE, Answer.HOST_UNREACHABLE); }
        long nextHop = context.state().underlayRoutes().lookup(destination);
        if (nextHop < 0) { return noNextHop(nextHop); }
        outside = true;
        return underlay((int) nextHop);
    }

    /**
     * With the answer that Linux gives as the router. What would leave by another device is not handed to the node's stack: it would leave with
     * the pod's address, or come back to an address and port that the kernel has not given out.
     */
    private boolean noNextHop(long why) {
        if (why == UnderlayRoutes.OTHER_DEVICE) {
            return refuse(DropReason.ROUTE_OTHER_DEVICE, Answer.NET_UNREACHABLE);
        }
        if (why == UnderlayRoutes.BLACKHOLE) { return refuse(DropReason.ROUTE_BLACKHOLE); }
        if (why == UnderlayRoutes.PROHIBIT) { return refuse(DropReason.ROUTE_PROHIBITED, Answer.ADMIN_PROHIBITED); }
        return refuse(DropReason.NO_ROUTE,
            why == UnderlayRoutes.UNREACHABLE ? Answer.HOST_UNREACHABLE : Answer.NET_UNREACHABLE);
    }

    private boolean underlay(int nextHop) {
        hop = nextHop;
        Adjacencies adjacencies = context.state().adjacencies();
        int slot = adjacencies.slotOfNextHop(nextHop);
        if (slot == Adjacencies.NONE || !adjacencies.isResolved(slot)) {
            context.state().neighbourRequests().post(nextHop);
            return refuse(DropReason.NEIGHBOUR_UNRESOLVED);
        }
        return to(Egress.UPLINK | slot, PortId.UPLINK);
    }

    private boolean to(int newEgress, int newReplyIngress) {
        egress = newEgress;
        replyIngress = newReplyIngress;
        return true;
    }

    private boolean refuse(DropReason reason) {
        return refuse(reason, Answer.NO_ANSWER);
    }

    private boolean refuse(DropReason reason, int kindOfAnswer) {
        refusal = reason;
        answer = kindOfAnswer;
        return false;
    }
}
