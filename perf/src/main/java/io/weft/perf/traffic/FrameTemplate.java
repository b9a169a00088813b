package io.weft.perf.traffic;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.tunnel.VxlanHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The bytes that all frames of one {@link FrameSpec} and size share, and how to make one frame from them: with {@link #write} here, with
 * {@link LiveFrameProgram} in the kernel. Frames differ in the flow, the sequence number and the time.
 *
 * <p>The IPv4 identification is the complement of the source address's low half, so the header checksum is the same for all. The UDP
 * checksum is the sum of the constant words, {@link #constantSum}, and the words that vary. Immutable; any thread. {@link #write} does not
 * allocate.
 */
public final class FrameTemplate {
    public static final int ETHERNET_LENGTH = 14;
    public static final int IP_LENGTH = 20;
    public static final int UDP_LENGTH = 8;
    public static final int TUNNEL_LENGTH = 50;

    static final int IP_TOTAL_LENGTH = 2;
    static final int IP_ID = 4;
    static final int IP_CHECKSUM = 10;
    static final int IP_SOURCE_LOW = 14;
    static final int UDP_DESTINATION_PORT = 2;
    static final int UDP_TOTAL_LENGTH = 4;
    static final int UDP_CHECKSUM = 6;
    /** Offset of the outer source port from the outer header's first byte. */
    static final int OUTER_SOURCE_PORT = ETHERNET_LENGTH + IP_LENGTH;

    static final int ENTROPY_FIRST_PORT = 0xC000;
    static final int ENTROPY_MASK = 0x3FFF;
    private static final int IDENTIFICATION_COMPLEMENT = 0xFFFF;

    private final FrameSpec spec;
    private final int length;
    private final int ipAt;
    private final byte[] header;
    private final int constantSum;

    /** @param size one of the spec's sizes, with the FCS */
    public FrameTemplate(FrameSpec spec, int size) {
        this.spec = spec;
        int tunnelLength = spec.tunnel().isPresent() ? TUNNEL_LENGTH : 0;
        length = size - FrameSizes.FCS_LENGTH + tunnelLength;
        ipAt = tunnelLength + ETHERNET_LENGTH;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment frame = arena.allocate(length, Long.BYTES);
            writeInner(frame.address() + tunnelLength, length - tunnelLength);
            spec.tunnel().ifPresent(tunnel -> writeOuter(frame.address(), length, tunnel));
            constantSum = InternetChecksum.fold(InternetChecksum.pseudoHeader4(frame.address() + ipAt, udpLength())
                + InternetChecksum.sum(frame.address() + udpAt(), udpLength()));
            header = frame.asSlice(0, payloadAt() + (long) ProbePayload.LENGTH).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private void writeInner(long frame, int innerLength) {
        EthernetHeader.write(frame, spec.destinationMac(), spec.sourceMac(), EthernetHeader.ETH_P_IP);
        long ip = frame + ETHERNET_LENGTH;
        int source = variesSource() ? spec.source() & ~0xFFFF : spec.source();
        Ipv4Header.write(ip, 0, innerLength - ETHERNET_LENGTH, IpProtocol.IPPROTO_UDP, source, spec.destination());
        long udp = ip + IP_LENGTH;
        if (variesSource()) {
            Memory.putU16(ip + IP_ID, IDENTIFICATION_COMPLEMENT);
            Memory.putU16(ip + IP_CHECKSUM, 0);
            Memory.putU16(ip + IP_CHECKSUM, InternetChecksum.of(ip, IP_LENGTH));
            Memory.putU16(udp + UDP_DESTINATION_PORT, spec.destinationPort());
        }
        Memory.putU16(udp + UDP_TOTAL_LENGTH, innerLength - ETHERNET_LENGTH - IP_LENGTH);
        Memory.putI32(udp + UDP_LENGTH + ProbePayload.MAGIC_OFFSET, ProbePayload.MAGIC);
    }

    private static void writeOuter(long frame, int length, Tunnel tunnel) {
        EthernetHeader.write(frame, tunnel.destinationMac(), tunnel.sourceMac(), EthernetHeader.ETH_P_IP);
        long ip = frame + ETHERNET_LENGTH;
        Ipv4Header.write(ip, 0, length - ETHERNET_LENGTH, IpProtocol.IPPROTO_UDP, tunnel.source(),
            tunnel.destination());
        long udp = ip + IP_LENGTH;
        Memory.putU16(udp, ENTROPY_FIRST_PORT);
        Memory.putU16(udp + UDP_DESTINATION_PORT, tunnel.port());
        Memory.putU16(udp + UDP_TOTAL_LENGTH, length - ETHERNET_LENGTH - IP_LENGTH);
        VxlanHeader.write(udp + UDP_LENGTH, tunnel.vni());
    }

    /**
     * Writes the complete head of one frame, constant and variable; the remaining bytes must be zero.
     *
     * @param at address of the frame's first byte
     * @param time see {@link ProbePayload#TIME_OFFSET}
     */
    public void write(long at, int flow, int group, int sequence, long time) {
        Memory.copyIn(header, 0, at, header.length);
        Flows flows = spec.flows();
        int rest = flow / flows.ports();
        int sourcePort = flows.firstPort() + flow % flows.ports();
        long ip = at + ipAt;
        long udp = ip + IP_LENGTH;
        int moved = restValue(rest);
        if (variesSource()) {
            Memory.putU16(ip + IP_SOURCE_LOW, moved);
            Memory.putU16(ip + IP_ID, ~moved);
        } else {
            Memory.putU16(udp + UDP_DESTINATION_PORT, moved);
        }
        Memory.putU16(udp, sourcePort);
        if (spec.tunnel().isPresent()) {
            Memory.putU16(at + OUTER_SOURCE_PORT, ENTROPY_FIRST_PORT | flow & ENTROPY_MASK);
        }
        long payload = udp + UDP_LENGTH;
        Memory.putU16(payload + ProbePayload.GROUP_OFFSET, group);
        Memory.putI32(payload + ProbePayload.SEQUENCE_OFFSET, sequence);
        Memory.putI64(payload + ProbePayload.TIME_OFFSET, time);
        long sum = constantSum + sourcePort + moved + InternetChecksum.sum(
            payload + ProbePayload.GROUP_OFFSET, ProbePayload.LENGTH - ProbePayload.GROUP_OFFSET);
        Memory.putU16(udp + UDP_CHECKSUM, InternetChecksum.udpValue(~InternetChecksum.fold(sum) & 0xFFFF));
    }

    /** The value, for the flow, of the field that varies in addition to the source port. */
    private int restValue(int rest) {
        return restBase() + rest & 0xFFFF;
    }

    int restBase() {
        return variesSource() ? spec.source() & 0xFFFF : spec.destinationPort();
    }

    boolean variesSource() {
        return spec.flows().spread() == Flows.Spread.SOURCE_ADDRESS;
    }

    /** The head of a frame with the varying fields zero, including the UDP checksum. */
    byte[] header() {
        return header.clone();
    }

    /** Folded sum of the pseudo header and of everything in UDP that is the same in every frame. */
    int constantSum() {
        return constantSum;
    }

    /** Bytes of the frame in memory, without the FCS. */
    public int length() {
        return length;
    }

    int ipAt() {
        return ipAt;
    }

    int udpAt() {
        return ipAt + IP_LENGTH;
    }

    int payloadAt() {
        return udpAt() + UDP_LENGTH;
    }

    int ipLength() {
        return length - ipAt;
    }

    int udpLength() {
        return length - udpAt();
    }

    FrameSpec spec() {
        return spec;
    }
}
