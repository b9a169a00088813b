package io.weft.dataplane.decision;

import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.ReplyMark;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.address.Ipv4Address;

/**
 * The step of {@link FlowDecision} that chooses the source address of a flow to a Service's backend in the cluster, so that the backend's
 * replies pass Weft.
 */
final class SourceTranslation {
    private SourceTranslation() {
    }

    /**
     * @param resolved egress and ingress of the replies
     * @param masquerade whether the frontend's rules want an address of this node as the source
     * @return {@link FlowDecision#NO_SNAT}, {@link FlowDecision#SNAT_TO_GATEWAY} or {@link FlowDecision#SNAT_TO_BASE}
     */
    static int choose(BatchContext context, EgressResolver resolved, int ingress, int source, int backend,
        boolean masquerade) {
        boolean hairpin = source == backend || resolved.replyIngress == ingress;
        return switch (Egress.kind(resolved.egress)) {
            case Egress.TUNNEL -> (masquerade || hairpin || Ingress.isTunnel(ingress))
                && source != context.local4().base() ? FlowDecision.SNAT_TO_BASE : FlowDecision.NO_SNAT;
            case Egress.PORT -> toGatewayIf(hairpin || masquerade && !isNodeItself(ingress, source));
            case Egress.PUNT -> toGatewayIf(hairpin
                || !isMarked(context, ingress, source) && !isAnsweredThroughWeft(context, source));
            default -> FlowDecision.NO_SNAT;
        };
    }

    /**
     * Whether replies of the node's stack to this client come back only for the {@link ReplyMark}: it is outside the cluster.
     *
     * @return false if the kernel cannot do that
     */
    static boolean isMarked(BatchContext context, int ingress, int client) {
        return Ingress.isUnderlay(ingress) && !isAnsweredThroughWeft(context, client)
            && context.state().isSteeringReplies();
    }

    private static int toGatewayIf(boolean needed) {
        return needed ? FlowDecision.SNAT_TO_GATEWAY : FlowDecision.NO_SNAT;
    }

    /** Whether pods send replies to this source to the node anyway. */
    private static boolean isNodeItself(int ingress, int source) {
        return ingress == PortId.HOST && !Ipv4Address.isLoopback(source);
    }

    /** Whether the node's stack sends packets to this address to {@code weft-host}. */
    private static boolean isAnsweredThroughWeft(BatchContext context, int client) {
        return (context.local4().isInClusterCidr(client) || context.local4().isInPodCidr(client))
            && !context.isOwnAddress(client);
    }
}
