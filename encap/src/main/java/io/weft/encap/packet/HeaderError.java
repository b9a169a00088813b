package io.weft.encap.packet;

/**
 * Why a header was refused: the negative results of the {@code validate} methods of this package. The values are
 * dense from -1 downwards, so a caller maps them to its drop reasons with an array indexed by {@code -code}.
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
    /** Total length larger than what the frame holds: a cut frame, or a lie. */
    public static final int IP4_TOTAL_LENGTH_PAST_FRAME = -5;

    public static final int IP4_BAD_CHECKSUM = -6;
    /** An option of length 0 or 1, or one that ends outside the header. */
    public static final int IP4_BAD_OPTION = -7;
    /** Loose or strict source routing. */
    public static final int IP4_SOURCE_ROUTE = -8;
    /** A fragment that would end past 65535 bytes. */
    public static final int IP4_FRAGMENT_PAST_END = -9;
    /** Not the last fragment, and its payload is empty or no multiple of 8 bytes. */
    public static final int IP4_FRAGMENT_BAD_LENGTH = -10;
    /** A first fragment without the whole TCP or UDP header, or a TCP fragment at offset 8 (RFC 1858). */
    public static final int IP4_FRAGMENT_TINY = -11;
    /** The IP payload ends before the transport header does. */
    public static final int L4_TRUNCATED = -12;
    /** TCP data offset below 5 words or past the segment. */
    public static final int TCP_BAD_OFFSET = -13;
    /** UDP length below 8 or past the IP payload. */
    public static final int UDP_BAD_LENGTH = -14;
    /** ARP for something else than IPv4 over Ethernet. */
    public static final int ARP_UNSUPPORTED = -15;
    /** VXLAN without the I flag. */
    public static final int VXLAN_NO_I_FLAG = -16;
    /** An ICMP error whose quoted packet is cut before its ports, is no IPv4, or is a later fragment. */
    public static final int ICMP_BAD_QUOTE = -17;
    /** Number of codes, {@link #NONE} included: the size of a table indexed by {@code -code}. */
    public static final int COUNT = 18;

    private HeaderError() {
    }
}
