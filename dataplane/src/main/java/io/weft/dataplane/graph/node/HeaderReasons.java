package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.encap.packet.HeaderError;

/** The drop reason of each {@link HeaderError}. */
final class HeaderReasons {
    private static final DropReason[] REASONS = new DropReason[HeaderError.COUNT];

    static {
        set(HeaderError.TRUNCATED, DropReason.TRUNCATED);
        set(HeaderError.IP4_BAD_VERSION, DropReason.IP4_BAD_VERSION);
        set(HeaderError.IP4_BAD_IHL, DropReason.IP4_BAD_IHL);
        set(HeaderError.IP4_BAD_TOTAL_LENGTH, DropReason.IP4_BAD_TOTAL_LENGTH);
        set(HeaderError.IP4_TOTAL_LENGTH_PAST_FRAME, DropReason.TRUNCATED);
        set(HeaderError.IP4_BAD_CHECKSUM, DropReason.IP4_BAD_CHECKSUM);
        set(HeaderError.IP4_BAD_OPTION, DropReason.IP4_OPTIONS);
        set(HeaderError.IP4_SOURCE_ROUTE, DropReason.IP4_SOURCE_ROUTE);
        set(HeaderError.IP4_FRAGMENT_PAST_END, DropReason.FRAG_PAST_END);
        set(HeaderError.IP4_FRAGMENT_BAD_LENGTH, DropReason.FRAG_BAD_LENGTH);
        set(HeaderError.IP4_FRAGMENT_TINY, DropReason.FRAG_TINY);
        set(HeaderError.L4_TRUNCATED, DropReason.L4_TRUNCATED);
        set(HeaderError.TCP_BAD_OFFSET, DropReason.TCP_BAD_OFFSET);
        set(HeaderError.UDP_BAD_LENGTH, DropReason.UDP_BAD_LENGTH);
        set(HeaderError.ARP_UNSUPPORTED, DropReason.ARP_MALFORMED);
        set(HeaderError.ICMP_BAD_QUOTE, DropReason.ICMP_BAD_QUOTE);
    }

    private HeaderReasons() {
    }

    /** @param error not {@link HeaderError#NONE} */
    static DropReason of(int error) {
        return REASONS[-error];
    }

    private static void set(int error, DropReason reason) {
        REASONS[-error] = reason;
    }
}
