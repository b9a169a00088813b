package io.weft.encap.packet;

import io.weft.encap.address.Ipv4Address;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;

/**
 * ICMP for IPv4 (RFC 792): the header, and the errors that a router sends (RFC 1812 section 4.3). {@code at} is the address of the first
 * ICMP byte. Types and codes are spelt as in {@code <linux/icmp.h>}. {@link QuotedPacket} reads the packet that an error quotes.
 */
public final class Icmp4Header {
    public static final int LENGTH = 8;
    public static final int ICMP_ECHOREPLY = 0;
    public static final int ICMP_DEST_UNREACH = 3;
    public static final int ICMP_SOURCE_QUENCH = 4;
    public static final int ICMP_REDIRECT = 5;
    public static final int ICMP_ECHO = 8;
    public static final int ICMP_TIME_EXCEEDED = 11;
    public static final int ICMP_PARAMETERPROB = 12;

    public static final int ICMP_NET_UNREACH = 0;
    public static final int ICMP_HOST_UNREACH = 1;
    public static final int ICMP_PROT_UNREACH = 2;
    public static final int ICMP_PORT_UNREACH = 3;
    public static final int ICMP_FRAG_NEEDED = 4;
    public static final int ICMP_PKT_FILTERED = 13;
    public static final int ICMP_EXC_TTL = 0;

    /** Bytes of the headers that an error puts before the packet it quotes; the packet needs this much headroom. */
    public static final int ERROR_HEADERS_LENGTH = Ipv4Header.LENGTH + LENGTH;
    /** An error has at most 576 bytes (RFC 1812 section 4.3.2.3), so that it need not be fragmented. */
    private static final int MAX_QUOTE_LENGTH = 576 - ERROR_HEADERS_LENGTH;
    /** IPTOS_PREC_INTERNETCONTROL: the precedence of errors (RFC 1812 section 4.3.2.5). */
    private static final int INTERNET_CONTROL = 0xC0;

    private static final int IPTOS_TOS_MASK = 0x1C;
    private static final int CHECKSUM_OFFSET = 2;
    private static final int IDENTIFIER_OFFSET = 4;
    private static final int SEQUENCE_OFFSET = 6;
    /** One bit per type; set for the types that are errors. */
    private static final long ERROR_TYPES = 1L << ICMP_DEST_UNREACH | 1L << ICMP_SOURCE_QUENCH | 1L << ICMP_REDIRECT
        | 1L << ICMP_TIME_EXCEEDED | 1L << ICMP_PARAMETERPROB;

    private Icmp4Header() {
    }

    /**
     * @param l4Length bytes of IP payload
     * @return 0 or {@link HeaderError#L4_TRUNCATED}
     */
    public static int validate(int l4Length) {
        return l4Length >= LENGTH ? HeaderError.NONE : HeaderError.L4_TRUNCATED;
    }

    public static int type(long at) {
        return Memory.u8(at);
    }

    public static int code(long at) {
        return Memory.u8(at + 1);
    }

    public static int checksum(long at) {
        return Memory.u16(at + CHECKSUM_OFFSET);
    }

    /** Identifier of an echo request or reply. */
    public static int identifier(long at) {
        return Memory.u16(at + IDENTIFIER_OFFSET);
    }

    /** Sequence number of an echo request or reply. */
    public static int sequence(long at) {
        return Memory.u16(at + SEQUENCE_OFFSET);
    }

    /** Next-hop MTU of "fragmentation needed" (RFC 1191); 0 from a router that does not report it. */
    public static int mtu(long at) {
        return Memory.u16(at + SEQUENCE_OFFSET);
    }

    /** Whether a message of this type quotes the packet that caused it. */
    public static boolean isError(int type) {
        return type < Long.SIZE && (ERROR_TYPES >>> type & 1) != 0;
    }

    /** Whether this type is an echo request or reply: only these carry an identifier. */
    public static boolean isEcho(int type) {
        return type == ICMP_ECHO || type == ICMP_ECHOREPLY;
    }

    /** Does not check the value: the caller computes the checksum. */
    public static void setChecksum(long at, int checksum) {
        Memory.putU16(at + CHECKSUM_OFFSET, checksum);
    }

