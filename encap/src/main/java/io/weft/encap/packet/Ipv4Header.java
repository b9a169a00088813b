package io.weft.encap.packet;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import java.nio.ByteOrder;

/**
 * IPv4 header (RFC 791). {@code at} is the address of its first byte. Call {@link #validate} once with the bytes left in the frame; if it
 * returns 0, every accessor here stays inside the frame. Addresses are numeric, lengths in bytes.
 */
public final class Ipv4Header {
    public static final int LENGTH = 20;
    public static final int MAX_LENGTH = 60;
    public static final int MAX_TOTAL_LENGTH = 0xFFFF;
    public static final int DEFAULT_TTL = 64;

    /** Delta ({@link InternetChecksum}) of the header's sum when the TTL decreases by one. */
    public static final int TTL_DECREMENT_DELTA = 0xFEFF;

    private static final int TOS_OFFSET = 1;
    private static final int TOTAL_LENGTH_OFFSET = 2;
    private static final int ID_OFFSET = 4;
    private static final int FRAGMENT_OFFSET = 6;
    private static final int TTL_OFFSET = 8;
    private static final int PROTOCOL_OFFSET = 9;
    public static final int CHECKSUM_OFFSET = 10;
    private static final int SOURCE_OFFSET = 12;
    public static final int DESTINATION_OFFSET = 16;

    private static final int VERSION_4_IHL_5 = 0x45;
    private static final int IP_DF = 0x4000;
    private static final int IP_MF = 0x2000;
    private static final int OFFSET_MASK = 0x1FFF;
    private static final int FRAGMENT_MASK = IP_MF | OFFSET_MASK;

    private Ipv4Header() {
    }

    // -- validation --------------------------------------------------------------------------------------------------

    /**
     * Checks version, IHL, total length and checksum. A frame may be longer than the total length (Ethernet padding).
     *
     * @param remaining bytes from {@code at} to the end of the frame
     * @return 0, {@link HeaderError#TRUNCATED} or one of its {@code IP4_} codes
     */
    public static int validate(long at, int remaining) {
        if (remaining < LENGTH) { return HeaderError.TRUNCATED; }
        if (Memory.u8(at) == VERSION_4_IHL_5 && remaining >= totalLength(at) && totalLength(at) >= LENGTH) {
            return InternetChecksum.isValidIpv4HeaderWithoutOptions(at) ? HeaderError.NONE
                : HeaderError.IP4_BAD_CHECKSUM;
        }
        return validateSlowly(at, remaining);
    }

    private static int validateSlowly(long at, int remaining) {
        int structure = validateLengths(at, remaining);
        if (structure != HeaderError.NONE) { return structure; }
        return InternetChecksum.ipv4Header(at, headerLength(at)) == 0 ? HeaderError.NONE : HeaderError.IP4_BAD_CHECKSUM;
    }

    private static int validateLengths(long at, int remaining) {
        if (version(at) != 4) { return HeaderError.IP4_BAD_VERSION; }
        int headerLength = headerLength(at);
        if (headerLength < LENGTH) { return HeaderError.IP4_BAD_IHL; }
        if (headerLength > remaining) { return HeaderError.TRUNCATED; }
        int totalLength = totalLength(at);
        if (totalLength < headerLength) { return HeaderError.IP4_BAD_TOTAL_LENGTH; }
        return totalLength > remaining ? HeaderError.IP4_TOTAL_LENGTH_PAST_FRAME : HeaderError.NONE;
    }

    /**
     * Checks a fragment ({@link #isFragment}) with a valid header.
     *
     * @return 0 or one of the {@code IP4_FRAGMENT_} codes
     */
    public static int validateFragment(long at) {
        int length = payloadLength(at);
        int offset = fragmentOffset(at);
        if (offset + length > MAX_TOTAL_LENGTH - headerLength(at)) { return HeaderError.IP4_FRAGMENT_PAST_END; }
        if (length == 0 || hasMoreFragments(at) && (length & 7) != 0) { return HeaderError.IP4_FRAGMENT_BAD_LENGTH; }
        return isTiny(protocol(at), offset, length) ? HeaderError.IP4_FRAGMENT_TINY : HeaderError.NONE;
    }

