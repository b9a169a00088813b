package io.weft.dataplane.counters;

import io.weft.encap.packet.HeaderError;
import io.weft.encap.tunnel.Encapsulation;

/**
 * Under which names the traffic of an encapsulation is counted.
 *
 * @param decap node that takes the outer headers off
 * @param encap node that writes them
 * @param badHeader reason of {@link HeaderError#TUNNEL_BAD_HEADER}
 * @param unknownId reason of {@link HeaderError#TUNNEL_UNKNOWN_ID}
 * @param unknownPeer reason for packets that no peer's endpoint has sent
 * @param innerType reason for frames inside that are not IPv4
 */
public record TunnelCounters(
    GraphNodeId decap, GraphNodeId encap, DropReason badHeader, DropReason unknownId, DropReason unknownPeer,
    DropReason innerType) {
    private static final TunnelCounters VXLAN = new TunnelCounters(GraphNodeId.VXLAN4_DECAP, GraphNodeId.VXLAN4_ENCAP,
        DropReason.VXLAN_NO_I_FLAG, DropReason.VXLAN_UNKNOWN_VNI, DropReason.VXLAN_UNKNOWN_PEER,
        DropReason.VXLAN_INNER_TYPE);

    /** Allocation: none. */
    public static TunnelCounters of(Encapsulation encapsulation) {
        return switch (encapsulation) {
            case VXLAN -> VXLAN;
        };
    }

    /** @param error what {@link Encapsulation#validate} has found */
    public DropReason reason(int error) {
        return switch (error) {
            case HeaderError.TUNNEL_BAD_HEADER -> badHeader;
            case HeaderError.TUNNEL_UNKNOWN_ID -> unknownId;
            default -> DropReason.TRUNCATED;
        };
    }
}
