package io.weft.encap.packet;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;

/** UDP header (RFC 768). {@code at} is the address of its first byte; call {@link #validate} once before reading. */
public final class UdpHeader {
    public static final int LENGTH = 8;
    public static final int CHECKSUM_OFFSET = 6;

    public static final int DESTINATION_PORT_OFFSET = 2;
    private static final int LENGTH_OFFSET = 4;

    private UdpHeader() {
    }

    /**
     * Accepts a UDP length below the IP payload, as Linux does; the remaining bytes are not part of the datagram.
     *
     * @param l4Length bytes of IP payload
     * @return 0, {@link HeaderError#L4_TRUNCATED} or {@link HeaderError#UDP_BAD_LENGTH}
     */
    public static int validate(long at, int l4Length) {
        if (l4Length < LENGTH) { return HeaderError.L4_TRUNCATED; }
        int length = length(at);
        return length < LENGTH || length > l4Length ? HeaderError.UDP_BAD_LENGTH : HeaderError.NONE;
    }

    /** Like {@link #validate}, but the UDP length also counts the payload of the other fragments. */
    static int validateFirstFragment(long at, int l4Length) {
        if (l4Length < LENGTH) { return HeaderError.IP4_FRAGMENT_TINY; }
        return length(at) < LENGTH ? HeaderError.UDP_BAD_LENGTH : HeaderError.NONE;
    }

    public static int sourcePort(long at) {
        return Memory.u16(at);
    }

    public static int destinationPort(long at) {
        return Memory.u16(at + DESTINATION_PORT_OFFSET);
    }

    /** Bytes of header and payload. */
    public static int length(long at) {
        return Memory.u16(at + LENGTH_OFFSET);
    }

    /** The checksum, or 0 if the sender computed none. */
    public static int checksum(long at) {
        return Memory.u16(at + CHECKSUM_OFFSET);
    }

    public static void setSourcePort(long at, int port) {
        Memory.putU16(at, port);
    }

    public static void setDestinationPort(long at, int port) {
        Memory.putU16(at + DESTINATION_PORT_OFFSET, port);
    }

    public static void setLength(long at, int length) {
        Memory.putU16(at + LENGTH_OFFSET, length);
    }

    public static void setChecksum(long at, int checksum) {
        Memory.putU16(at + CHECKSUM_OFFSET, checksum);
    }

    /**
     * Translates the header of a whole datagram with one load and one store: sets the ports and updates the checksum according to its kind
     * ({@link L4Checksum}).
     *
     * @param ports source in the upper half
     * @param partial whether the checksum is partial
     * @param addressDelta of the addresses
     * @param fullDelta of addresses and ports
     */
    public static void translate(long at, int ports, boolean partial, int addressDelta, int fullDelta) {
        long header = Memory.i64(at);
        int checksum = (int) header & 0xFFFF;
        if (checksum != 0) {
            checksum = partial
                ? InternetChecksum.addDelta(checksum, addressDelta)
                : InternetChecksum.udpValue(InternetChecksum.update(checksum, fullDelta));
        }
        Memory.putI64(at, (long) ports << 32 | header & 0xFFFF_0000L | checksum);
    }

    /** Writes all 8 bytes, with checksum 0. */
    public static void write(long at, int sourcePort, int destinationPort, int length) {
        Memory.putI32(at, sourcePort << 16 | destinationPort);
        Memory.putI32(at + LENGTH_OFFSET, length << 16);
    }
}
