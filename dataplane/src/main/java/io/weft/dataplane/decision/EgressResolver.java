package io.weft.dataplane.decision;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.UnderlayRoutes;

/**
 * The step of {@link FlowDecision} that finds the egress to a destination and the ingress of its replies. The results are in fields,
 * because there are several and they must not be allocated.
 */
final class EgressResolver {
    private final BatchContext context;

    /** An {@link Egress}. For a destination outside the cluster it is set for any verdict: see {@link FlowDecision#egress}. */
    int egress;
    /** An {@link Ingress}. */
    int replyIngress;
    /** Whether the destination is outside the cluster, so that the kernel's routes apply. */
    boolean outside;
    /** For a destination outside the cluster: address of the next hop on the underlay. */
    int nextHop;
    /** An {@link Egress}: of replies to a client on the underlay. */
    int replyEgress;
    /** Address of the next hop of these replies. */
    int replyHop;
    DropReason refusal;
    /** One of {@link Answer}. */
    int answer;

    EgressResolver(BatchContext context) {
        this.context = context;
    }

    /** Resets the results before a decision. */
    void begin() {
        egress = Egress.NONE;
        outside = false;
        replyEgress = Egress.NONE;
        replyHop = 0;
    }

    /**
     * Resolves a destination. A flow to a Service's backend may come from anywhere, because its source is translated where its replies
     * would otherwise not come back; any other flow comes from a pod, the node or, to this node, the tunnel.
     *
     * @param route of the destination, in the tables
     * @param toBackend whether the destination is a backend
     * @return {@link FlowDecision#FORWARD}, {@link FlowDecision#HOLD} or {@link FlowDecision#REFUSE}
     */
    int resolve(int ingress, long route, int destination, boolean toBackend) {
        boolean transit = Ingress.isTunnel(ingress) && !toBackend;
        int index = Route.index(route);
        return switch (Route.kind(route)) {
            case Route.LOCAL_PORT -> localPort(index);
            case Route.PEER, Route.PEER_NODE -> peer(transit, index);
            case Route.LOCAL_NODE -> node();
            case Route.GATEWAY -> refuse(DropReason.GATEWAY_NO_SERVICE, Answer.NO_ANSWER);
            case Route.NO_SUCH_POD -> refuse(DropReason.NO_SUCH_POD, Answer.HOST_UNREACHABLE);
            case Route.NO_SUCH_NODE -> refuse(DropReason.NO_ROUTE, Answer.HOST_UNREACHABLE);
            case Route.VIA, Route.BLACKHOLE, Route.UNREACHABLE, Route.PROHIBIT ->
                context.isOwnAddress(destination) ? node() : byOperator(transit, route);
            case Route.SERVICE -> refuse(DropReason.SERVICE_UNKNOWN_ADDRESS, Answer.NO_ANSWER); // a backend that is a ClusterIP
            default -> context.isOwnAddress(destination) ? node() : outside(transit, destination);
        };
    }

    private int node() {
        return forward(Egress.PUNT, PortId.HOST);
    }

    private int localPort(int port) {
        return context.ports().kind(port) == PortKind.POD
            ? forward(Egress.PORT | port, port)
            : refuse(DropReason.NO_PORT, Answer.NO_ANSWER);
    }

    private int peer(boolean transit, int peer) {
        if (transit) { return refuse(DropReason.NO_TUNNEL_TO_TUNNEL, Answer.NO_ANSWER); }
        int slot = context.state().adjacencies().slotOfPeer(peer);
        return slot == Adjacencies.NONE
            ? refuse(DropReason.NEIGHBOUR_UNRESOLVED, Answer.NO_ANSWER)
            : forward(Egress.TUNNEL | slot, Ingress.tunnel(peer));
    }

    /**
     * A packet from the tunnel is refused: pods of other nodes leave the cluster through their own node.
     *
     * @param destination of the packet, or the router that it is sent to
     */
    private int outside(boolean transit, int destination) {
        if (transit) { return refuse(DropReason.NO_ROUTE, Answer.HOST_UNREACHABLE); }
        outside = true;
        egress = Egress.NO_ROUTE;
        replyIngress = PortId.UPLINK;
        long hop = context.state().underlayRoutes().lookup(destination);
        return hop < 0 ? noNextHop(hop) : underlay((int) hop);
    }

