package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.packet.Ecn;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.HeaderError;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;
import io.weft.encap.tunnel.VxlanHeader;

/**
 * {@code vxlan4-decap}: takes the outer headers off IPv4 frames from the uplink that are addressed to our tunnel port by a known peer; exactly
 * one layer (RFC 7348). Other IPv4 frames pass to {@code ip4-input} as they are. Reserved bits and the outer UDP checksum are ignored; ECN
 * is carried inside as RFC 6040 says. The inner Ethernet addresses are not looked at.
 */
public final class Vxlan4Decap extends GraphNode {
    private static final int INNER_MIN = EthernetHeader.LENGTH + Ipv4Header.LENGTH;

    private final BatchContext context;
    private final DropNode drop;
    private final FrameList ip4;
    private final FirstFragments first;

    public Vxlan4Decap(BatchContext context, DropNode drop, Ip4Input ip4, FirstFragments first) {
        super(GraphNodeId.VXLAN4_DECAP);
        this.context = context;
        this.drop = drop;
        this.ip4 = ip4.in();
        this.first = first;
    }

    @Override
    public void process(FrameBatch batch) {
        int[] index = in().index;
        int size = in().size;
        for (int n = 0; n < size; n++) {
            int frame = index[n];
            long outer = batch.l3[frame];
            int error = Ipv4Header.validate(outer, batch.length[frame] - EthernetHeader.LENGTH);
            if (error != HeaderError.NONE) {
                drop.add(frame, error);
            } else if (isUdpToUs(outer)) {
                udp(batch, frame, outer);
            } else {
                ip4.add(frame);
            }
        }
    }

    private boolean isUdpToUs(long outer) {
        return Ipv4Header.protocol(outer) == IpProtocol.IPPROTO_UDP
            && Ipv4Header.destination(outer) == context.local4().address();
    }

    private void udp(FrameBatch batch, int frame, long outer) {
        long udp = outer + Ipv4Header.headerLength(outer);
        int length = Ipv4Header.payloadLength(outer);
        if (Ipv4Header.isFragment(outer)) {
            fragment(frame, outer, udp, length);
            return;
        }
        int error = UdpHeader.validate(udp, length);
        if (error != HeaderError.NONE) {
            drop.add(frame, error);
        } else if (UdpHeader.destinationPort(udp) != context.local().overlayPort()) {
            ip4.add(frame);
        } else {
            vxlan(batch, frame, outer, udp + UdpHeader.LENGTH, UdpHeader.length(udp) - UdpHeader.LENGTH);
        }
    }

    /** One of a tunnel packet is not put together again; the later ones of its datagram follow it to the same end. */
    private void fragment(int frame, long outer, long udp, int length) {
        if (Ipv4Header.isLaterFragment(outer) || length < UdpHeader.LENGTH
            || UdpHeader.destinationPort(udp) != context.local().overlayPort()) {
            ip4.add(frame);
        } else {
            first.expect(frame);
            drop.add(frame, DropReason.FRAG_OUTER);
        }
    }

    private void vxlan(FrameBatch batch, int frame, long outer, long vxlan, int remaining) {
        int peer = context.tables().peerByEndpoint(Ipv4Header.source(outer));
        long inner = vxlan + VxlanHeader.LENGTH;
        int length = remaining - VxlanHeader.LENGTH;
        DropReason refusal = refusal(peer, vxlan, remaining, inner);
        if (refusal != null) {
            drop.add(frame, refusal);
            return;
        }
        if (!carryEcn(outer, inner + EthernetHeader.LENGTH)) {
            drop.add(frame, DropReason.TUNNEL_ECN);
            return;
        }
        batch.at[frame] = inner;
        batch.length[frame] = length;
        batch.l3[frame] = inner + EthernetHeader.LENGTH;
        batch.ingress[frame] = Ingress.tunnel(peer);
        batch.flags[frame] = FrameBatch.FROM_TUNNEL;
        ip4.add(frame);
    }

    private DropReason refusal(int peer, long vxlan, int remaining, long inner) {
        int error = VxlanHeader.validate(vxlan, remaining);
        if (error != HeaderError.NONE) { return HeaderReasons.of(error); }
        if (VxlanHeader.vni(vxlan) != context.local().vni()) { return DropReason.VXLAN_UNKNOWN_VNI; }
        if (peer < 0) { return DropReason.VXLAN_UNKNOWN_PEER; }
        int length = remaining - VxlanHeader.LENGTH;
        if (length < EthernetHeader.LENGTH) { return DropReason.TRUNCATED; }
        if (EthernetHeader.type(inner) != EthernetHeader.ETH_P_IP) { return DropReason.VXLAN_INNER_TYPE; }
        return length < INNER_MIN ? DropReason.TRUNCATED : null;
    }

    /** @return false when the packet has to be dropped */
    public static boolean carryEcn(long outer, long inner) {
        int innerTos = Ipv4Header.tos(inner);
        int ecn = Ecn.decapsulate(Ipv4Header.tos(outer), innerTos);
        if (ecn == Ecn.DROP) { return false; }
        if (ecn != Ecn.of(innerTos)) {
            Ipv4Header.setTos(inner, innerTos & ~Ecn.MASK | ecn);
        }
        return true;
    }
}
