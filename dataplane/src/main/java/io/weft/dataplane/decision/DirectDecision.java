package io.weft.dataplane.decision;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.nat.SnatPorts;

/**
 * The step of {@link FlowDecision} for a flow to an address and port that no Service has: whether it may go to its destination, belongs to
 * the node's stack, or is refused.
 *
 * <p>The reason and the answer are in fields, because they must not be allocated. Thread: that of the {@link BatchContext}.
 */
final class DirectDecision {
    /** The flow may go to its destination; next to {@link FlowDecision#FORWARD_STATELESS}, ECHO and REFUSE. */
    static final int TO_DESTINATION = -1;

    private final BatchContext context;
    private int ingress;
    private long k0;
    private long k1;

    /** Of {@link FlowDecision#REFUSE} and of {@link FlowDecision#ECHO}, if the packet is no echo request. */
    DropReason refusal;
    /** One of {@link Answer}. */
    int answer;

    DirectDecision(BatchContext context) {
        this.context = context;
    }

    /**
     * @param from an {@link Ingress}
     * @param route of the destination, in the tables
     * @return {@link #TO_DESTINATION}; {@link FlowDecision#FORWARD_STATELESS}, to the node's stack; {@link FlowDecision#ECHO} or
     *     {@link FlowDecision#REFUSE}
     */
    int decide(int from, long key0, long key1, long route) {
        ingress = from;
        k0 = key0;
        k1 = key1;
        int kind = Route.kind(route);
        if (isForgedTunnel(kind)) { return refuse(DropReason.ENCAP_FROM_POD, Answer.NO_ANSWER); }
        if (kind == Route.SERVICE) { return toServiceCidr(); }
        if (Ingress.isUnderlay(ingress)) { return fromUnderlay(route); }
        if (SourceCheck.isWithinNode(context, ingress, FlowKey.destination(k0))) {
            return FlowDecision.FORWARD_STATELESS; // the answers do not come this way
        }
        if (Ipv4Address.isLoopback(FlowKey.source(k0))) {
            return refuse(DropReason.MARTIAN_SOURCE, Answer.NO_ANSWER); // it leaves the node only translated
        }
        return kind == Route.GATEWAY ? toGateway() : TO_DESTINATION;
    }

    /**
     * Whether the node's stack owns the address: it is outside the cluster, or the node's own. The first address of the pod CIDR does not
     * count, because only pods use it.
     */
    boolean isOfNode(long route, int destination) {
        return switch (Route.kind(route)) {
            case Route.LOCAL_NODE -> destination != context.local4().base();
            default -> Route.isOutside(Route.kind(route));
        };
    }

    /** Whether a pod sends to a tunnel endpoint: its packet would pass for that of a node. */
    private boolean isForgedTunnel(int kind) {
        if (ingress == PortId.HOST || Ingress.isUnderlay(ingress)
            || !context.local().overlay().carries(FlowKey.protocol(k1), FlowKey.destinationPort(k1))) {
            return false;
        }
        int destination = FlowKey.destination(k0);
        return kind == Route.PEER_NODE || context.isOwnAddress(destination)
            || context.tables().peerByEndpoint(destination) >= 0;
    }

    /** Another port or protocol of a ClusterIP is refused; an address that no Service has is not there at all. */
    private int toServiceCidr() {
        if (!context.tables().services().isClusterIp(FlowKey.destination(k0))) {
            return refuse(DropReason.SERVICE_UNKNOWN_ADDRESS, Answer.NO_ANSWER);
        }
        return SnatPorts.supports(FlowKey.protocol(k1))
            ? refuse(DropReason.SERVICE_NO_PORT, Answer.REFUSE)
            : refuse(DropReason.UNSUPPORTED_PROTOCOL, Answer.PROTOCOL_UNREACHABLE);
    }

    /**
     * Packets from outside must not reach a pod directly. Packets to the node itself that the XDP program redirected to Weft are passed to
     * its stack.
     */
    private int fromUnderlay(long route) {
        return isOfNode(route, FlowKey.destination(k0))
            ? FlowDecision.FORWARD_STATELESS
            : refuse(DropReason.NO_DIRECT_POD_ACCESS, Answer.NO_ANSWER);
    }

    private int toGateway() {
        refuse(DropReason.GATEWAY_NO_SERVICE, Answer.REFUSE);
        return FlowKey.protocol(k1) == IpProtocol.IPPROTO_ICMP ? FlowDecision.ECHO : FlowDecision.REFUSE;
    }

    private int refuse(DropReason reason, int kindOfAnswer) {
        refusal = reason;
        answer = kindOfAnswer;
        return FlowDecision.REFUSE;
    }
}