    /** As the kernel's routes to the outside, where an operator's static route decides instead of them. */
    private int byOperator(boolean transit, long route) {
        return switch (Route.kind(route)) {
            case Route.VIA -> outside(transit, Route.index(route));
            case Route.BLACKHOLE -> toNowhere(transit, UnderlayRoutes.BLACKHOLE);
            case Route.PROHIBIT -> toNowhere(transit, UnderlayRoutes.PROHIBIT);
            default -> toNowhere(transit, UnderlayRoutes.UNREACHABLE);
        };
    }

    private int toNowhere(boolean transit, long why) {
        outside = !transit;
        egress = Egress.NO_ROUTE;
        replyIngress = PortId.UPLINK;
        return noNextHop(why);
    }

    private int underlay(int hop) {
        nextHop = hop;
        Adjacencies adjacencies = context.state().adjacencies();
        int slot = adjacencies.slotOfNextHop(hop);
        if (slot != Adjacencies.NONE) {
            egress = Egress.UPLINK | slot;
            if (adjacencies.isResolved(slot)) { return FlowDecision.FORWARD; }
        }
        refuse(DropReason.NEIGHBOUR_UNRESOLVED, Answer.NO_ANSWER);
        return FlowDecision.HOLD;
    }

    /**
     * Resolves the way back to a client on the underlay: sets {@link #replyEgress} and {@link #replyHop}.
     *
     * @return {@link FlowDecision#FORWARD}, {@link FlowDecision#HOLD}, or {@link FlowDecision#REFUSE} with {@link #refusal}
     */
    int resolveReply(int client) {
        long hop = context.state().underlayRoutes().lookup(client);
        if (hop < 0) {
            replyEgress = hop == UnderlayRoutes.OTHER_DEVICE ? Egress.NONE : Egress.NO_ROUTE;
            return refuse(hop == UnderlayRoutes.OTHER_DEVICE ? DropReason.ROUTE_OTHER_DEVICE : DropReason.NO_ROUTE,
                Answer.NO_ANSWER);
        }
        replyHop = (int) hop;
        Adjacencies adjacencies = context.state().adjacencies();
        int slot = adjacencies.slotOfNextHop(replyHop);
        replyEgress = slot == Adjacencies.NONE ? Egress.NO_ROUTE : Egress.UPLINK | slot;
        if (slot != Adjacencies.NONE && adjacencies.isResolved(slot)) { return FlowDecision.FORWARD; }
        refuse(DropReason.NEIGHBOUR_UNRESOLVED, Answer.NO_ANSWER);
        return FlowDecision.HOLD;
    }

    /**
     * Refuses with the answer that Linux gives as a router. Packets that would leave through another device are not passed to the node's
     * stack: they would leave with the pod's address, or their replies would return to an address and port that the kernel has not
     * assigned.
     */
    private int noNextHop(long why) {
        if (why == UnderlayRoutes.OTHER_DEVICE) {
            egress = Egress.NONE;
            return refuse(DropReason.ROUTE_OTHER_DEVICE, Answer.NET_UNREACHABLE);
        }
        if (why == UnderlayRoutes.BLACKHOLE) { return refuse(DropReason.ROUTE_BLACKHOLE, Answer.NO_ANSWER); }
        if (why == UnderlayRoutes.PROHIBIT) { return refuse(DropReason.ROUTE_PROHIBITED, Answer.ADMIN_PROHIBITED); }
        return refuse(DropReason.NO_ROUTE,
            why == UnderlayRoutes.UNREACHABLE ? Answer.HOST_UNREACHABLE : Answer.NET_UNREACHABLE);
    }

    private int forward(int newEgress, int newReplyIngress) {
        egress = newEgress;
        replyIngress = newReplyIngress;
        return FlowDecision.FORWARD;
    }

    private int refuse(DropReason reason, int kindOfAnswer) {
        refusal = reason;
        answer = kindOfAnswer;
        return FlowDecision.REFUSE;
    }
}
