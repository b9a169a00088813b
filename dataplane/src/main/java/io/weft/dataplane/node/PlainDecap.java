package io.weft.dataplane.node;

import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.Ingress;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.state.PortKind;
import io.weft.dataplane.table.ForwardingTables;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.Ecn;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;
import io.weft.encap.tunnel.TunnelTemplate;
import io.weft.encap.tunnel.VxlanHeader;
import java.util.Arrays;

/** The short way's {@code vxlan4-decap}: the outer headers of frames that a known peer sent through the tunnel. */
final class PlainDecap extends PlainStage {
    private static final long LOW_32 = 0xFFFF_FFFFL;
    private static final int HALF = 0xFFFF;
    private static final int INNER_IP = TunnelTemplate.LENGTH;
    private static final int INNER_TYPE = INNER_IP - 2;
    private static final int LEAST = INNER_IP + Ipv4Header.LENGTH + UdpHeader.LENGTH;
    /** Of the UDP length: what is before the inner packet, and the least of that. */
    private static final int UDP_AND_LINK = UdpHeader.LENGTH + VxlanHeader.LENGTH + EthernetHeader.LENGTH;
    private static final int LEAST_UDP = UDP_AND_LINK + Ipv4Header.LENGTH + UdpHeader.LENGTH;
    /** Destination, and the group bit of the source. */
    private static final long ETHERNET_MASK = 0x0001_FFFF_FFFF_FFFFL;
    private static final long ADDRESS_AND_PORT_MASK = 0xFFFF_0000_FFFF_FFFFL;
    private static final int WIRE_IPV4 = PlainInput.swap16(EthernetHeader.ETH_P_IP);
    private static final int FLAG_VNI = 0x08;
    private static final int VNI_MASK = 0xFF_FFFF;
    private static final int PEERS = 1024;
    private static final int PEER_SHIFT = Integer.SIZE - 10;
    private static final int GOLDEN_RATIO = 0x9E37_79B1;
    /** Of the endpoint 255.255.255.255. */
    private static final long NO_PEER = -1;

    private final Turn turn;
    private long uplinkMac;
    private long addressAndPort;
    private int vni;
    /** Endpoint as on the wire 32 | peer, or a negative number for none, 32; by a hash of the endpoint. Of {@link #generation} of {@link #known}. */
    private final long[] peers = new long[PEERS];
    private ForwardingTables known;
    private long generation;

    PlainDecap(Turn turn) {
        super(NodeId.VXLAN4_DECAP);
        this.turn = turn;
    }

    /** Sets {@link PlainFrames#IP}, {@link PlainFrames#REMAINING} and {@link PlainFrames#TRAITS} of the uplink's frames that are plain. */
    @Override
    int process(FrameBatch batch, PlainFrames frames) {
        int count = frames.uplink.size;
        if (count > 0 && turn.ports().kind(PortDirectory.UPLINK_PORT) == PortKind.UPLINK) {
            begin();
            for (int n = 0; n < count; n++) {
                int frame = frames.uplink.index[n];
                outer(frames.words, frame * PlainFrames.WORDS, Memory.address(batch.at[frame]), batch.length[frame]);
            }
        }
        return count;
    }

    /** Takes what holds for one batch. */
    private void begin() {
        uplinkMac = Long.reverseBytes(turn.ports().localMac(PortDirectory.UPLINK_PORT) << 16);
        addressAndPort = Integer.reverseBytes(turn.local().address()) & LOW_32
            | (long) PlainInput.swap16(turn.local().overlayPort()) << 48;
        vni = Integer.reverseBytes(turn.local().vni() << 8);
        forgetChangedPeers();
    }

    /** The tables change in place, but a change counts from its generation on. */
    @SuppressWarnings("ReferenceEquality") // another file is another object
    private void forgetChangedPeers() {
        ForwardingTables tables = turn.tables();
        long now = tables.generation();
        if (tables != known || now != generation) {
            known = tables;
            generation = now;
            Arrays.fill(peers, NO_PEER);
        }
    }

    private void outer(long[] words, int line, long at, int length) {
        if (length < LEAST) { return; }
        long first = Memory.nativeI64(at + 14);
        long second = Memory.nativeI64(at + 22);
        long third = Memory.nativeI64(at + 30);
        long udpAndVxlan = Memory.nativeI64(at + 38);
        long headerSum = (first & LOW_32) + (first >>> 32) + (second & LOW_32) + (second >>> 32) + (third & LOW_32);
        int totalLength = PlainInput.swap16((int) (first >>> 16));
        int udpLength = PlainInput.swap16((int) udpAndVxlan);
        int negative = length - EthernetHeader.LENGTH - totalLength | totalLength - Ipv4Header.LENGTH - udpLength
            | udpLength - LEAST_UDP;
        int differences = (int) (second >>> 8) & 0xFF ^ IpProtocol.IPPROTO_UDP
            | (int) (udpAndVxlan >>> 32) & FLAG_VNI ^ FLAG_VNI
            | Memory.nativeI32(at + 46) & VNI_MASK ^ vni
            | Memory.nativeU16(at + 12) ^ WIRE_IPV4 | Memory.nativeU16(at + INNER_TYPE) ^ WIRE_IPV4
            | InternetChecksum.fold(headerSum) ^ HALF;
        long odd = (Memory.nativeI64(at) ^ uplinkMac) & ETHERNET_MASK
            | (third ^ addressAndPort) & ADDRESS_AND_PORT_MASK
            | first & PlainInput.FORM_MASK ^ PlainInput.FORM;
        if ((odd | differences | negative >>> 31) == 0) {
            inner(words, line, at + INNER_IP, udpLength - UDP_AND_LINK, (int) (first >>> 8), (int) (second >>> 32));
        }
    }

    private void inner(long[] words, int line, long ip, int remaining, int outerTos, int endpoint) {
        int innerTos = Memory.u8(ip + 1);
        int slot = endpoint * GOLDEN_RATIO >>> PEER_SHIFT;
        long entry = peers[slot];
        int peer = (int) ((int) (entry >>> 32) == endpoint ? entry : find(slot, endpoint));
        if (peer >= 0 && Ecn.decapsulate(outerTos, innerTos) == Ecn.of(innerTos)) {
            words[line + PlainFrames.IP] = ip;
            words[line + PlainFrames.REMAINING] = remaining;
            words[line + PlainFrames.TRAITS] = Ingress.tunnel(peer);
        }
    }

    private long find(int slot, int wireEndpoint) {
        long peer = known.peerByEndpoint(Integer.reverseBytes(wireEndpoint));
        peers[slot] = (long) wireEndpoint << 32 | peer & LOW_32;
        return peer;
    }
}