    /** Sets the identifier of an echo and updates the checksum (RFC 1624). */
    public static void setIdentifier(long at, int identifier) {
        int delta = InternetChecksum.delta16(identifier(at), identifier);
        Memory.putU16(at + IDENTIFIER_OFFSET, identifier);
        applyDelta(at, delta);
    }

    /** Applies a delta (see {@link InternetChecksum}) to the message's checksum. */
    public static void applyDelta(long at, int delta) {
        setChecksum(at, InternetChecksum.update(checksum(at), delta));
    }

    /**
     * Turns an echo request into its reply in place: swaps the addresses, changes the type and resets the TTL. Both checksums are updated,
     * not recomputed, so a request with a bad checksum gets a reply with a bad one.
     */
    public static void echoReply(long ipAt, long at) {
        Ipv4Header.swapAddresses(ipAt);
        Ipv4Header.setTtl(ipAt, Ipv4Header.DEFAULT_TTL);
        Memory.putU8(at, ICMP_ECHOREPLY);
        applyDelta(at, InternetChecksum.delta16(ICMP_ECHO << 8, ICMP_ECHOREPLY << 8));
    }

    /**
     * Whether a router may answer the packet at {@code ipAt} with an error (RFC 1812 section 4.3.2.7). It may not if the packet is a later
     * fragment, if its source or destination cannot be a host's address ({@link Ipv4Address#isMartian}), or if the packet is an ICMP error
     * or too short to show that it is not. The IP header must be valid.
     */
    public static boolean mayAnswerWithError(long ipAt) {
        if (Ipv4Header.isLaterFragment(ipAt) || Ipv4Address.isMartian(Ipv4Header.source(ipAt))
            || Ipv4Address.isMartian(Ipv4Header.destination(ipAt))) {
            return false;
        }
        return Ipv4Header.protocol(ipAt) != IpProtocol.IPPROTO_ICMP || isHarmlessIcmp(ipAt);
    }

    private static boolean isHarmlessIcmp(long ipAt) {
        return Ipv4Header.payloadLength(ipAt) >= LENGTH && !isError(type(ipAt + Ipv4Header.headerLength(ipAt)));
    }

    /** Time exceeded in transit; see {@link #writeError}. */
    public static int writeTimeExceeded(long ipAt, int source) {
        return writeError(ipAt, source, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0);
    }

    /** Fragmentation needed and DF set, with the next hop's MTU (RFC 1191); see {@link #writeError}. */
    public static int writeFragmentationNeeded(long ipAt, int source, int mtu) {
        return writeError(ipAt, source, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu);
    }

    /** Destination unreachable with one of its codes; see {@link #writeError}. */
    public static int writeUnreachable(long ipAt, int source, int code) {
        return writeError(ipAt, source, ICMP_DEST_UNREACH, code, 0);
    }

    /**
     * Puts an error before the packet that caused it: an IPv4 and an ICMP header of together 28 bytes ({@link #ERROR_HEADERS_LENGTH})
     * directly before {@code ipAt}, where the caller must have that much headroom. The packet itself stays and becomes the quote. Both
     * checksums are complete.
     *
     * @param ipAt the packet in error, with a valid IP header and all of its total length inside the frame; the error goes to its source
     * @param source address that the error comes from
     * @return the total length of the error, whose IP header is at {@code ipAt} - 28
     */
    private static int writeError(long ipAt, int source, int type, int code, int rest) {
        int quoteLength = Math.min(Ipv4Header.totalLength(ipAt), MAX_QUOTE_LENGTH);
        int tos = Ipv4Header.tos(ipAt) & IPTOS_TOS_MASK | INTERNET_CONTROL;
        int totalLength = ERROR_HEADERS_LENGTH + quoteLength;
        long at = ipAt - LENGTH;
        Memory.putI32(at, type << 24 | code << 16);
        Memory.putI32(at + IDENTIFIER_OFFSET, rest);
        setChecksum(at, InternetChecksum.of(at, LENGTH + quoteLength));
        Ipv4Header.write(at - Ipv4Header.LENGTH, tos, totalLength, IpProtocol.IPPROTO_ICMP, source,
            Ipv4Header.source(ipAt));
        return totalLength;
    }
}