    private static boolean isTiny(int protocol, int offset, int length) {
        if (protocol == IpProtocol.IPPROTO_TCP) { return offset == 0 ? length < TcpHeader.LENGTH : offset == 8; }
        return protocol == IpProtocol.IPPROTO_UDP && offset == 0 && length < UdpHeader.LENGTH;
    }

    // -- fields ------------------------------------------------------------------------------------------------------

    public static int version(long at) {
        return Memory.u8(at) >>> 4;
    }

    /** Header length in bytes, including options. */
    public static int headerLength(long at) {
        return (Memory.u8(at) & 0x0F) << 2;
    }

    public static int optionsLength(long at) {
        return headerLength(at) - LENGTH;
    }

    public static boolean hasOptions(long at) {
        return Memory.u8(at) != VERSION_4_IHL_5;
    }

    /** DSCP and ECN, the former TOS byte. */
    public static int tos(long at) {
        return Memory.u8(at + TOS_OFFSET);
    }

    public static int totalLength(long at) {
        return Memory.u16(at + TOTAL_LENGTH_OFFSET);
    }

    public static int payloadLength(long at) {
        return totalLength(at) - headerLength(at);
    }

    public static int id(long at) {
        return Memory.u16(at + ID_OFFSET);
    }

    public static boolean dontFragment(long at) {
        return (Memory.u16(at + FRAGMENT_OFFSET) & IP_DF) != 0;
    }

    public static boolean hasMoreFragments(long at) {
        return (Memory.u16(at + FRAGMENT_OFFSET) & IP_MF) != 0;
    }

    /** Offset in bytes. */
    public static int fragmentOffset(long at) {
        return (Memory.u16(at + FRAGMENT_OFFSET) & OFFSET_MASK) << 3;
    }

    /** Whether the packet is a fragment of a datagram: first, middle or last. */
    public static boolean isFragment(long at) {
        return (Memory.u16(at + FRAGMENT_OFFSET) & FRAGMENT_MASK) != 0;
    }

    /** Whether the packet is a fragment without the transport header. */
    public static boolean isLaterFragment(long at) {
        return (Memory.u16(at + FRAGMENT_OFFSET) & OFFSET_MASK) != 0;
    }

    public static int ttl(long at) {
        return Memory.u8(at + TTL_OFFSET);
    }

    public static int protocol(long at) {
        return Memory.u8(at + PROTOCOL_OFFSET);
    }

    public static int checksum(long at) {
        return Memory.u16(at + CHECKSUM_OFFSET);
    }

    public static int source(long at) {
        return Memory.i32(at + SOURCE_OFFSET);
    }

    public static int destination(long at) {
        return Memory.i32(at + DESTINATION_OFFSET);
    }

    /** Source in the upper half, destination in the lower half; a single load. */
    public static long addresses(long at) {
        return Memory.i64(at + SOURCE_OFFSET);
    }

    // -- writes that leave the checksum to the caller ---------------------------------------------------------------

    public static void setSource(long at, int address) {
        Memory.putI32(at + SOURCE_OFFSET, address);
    }

    public static void setDestination(long at, int address) {
        Memory.putI32(at + DESTINATION_OFFSET, address);
    }

    /** Sets both addresses, packed as in {@link #addresses}. */
    public static void setAddresses(long at, long addresses) {
        Memory.putI64(at + SOURCE_OFFSET, addresses);
    }

    /** Sets both addresses in memory order: one load and one store without a byte swap. */
    public static void setAddressesRaw(long at, long addresses) {
        Memory.putNativeI64(at + SOURCE_OFFSET, addresses);
    }

    /** The destination in a word that {@link #setAddressesRaw} stores. */
    public static int destinationOfRaw(long addresses) {
        return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? (int) addresses : (int) Long.reverseBytes(addresses);
    }

    public static void setChecksum(long at, int checksum) {
        Memory.putU16(at + CHECKSUM_OFFSET, checksum);
    }

    // -- writes that update the checksum: a wrong one stays wrong ----------------------------------------------------

    /** Applies a delta (see {@link InternetChecksum}) to the header's checksum. */
    public static void applyDelta(long at, int delta) {
        setChecksum(at, InternetChecksum.update(checksum(at), delta));
    }

    /** TTL must be above 0. */
    public static void decrementTtl(long at) {
        Memory.putU8(at + TTL_OFFSET, ttl(at) - 1);
        applyDelta(at, TTL_DECREMENT_DELTA);
    }

