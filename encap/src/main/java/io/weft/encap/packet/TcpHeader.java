package io.weft.encap.packet;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;

/** TCP header (RFC 9293 section 3.1). {@code at} is the address of its first byte; call {@link #validate} once before reading. */
public final class TcpHeader {
    public static final int LENGTH = 20;
    public static final int CHECKSUM_OFFSET = 16;
    public static final int FIN = 0x01;
    public static final int SYN = 0x02;
    public static final int RST = 0x04;
    public static final int PSH = 0x08;
    public static final int ACK = 0x10;
    public static final int URG = 0x20;

    private static final int DESTINATION_PORT_OFFSET = 2;
    private static final int SEQUENCE_OFFSET = 4;
    private static final int ACKNOWLEDGEMENT_OFFSET = 8;
    private static final int DATA_OFFSET_OFFSET = 12;
    private static final int FLAGS_OFFSET = 13;
    private static final int WINDOW_OFFSET = 14;
    private static final int DATA_OFFSET_5 = 5 << 28;

    /** Flags that decide whether a combination is valid. PSH and the ECN flags do not matter. */
    public static final int MEANINGFUL = FIN | SYN | RST | ACK | URG;
    /**
     * One bit per combination of {@link #MEANINGFUL} flags that a TCP may send. Other combinations (null, Xmas, SYN+FIN) are scans or
     * errors.
     */
    public static final long VALID_COMBINATIONS = 1L << SYN | 1L << (SYN | URG) | 1L << (SYN | ACK) | 1L << RST
        | 1L << (RST | ACK)
        | 1L << (FIN | ACK) | 1L << (FIN | ACK | URG) | 1L << ACK | 1L << (ACK | URG);

    /** {@link #VALID_COMBINATIONS} without those that open a connection: SYN without ACK. */
    public static final long VALID_WITHIN_CONNECTION = VALID_COMBINATIONS & ~(1L << SYN | 1L << (SYN | URG));

    private TcpHeader() {
    }

    /**
     * @param l4Length bytes of IP payload
     * @return 0, {@link HeaderError#L4_TRUNCATED} or {@link HeaderError#TCP_BAD_OFFSET}
     */
    public static int validate(long at, int l4Length) {
        if (l4Length < LENGTH) { return HeaderError.L4_TRUNCATED; }
        int headerLength = headerLength(at);
        return headerLength < LENGTH || headerLength > l4Length ? HeaderError.TCP_BAD_OFFSET : HeaderError.NONE;
    }

    /** Whether a TCP may send this combination of {@link #flags}. The list is that of Linux conntrack. */
    public static boolean isValidCombination(int flags) {
        return (VALID_COMBINATIONS >>> (flags & MEANINGFUL) & 1) != 0;
    }

    public static int sourcePort(long at) {
        return Memory.u16(at);
    }

    public static int destinationPort(long at) {
        return Memory.u16(at + DESTINATION_PORT_OFFSET);
    }

    public static int sequence(long at) {
        return Memory.i32(at + SEQUENCE_OFFSET);
    }

    public static int acknowledgement(long at) {
        return Memory.i32(at + ACKNOWLEDGEMENT_OFFSET);
    }

    /** Data offset in bytes, options included. */
    public static int headerLength(long at) {
        return Memory.u8(at + DATA_OFFSET_OFFSET) >>> 4 << 2;
    }

    /** The byte with CWR, ECE, URG, ACK, PSH, RST, SYN, FIN. */
    public static int flags(long at) {
        return Memory.u8(at + FLAGS_OFFSET);
    }

    public static int window(long at) {
        return Memory.u16(at + WINDOW_OFFSET);
    }

    public static int checksum(long at) {
        return Memory.u16(at + CHECKSUM_OFFSET);
    }

    public static void setSourcePort(long at, int port) {
        Memory.putU16(at, port);
    }

    public static void setDestinationPort(long at, int port) {
        Memory.putU16(at + DESTINATION_PORT_OFFSET, port);
    }

    public static void setChecksum(long at, int checksum) {
        Memory.putU16(at + CHECKSUM_OFFSET, checksum);
    }

    /** Writes a 20-byte header without options; urgent pointer and checksum are 0. */
    public static void write(long at, int sourcePort, int destinationPort, int sequence, int acknowledgement, int flags,
        int window) {
        Memory.putI32(at, sourcePort << 16 | destinationPort);
        Memory.putI32(at + SEQUENCE_OFFSET, sequence);
        Memory.putI32(at + ACKNOWLEDGEMENT_OFFSET, acknowledgement);
        Memory.putI32(at + DATA_OFFSET_OFFSET, DATA_OFFSET_5 | flags << 16 | window);
        Memory.putI32(at + CHECKSUM_OFFSET, 0);
    }

    /**
     * Turns the segment at {@code ipAt} in place into the reset that answers it if its connection does not exist (RFC 9293 section
     * 3.10.7.1). The segment must have valid IP and TCP headers and must not be a fragment. IP options, TCP options and data are removed;
     * both checksums are complete. The reset keeps the segment's DSCP and is not ECN-capable, as required for control segments (RFC 3168).
     *
     * @return the total length of the reset; or 0 if the segment is itself a reset, which must not be answered, and the frame is unchanged
     */
    public static int writeReset(long ipAt) {
        long at = ipAt + Ipv4Header.headerLength(ipAt);
        int flags = flags(at);
        if ((flags & RST) != 0) { return 0; }
        boolean acknowledged = (flags & ACK) != 0;
        int sequence = acknowledged ? acknowledgement(at) : 0;
        int acknowledgement = acknowledged ? 0
            : sequence(at) + segmentLength(at, flags, Ipv4Header.payloadLength(ipAt));
        return writeReset(ipAt, Layer4.ports(at), sequence, acknowledgement, acknowledged ? RST : RST | ACK);
    }

    private static int writeReset(long ipAt, int ports, int sequence, int acknowledgement, int flags) {
        int totalLength = Ipv4Header.LENGTH + LENGTH;
        int tos = Ipv4Header.tos(ipAt) & ~Ecn.MASK;
        Ipv4Header.write(ipAt, tos, totalLength, IpProtocol.IPPROTO_TCP, Ipv4Header.destination(ipAt),
            Ipv4Header.source(ipAt));
        long at = ipAt + Ipv4Header.LENGTH;
        write(at, ports & 0xFFFF, ports >>> 16, sequence, acknowledgement, flags, 0);
        setChecksum(at, InternetChecksum.l4(ipAt, at, LENGTH));
        return totalLength;
    }

    /** SEG.LEN: data bytes, plus one each for SYN and FIN. */
    private static int segmentLength(long at, int flags, int l4Length) {
        return l4Length - headerLength(at) + (flags >>> 1 & 1) + (flags & FIN);
    }
}
