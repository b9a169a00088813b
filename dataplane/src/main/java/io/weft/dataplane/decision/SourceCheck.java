package io.weft.dataplane.decision;

import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.address.Ipv4Address;

/**
 * Checks which addresses an ingress may use. Sources: a pod its own; {@code weft-host} the node's and those of loopback; the uplink any
 * outside the cluster; a tunnel endpoint its pods', its node's and its own. Only the node's own processes, through {@code weft-host}, may send
 * to loopback addresses: behind them are services of the node that trust every client.
 *
 * <p>Thread: that of the {@link BatchContext}. Allocation: none.
 */
public final class SourceCheck {
    private SourceCheck() {
    }

    /** The check for any ingress. */
    public static boolean isAllowed(BatchContext context, int ingress, int source) {
        return Ingress.isTunnel(ingress)
            ? isOfTunnel(context, ingress, source)
            : isAllowedFromPort(context, ingress, source);
    }

    /**
     * The check for nodes after {@code ip4-input}, which has checked all frames except those from the tunnel. Always true for other
     * ingresses.
     */
    public static boolean isAllowedFromTunnel(BatchContext context, int ingress, int source) {
        return !Ingress.isTunnel(ingress) || isOfTunnel(context, ingress, source);
    }

    /** The check in {@code ip4-input}. Always true for frames from the tunnel, whose check needs a lookup and is made once per flow. */
    public static boolean isAllowedFromPort(BatchContext context, int ingress, int source) {
        if (Ingress.isTunnel(ingress)) { return true; }
        return switch (context.ports().kind(ingress)) {
            case PortKind.POD -> source == context.ports().ip(ingress);
            case PortKind.HOST -> context.isOwnAddress(source) || Ipv4Address.isLoopback(source);
            default -> isOutside(context, source);
        };
    }

    /** Whether an ingress must not use the address, as source or destination, whoever has it: see {@link Ipv4Address#isMartian}. */
    public static boolean isMartian(int ingress, int address) {
        return Ipv4Address.isMartian(address) && !(ingress == PortId.HOST && Ipv4Address.isLoopback(address));
    }

    /**
     * Whether a packet goes from the node to the node. Policy routing leads packets for NodePorts and hostPorts here; one that is for no
     * frontend belongs to the node's stack (ADR 0014).
     */
    public static boolean isWithinNode(BatchContext context, int ingress, int destination) {
        return ingress == PortId.HOST && (context.isOwnAddress(destination) || Ipv4Address.isLoopback(destination));
    }

    /**
     * Whether an address is neither a pod's, a Service's nor the node's. Packets with pod or Service addresses never arrive from the
     * underlay without a tunnel.
     */
    public static boolean isOutside(BatchContext context, int source) {
        return !context.local4().isInClusterCidr(source) && !context.local4().isInServiceCidr(source)
            && !context.isOwnAddress(source);
    }

    private static boolean isOfTunnel(BatchContext context, int ingress, int source) {
        int peer = Ingress.peer(ingress);
        long route = context.tables().route4(source);
        int kind = Route.kind(route);
        return (kind == Route.PEER || kind == Route.PEER_NODE) && Route.index(route) == peer
            || context.tables().peerByEndpoint(source) == peer;
    }
}
