package io.weft.dataplane.warmup;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.encap.tunnel.Tunnel;

/** Writes frames into chunks. Each method takes the address of the frame's first byte and returns the frame's length. */
final class FrameWriter {
    private static final int IP_AT = EthernetHeader.LENGTH;
    static final int L4_AT = IP_AT + Ipv4Header.LENGTH;
    private static final int PAYLOAD = 64;
    private static final int WINDOW = 0x7FFF;

    private FrameWriter() {
    }

    /** A segment with a partial checksum, as a pod's stack sends it. */
    static int tcp(long at, long to, int source, int destination, int sport, int dport, int flags) {
        int length = TcpHeader.LENGTH + PAYLOAD;
        ip(at, to, IpProtocol.IPPROTO_TCP, source, destination, length);
        TcpHeader.write(at + L4_AT, sport, dport, 1, 1, flags, WINDOW);
        TcpHeader.setChecksum(at + L4_AT, InternetChecksum.fold(InternetChecksum.pseudoHeader4(at + IP_AT, length)));
        return L4_AT + length;
    }

    /** A datagram with a full checksum. */
    static int udp(long at, long to, int source, int destination, int sport, int dport, int payload) {
        int length = UdpHeader.LENGTH + payload;
        ip(at, to, IpProtocol.IPPROTO_UDP, source, destination, length);
        UdpHeader.write(at + L4_AT, sport, dport, length);
        Memory.zero(at + L4_AT + UdpHeader.LENGTH, payload);
        UdpHeader.setChecksum(at + L4_AT,
            InternetChecksum.udpValue(InternetChecksum.l4(at + IP_AT, at + L4_AT, length)));
        return L4_AT + length;
    }

    /** Like {@link #udp} without writing the payload; the checksum is left to the port. */
    static int udpHeaders(long at, long to, int source, int destination, int sport, int dport, int payload) {
        int length = UdpHeader.LENGTH + payload;
        ip(at, to, IpProtocol.IPPROTO_UDP, source, destination, length);
        UdpHeader.write(at + L4_AT, sport, dport, length);
        UdpHeader.setChecksum(at + L4_AT, InternetChecksum.fold(InternetChecksum.pseudoHeader4(at + IP_AT, length)));
        return L4_AT + length;
    }

    static int echo(long at, long to, int source, int destination, int identifier) {
        int length = Icmp4Header.LENGTH + PAYLOAD;
        ip(at, to, IpProtocol.IPPROTO_ICMP, source, destination, length);
        Memory.zero(at + L4_AT, length);
        Memory.putU8(at + L4_AT, Icmp4Header.ICMP_ECHO);
        Icmp4Header.setIdentifier(at + L4_AT, identifier);
        Icmp4Header.setChecksum(at + L4_AT, 0);
        Icmp4Header.setChecksum(at + L4_AT, InternetChecksum.of(at + L4_AT, length));
        return L4_AT + length;
    }

    /** An ICMP error about a datagram, from the host that the datagram went to. */
    static int unreachable(long at, long to, long from, int source, int destination, int sport, int dport) {
        long quoted = at + Icmp4Header.ERROR_HEADERS_LENGTH;
        udp(quoted, to, source, destination, sport, dport, PAYLOAD);
        int length = Icmp4Header.writeUnreachable(quoted + IP_AT, destination, Icmp4Header.ICMP_PORT_UNREACH);
        EthernetHeader.write(at, to, from, EthernetHeader.ETH_P_IP);
        return IP_AT + length;
    }

    /** Writes a tunnel's headers in front of the packet of an inner frame, which is at {@link #innerAt}. */
    static int tunnelled(long at, Tunnel tunnel, int innerLength) {
        int headers = tunnel.encapsulation().length();
        int packet = innerLength - EthernetHeader.LENGTH;
        Encapsulation.encap(at + headers, packet, 0, tunnel);
        return headers + packet;
    }

    /** Where an inner frame has to be written so that its packet is behind the headers of a frame at {@code at}. */
    static long innerAt(long at, Tunnel tunnel) {
        return at + tunnel.encapsulation().overhead();
    }

    /** Damages or changes a frame's IPv4 header and corrects its checksum. */
    static void setWord(long at, int offset, int value) {
        Memory.putU16(at + IP_AT + offset, value);
        Ipv4Header.setChecksum(at + IP_AT, 0);
        Ipv4Header.writeChecksum(at + IP_AT);
    }

    /** From pod A's MAC address, which only A's port checks. */
    private static void ip(long at, long to, int protocol, int source, int destination, int payload) {
        EthernetHeader.write(at, to, Scene.POD_A.podMac(), EthernetHeader.ETH_P_IP);
        Ipv4Header.write(at + IP_AT, 0, Ipv4Header.LENGTH + payload, protocol, source, destination);
        Ipv4Header.writeChecksum(at + IP_AT);
    }
}