    /**
     * Decrements the TTL, which must be above 0, and updates the checksum also for another change. TTL and checksum are in one word.
     *
     * @param delta of the other change, as in {@link InternetChecksum}
     */
    public static void decrementTtl(long at, int delta) {
        int word = Memory.i32(at + TTL_OFFSET);
        int checksum = InternetChecksum.update(word & 0xFFFF, InternetChecksum.addDelta(delta, TTL_DECREMENT_DELTA));
        Memory.putI32(at + TTL_OFFSET, (word & 0xFFFF_0000) - (1 << 24) | checksum);
    }

    /**
     * Sets both addresses and decrements the TTL, with one checksum update. The TTL must be above 0.
     *
     * @param addresses packed as in {@link #addresses}
     * @param delta of the addresses and the TTL ({@link #TTL_DECREMENT_DELTA}) together
     */
    public static void rewriteAndDecrementTtl(long at, long addresses, int delta) {
        setAddresses(at, addresses);
        Memory.putU8(at + TTL_OFFSET, ttl(at) - 1);
        applyDelta(at, delta);
    }

    public static void setTtl(long at, int ttl) {
        int old = Memory.u16(at + TTL_OFFSET);
        int fresh = ttl << 8 | old & 0xFF;
        Memory.putU16(at + TTL_OFFSET, fresh);
        applyDelta(at, InternetChecksum.delta16(old, fresh));
    }

    /** DSCP and ECN. */
    public static void setTos(long at, int tos) {
        int delta = InternetChecksum.delta16(tos(at), tos);
        Memory.putU8(at + TOS_OFFSET, tos);
        applyDelta(at, delta);
    }

    /**
     * Completes a header of 20 bytes whose TOS and total length are 0 and that has, in place of its checksum, the sum of the others of its words (not its
     * complement).
     */
    public static void complete(long at, int tos, int totalLength) {
        Memory.putI32(at, VERSION_4_IHL_5 << 24 | tos << 16 | totalLength);
        // RFC 1624 from a base with both fields 0: the new words are simply added to the sum.
        setChecksum(at, ~InternetChecksum.fold32(checksum(at) + totalLength + tos));
    }

    public static void setTotalLengthAndChecksum(long at, int totalLength) {
        int delta = InternetChecksum.delta16(totalLength(at), totalLength);
        Memory.putU16(at + TOTAL_LENGTH_OFFSET, totalLength);
        applyDelta(at, delta);
    }

    /**
     * Turns a header into that of a fragment, with DF clear, and computes its checksum.
     *
     * @param offset of the payload in the datagram, in bytes, a multiple of 8
     */
    static void setFragment(long at, int headerLength, int totalLength, int offset, boolean more) {
        Memory.putU8(at, 4 << 4 | headerLength >>> 2);
        Memory.putU16(at + TOTAL_LENGTH_OFFSET, totalLength);
        Memory.putU16(at + FRAGMENT_OFFSET, (more ? IP_MF : 0) | offset >>> 3);
        writeChecksum(at);
    }

    /** Swaps source and destination; the checksum does not change. */
    public static void swapAddresses(long at) {
        setAddresses(at, Long.rotateRight(addresses(at), 32));
    }

    /** Computes the checksum of the current header and stores it. */
    public static void writeChecksum(long at) {
        setChecksum(at, 0);
        setChecksum(at, InternetChecksum.ipv4Header(at, headerLength(at)));
    }

    /**
     * Writes a 20-byte header for a datagram that originates here: DF set, identification 0 (an atomic datagram, RFC 6864 section 4), TTL
     * {@link #DEFAULT_TTL}.
     */
    public static void write(long at, int tos, int totalLength, int protocol, int source, int destination) {
        Memory.putI32(at, VERSION_4_IHL_5 << 24 | tos << 16 | totalLength);
        Memory.putI32(at + ID_OFFSET, IP_DF);
        Memory.putI32(at + TTL_OFFSET, DEFAULT_TTL << 24 | protocol << 16);
        Memory.putI32(at + SOURCE_OFFSET, source);
        Memory.putI32(at + DESTINATION_OFFSET, destination);
        setChecksum(at, InternetChecksum.ipv4Header(at, LENGTH));
    }
}
