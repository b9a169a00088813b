package io.weft.perf.micro;

import io.weft.dataplane.detached.DetachedNode;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;
import io.weft.encap.tunnel.VxlanHeader;

/**
 * UDP from other nodes' pods, in the tunnel, as it arrives from the uplink: to this node's pods, or replies to what the node has sent with
 * its own address as the source.
 */
final class TunnelFrames extends Frames {
    /** Outer Ethernet, IPv4, UDP, VXLAN. */
    static final int OUTER = EthernetHeader.LENGTH + Ipv4Header.LENGTH + UdpHeader.LENGTH + VxlanHeader.LENGTH;

    private static final int ENTROPY_PORT = 49_152;

    /** By flow: the port that the node has given it; null for frames to pods. */
    private final char[] nodePorts;

    private TunnelFrames(long composed, char[] nodePorts) {
        super(composed, OUTER + LENGTH, IpProtocol.IPPROTO_UDP);
        this.nodePorts = nodePorts;
    }

    /** To pods. */
    static TunnelFrames of(DetachedNode node) {
        return of(node, podIp(0), null);
    }

    /** To the node's address among pods, with the ports of flows whose sources it has translated. */
    static TunnelFrames toNode(DetachedNode node, char[] ports) {
        return of(node, NodeSetup.BASE_IP, ports);
    }

    private static TunnelFrames of(DetachedNode node, int destination, char[] ports) {
        long at = node.map(OUTER + LENGTH);
        EthernetHeader.write(at, NodeSetup.UPLINK_MAC, NodeSetup.ROUTER_MAC, EthernetHeader.ETH_P_IP);
        Ipv4Header.write(at + IP, 0, OUTER - IP + LENGTH, IpProtocol.IPPROTO_UDP, NodeSetup.FIRST_PEER_IP,
            NodeSetup.NODE_IP);
        varyOuter(at, NodeSetup.FIRST_PEER_IP);
        Ipv4Header.writeChecksum(at + IP);
        UdpHeader.write(at + L4, ENTROPY_PORT, NodeSetup.OVERLAY_PORT, OUTER - L4 + LENGTH);
        UdpHeader.setChecksum(at + L4, 0);
        VxlanHeader.write(at + L4 + UdpHeader.LENGTH, NodeSetup.VNI);
        compose(at + OUTER, NodeSetup.VTEP_MAC, NodeSetup.FIRST_PEER_VTEP_MAC, IpProtocol.IPPROTO_UDP, 0,
            NodeSetup.backendIp(0), destination, DESTINATION_PORT, NodeSetup.BACKEND_PORT);
        return new TunnelFrames(at, ports);
    }

    @Override
    void add(FrameBatch batch, long at, int word) {
        int flow = flow(word);
        int backend = backend(word);
        writeTemplate(at);
        varyOuter(at, NodeSetup.FIRST_PEER_IP + NodeSetup.peerOf(backend));
        int destination = nodePorts == null ? podIp(flow) : NodeSetup.BASE_IP;
        int port = nodePorts == null ? clientPort(flow) : nodePorts[flow];
        vary(at + OUTER, NodeSetup.backendIp(backend), destination, DESTINATION_PORT, port);
        batch.add(at, OUTER + LENGTH, PortId.UPLINK);
    }

    private static void varyOuter(long at, int peerIp) {
        Memory.putU16(at + SOURCE_LOW, peerIp);
        Memory.putU16(at + IP_ID, ~peerIp);
    }
}
