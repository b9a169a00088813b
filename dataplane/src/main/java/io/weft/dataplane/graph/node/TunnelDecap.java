package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.TunnelCounters;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.table.Overlay;
import io.weft.encap.packet.Ecn;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.HeaderError;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;
import io.weft.encap.tunnel.Encapsulation;

/**
 * {@code vxlan4-decap}: removes the outer headers of IPv4 packets from the uplink that a known peer has sent through its tunnel to us; exactly one layer.
 * Other IPv4 packets pass to {@code ip4-input} unchanged. The outer UDP checksum is ignored; ECN is carried inside as RFC 6040 says. The inner Ethernet
 * addresses are not checked. {@link Encapsulation} says which headers these are, and {@link TunnelCounters} under which names the node counts.
 */
public final class TunnelDecap extends GraphNode {
    private final BatchContext context;
    private final DropNode drop;
    private final FrameList ip4;
    private final FirstFragments first;
    /** Of this batch. */
    private Overlay overlay;
    private Encapsulation encapsulation;

    public TunnelDecap(BatchContext context, DropNode drop, Ip4Input ip4, FirstFragments first) {
        this.context = context;
        this.drop = drop;
        this.ip4 = ip4.in();
        this.first = first;
    }

    @Override
    public GraphNodeId id() {
        return context.tunnelCounters().decap();
    }

    @Override
    public void process(FrameBatch batch) {
        overlay = context.local().overlay();
        encapsulation = overlay.encapsulation();
        int[] index = in().index;
        int size = in().size;
        for (int n = 0; n < size; n++) {
            int frame = index[n];
            long outer = batch.l3[frame];
            int error = Ipv4Header.validate(outer, batch.length[frame] - EthernetHeader.LENGTH);
            if (error != HeaderError.NONE) {
                drop.add(frame, error);
            } else
                if (Ipv4Header.destination(outer) != context.local4().address()
                    || Ipv4Header.protocol(outer) != encapsulation.protocol()) {
                        ip4.add(frame);
                    } else if (Ipv4Header.isFragment(outer)) {
                        fragment(frame, outer);
                    } else {
                        toUs(batch, frame, outer);
                    }
        }
    }

    /** One of a tunnel packet is not put together again; the later ones of its datagram follow it to the same end. */
    private void fragment(int frame, long outer) {
        long udp = outer + Ipv4Header.headerLength(outer);
        if (Ipv4Header.isLaterFragment(outer)
            || encapsulation.hasUdp() && (Ipv4Header.payloadLength(outer) < UdpHeader.LENGTH
                || UdpHeader.destinationPort(udp) != overlay.port())) {
            ip4.add(frame);
        } else {
            first.expect(frame);
            drop.add(frame, DropReason.FRAG_OUTER);
        }
    }

    private void toUs(FrameBatch batch, int frame, long outer) {
        long l4 = outer + Ipv4Header.headerLength(outer);
        int length = Ipv4Header.payloadLength(outer);
        if (!encapsulation.hasUdp()) {
            tunnelled(batch, frame, outer, l4, length);
            return;
        }
        int error = UdpHeader.validate(l4, length);
        if (error != HeaderError.NONE) {
            drop.add(frame, error);
        } else if (UdpHeader.destinationPort(l4) != overlay.port()) {
            ip4.add(frame);
        } else {
            tunnelled(batch, frame, outer, l4 + UdpHeader.LENGTH, UdpHeader.length(l4) - UdpHeader.LENGTH);
        }
    }

    /**
     * @param header the encapsulation's own header
     * @param remaining bytes from there on
     */
    private void tunnelled(FrameBatch batch, int frame, long outer, long header, int remaining) {
        int peer = context.tables().peerByEndpoint(Ipv4Header.source(outer));
        long inner = header + encapsulation.ownHeaderLength();
        int link = encapsulation.hasInnerEthernet() ? EthernetHeader.LENGTH : 0;
        int length = remaining - encapsulation.ownHeaderLength() - link;
        DropReason refusal = refusal(peer, header, remaining, inner, length);
        if (refusal != null) {
            drop.add(frame, refusal);
            return;
        }
        long ip = inner + link;
        if (!carryEcn(outer, ip)) {
            drop.add(frame, DropReason.TUNNEL_ECN);
            return;
        }
        // The nodes behind take every frame to have an Ethernet header. They read nothing of this one, which may still be the outer headers.
        batch.at[frame] = ip - EthernetHeader.LENGTH;
        batch.length[frame] = EthernetHeader.LENGTH + length;
        batch.l3[frame] = ip;
        batch.ingress[frame] = Ingress.tunnel(peer);
        batch.flags[frame] = FrameBatch.FROM_TUNNEL;
        ip4.add(frame);
    }

    /** @param length of what is behind the inner Ethernet header; negative when that is cut */
    private DropReason refusal(int peer, long header, int remaining, long inner, int length) {
        int error = encapsulation.validate(header, remaining, overlay.id());
        if (error != HeaderError.NONE) { return context.tunnelCounters().reason(error); }
        if (peer < 0) { return context.tunnelCounters().unknownPeer(); }
        if (length < 0) { return DropReason.TRUNCATED; }
        if (encapsulation.hasInnerEthernet() && EthernetHeader.type(inner) != EthernetHeader.ETH_P_IP) {
            return context.tunnelCounters().innerType();
        }
        return length < Ipv4Header.LENGTH ? DropReason.TRUNCATED : null;
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
