package io.weft.encap.tunnel;

import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.HeaderError;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;

/**
 * How an IPv4 packet travels to another node: which headers stand in front of it. One constant describes one encapsulation, and both directions, on
 * the fast path and on the slow one, work from that description:
 *
 * <pre>
 *   Ethernet 14 | IPv4 20 | UDP 8, where the protocol is UDP | own header, 0, 4 or 8 | Ethernet 14, where there is an inner one | inner IPv4 packet
 * </pre>
 *
 * <p>Rules for the outer headers: DF is set and the identification is 0 (RFC 6864). The UDP checksum is 0 (RFC 7348 section 5, RFC 6935). The UDP
 * source port is 0xC000 + 14 bits of the inner flow's hash, so that equal-cost paths and receive queues are chosen by flow (RFC 7348 section 5).
 *
 * <p>Threads: any. Allocation: none, except in {@link #match}.
 */
public enum Encapsulation {
    /** RFC 7348. */
    VXLAN("vxlan", IpProtocol.IPPROTO_UDP, new OwnHeader(VxlanHeader.LENGTH, VxlanHeader.WITH_VNI, VxlanHeader.WITH_VNI,
        VxlanHeader.MAX_VNI, VxlanHeader.VNI_SHIFT), true);

    /** No encapsulation needs more bytes in front of the inner packet. They are one cache line. */
    public static final int MAX_LENGTH = 64;
    /** UDP source ports are 49152 to 65535. */
    public static final int SOURCE_PORT_BASE = 0xC000;
    public static final int SOURCE_PORT_MASK = 0x3FFF;

    private static final Encapsulation[] ALL = values();
    /** Where the header behind the outer IPv4 header begins. */
    private static final int L4_OFFSET = EthernetHeader.LENGTH + Ipv4Header.LENGTH;

    private final String label;
    private final int protocol;
    @SuppressWarnings("ImmutableEnumChecker") // a record of numbers
    private final OwnHeader own;
    private final boolean innerEthernet;
    private final int length;

    /**
     * The header that the encapsulation itself defines. Words are its 8 bytes in network byte order; a shorter header has the first of them.
     *
     * @param length 0, 4 or 8 bytes
     * @param bits what is sent, except the identifier
     * @param requiredBits those of {@code bits}, set or not, that a receiver insists on; it ignores the others
     * @param maxId the largest identifier, which has all its bits set; 0 if there is none
     * @param idShift of the identifier's lowest bit
     */
    private record OwnHeader(int length, long bits, long requiredBits, int maxId, int idShift) {
        long word(int id) {
            return bits | idBits(id);
        }

        long idBits(int id) {
            return (id & Integer.toUnsignedLong(maxId)) << idShift;
        }
    }

    Encapsulation(String label, int protocol, OwnHeader own, boolean innerEthernet) {
        this.label = label;
        this.protocol = protocol;
        this.own = own;
        this.innerEthernet = innerEthernet;
        length = EthernetHeader.LENGTH + Ipv4Header.LENGTH + (protocol == IpProtocol.IPPROTO_UDP ? UdpHeader.LENGTH : 0)
            + own.length
            + (innerEthernet ? EthernetHeader.LENGTH : 0);
    }

    /** The one with this ordinal, by which memory that processes share names it. No allocation. */
    public static Encapsulation of(int ordinal) {
        return ALL[ordinal];
    }

    /** The number of encapsulations: ordinals are below it. */
    public static int count() {
        return ALL.length;
    }

    /** Its name in configuration files, and flannel's name for such a backend. */
    public String label() {
        return label;
    }

    /** Of the outer IPv4 header. */
    public int protocol() {
        return protocol;
    }

    public boolean hasUdp() {
        return protocol == IpProtocol.IPPROTO_UDP;
    }

    public boolean hasInnerEthernet() {
        return innerEthernet;
    }

    /** Bytes in front of the inner IPv4 packet, the outer Ethernet header included. At most {@link #MAX_LENGTH}. */
    public int length() {
        return length;
    }

    /** Bytes by which the outer IPv4 packet is longer than the inner one. */
    public int overhead() {
        return length - EthernetHeader.LENGTH;
    }

    // -- sending -----------------------------------------------------------------------------------------------------

    /**
     * Writes all headers before a packet. Cold code: {@link TunnelTemplate} does the same from a template.
     *
     * @param ip inner IPv4 header; the {@link #length} bytes before it are overwritten
     * @param innerLength its total length
     * @param flowHash of the inner flow
     */
    public static void encap(long ip, int innerLength, int flowHash, Tunnel tunnel) {
        tunnel.encapsulation().write(ip, tunnel);
        tunnel.encapsulation().finish(ip, innerLength, flowHash, 0);
    }

