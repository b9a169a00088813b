package io.weft.encap.packet;

/**
 * Negative results of the {@code validate} methods of this package: why a header was refused. The values are dense from -1 downwards, so
 * that a caller can map them to its drop reasons with an array indexed by {@code -code}.
 */
public final class HeaderError {
    /** The header is valid. */
    public static final int NONE = 0;
    /** The frame ends before the header does. */
    public static final int TRUNCATED = -1;

    public static final int IP4_BAD_VERSION = -2;
    /** IHL below 5. */
    public static final int IP4_BAD_IHL = -3;
    /** Total length smaller than the header. */
    public static final int IP4_BAD_TOTAL_LENGTH = -4;
    /** The total length exceeds the frame: the frame was truncated, or the field is wrong. */
    public static final int IP4_TOTAL_LENGTH_PAST_FRAME = -5;

    public static final int IP4_BAD_CHECKSUM = -6;
    /** An option has length 0 or 1, or ends outside the header. */
    public static final int IP4_BAD_OPTION = -7;
    /** Loose or strict source routing. */
    public static final int IP4_SOURCE_ROUTE = -8;
    /** A fragment that would end past 65535 bytes. */
    public static final int IP4_FRAGMENT_PAST_END = -9;
    /** The length of the payload is 0 or not a multiple of 8 bytes, in a fragment other than the last. */
    public static final int IP4_FRAGMENT_BAD_LENGTH = -10;
    /** A first fragment does not hold the whole TCP or UDP header, or a TCP fragment has offset 8 (RFC 1858). */
    public static final int IP4_FRAGMENT_TINY = -11;
    /** The IP payload ends before the transport header does. */
    public static final int L4_TRUNCATED = -12;
    /** TCP data offset below 5 words or past the segment. */
    public static final int TCP_BAD_OFFSET = -13;
    /** UDP length below 8 or past the IP payload. */
    public static final int UDP_BAD_LENGTH = -14;
    /** ARP for something other than IPv4 over Ethernet. */
    public static final int ARP_UNSUPPORTED = -15;
    /** A tunnel header without what its encapsulation requires (VXLAN: the I flag). */
    public static final int TUNNEL_BAD_HEADER = -16;
    /** The packet that an ICMP error quotes is cut before its ports, is not IPv4, or is a later fragment. */
    public static final int ICMP_BAD_QUOTE = -17;
    /** A tunnel header with an identifier other than the tunnel's (VXLAN: the VNI). */
    public static final int TUNNEL_UNKNOWN_ID = -18;
    /** Number of codes, including {@link #NONE}: the size of a table indexed by {@code -code}. */
    public static final int COUNT = 19;

    private HeaderError() {
    }
}