    /**
     * Writes everything that all packets of a tunnel have in common into the {@link #length} bytes before {@code ip}: lengths, TOS and UDP source port are
     * 0, and in place of the outer IPv4 checksum is the sum of that header.
     */
    void write(long ip, Tunnel tunnel) {
        long at = ip - length;
        EthernetHeader.write(at, tunnel.nextHopMac(), tunnel.uplinkMac(), EthernetHeader.ETH_P_IP);
        long outer = at + EthernetHeader.LENGTH;
        Ipv4Header.write(outer, 0, 0, protocol, tunnel.source(), tunnel.destination());
        Ipv4Header.setChecksum(outer, ~Ipv4Header.checksum(outer));
        if (hasUdp()) {
            UdpHeader.write(at + L4_OFFSET, 0, tunnel.port(), 0);
        }
        writeOwnHeader(at + ownHeaderOffset(), tunnel.id());
        if (innerEthernet) {
            EthernetHeader.write(ip - EthernetHeader.LENGTH, tunnel.innerDestinationMac(), tunnel.innerSourceMac(),
                EthernetHeader.ETH_P_IP);
        }
    }

    private void writeOwnHeader(long at, int id) {
        if (own.length == Long.BYTES) {
            Memory.putI64(at, own.word(id));
        } else if (own.length == Integer.BYTES) {
            Memory.putI32(at, (int) (own.word(id) >>> Integer.SIZE));
        }
    }

    /**
     * Completes what {@link #write} has left open.
     *
     * @param ip inner IPv4 header
     * @param innerLength its total length; at most 65535 - {@link #overhead}
     * @param flowHash of the inner flow
     * @param tos outer TOS, see {@link io.weft.encap.packet.Ecn#encapsulate}
     */
    void finish(long ip, int innerLength, int flowHash, int tos) {
        long outer = ip - overhead();
        int total = innerLength + overhead();
        Ipv4Header.complete(outer, tos, total);
        if (hasUdp()) {
            UdpHeader.setSourcePort(outer + Ipv4Header.LENGTH, SOURCE_PORT_BASE | flowHash & SOURCE_PORT_MASK);
            UdpHeader.setLength(outer + Ipv4Header.LENGTH, total - Ipv4Header.LENGTH);
        }
    }

    // -- receiving ---------------------------------------------------------------------------------------------------

    /** Whether a packet with this protocol and, of UDP, destination port is one of a tunnel with this port. */
    public boolean carries(int itsProtocol, int destinationPort, int port) {
        return itsProtocol == protocol && (!hasUdp() || destinationPort == port);
    }

    /** Bytes of the header that the encapsulation itself defines: 0, 4 or 8. */
    public int ownHeaderLength() {
        return own.length;
    }

    /**
     * Checks its own header.
     *
     * @param at behind the outer IPv4 header, or UDP's
     * @param remaining bytes from there on
     * @param id the tunnel's identifier
     * @return {@link HeaderError#NONE}, {@link HeaderError#TRUNCATED}, {@link HeaderError#TUNNEL_BAD_HEADER} or {@link HeaderError#TUNNEL_UNKNOWN_ID}
     */
    public int validate(long at, int remaining, int id) {
        if (remaining < own.length) { return HeaderError.TRUNCATED; }
        if (own.length == 0) { return HeaderError.NONE; }
        long word = own.length == Long.BYTES ? Memory.i64(at) : (long) Memory.i32(at) << Integer.SIZE;
        long difference = word ^ own.word(id);
        if ((difference & own.requiredBits) != 0) { return HeaderError.TUNNEL_BAD_HEADER; }
        return (difference & own.idBits(-1)) != 0 ? HeaderError.TUNNEL_UNKNOWN_ID : HeaderError.NONE;
    }

    /** What {@link #carries} and {@link #validate} ask for, and the outer destination address, as words to compare with. */
    public TunnelMatch match(int destination, int port, int id) {
        TunnelMatch.Builder match = new TunnelMatch.Builder();
        match.i32(Ipv4Header.DESTINATION_OFFSET, destination, -1);
        if (hasUdp()) {
            match.u16(Ipv4Header.LENGTH + UdpHeader.DESTINATION_PORT_OFFSET, port);
        }
        int at = ownHeaderOffset() - EthernetHeader.LENGTH;
        long mask = own.requiredBits | own.idBits(-1);
        if (own.length > 0) {
            match.i32(at, (int) (own.word(id) >>> Integer.SIZE), (int) (mask >>> Integer.SIZE));
        }
        if (own.length == Long.BYTES) {
            match.i32(at + Integer.BYTES, (int) own.word(id), (int) mask);
        }
        return match.build();
    }

    private int ownHeaderOffset() {
        return L4_OFFSET + (hasUdp() ? UdpHeader.LENGTH : 0);
    }
}
