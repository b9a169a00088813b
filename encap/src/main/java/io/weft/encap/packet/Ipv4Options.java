package io.weft.encap.packet;

import io.weft.encap.memory.Memory;

/** Checks the options of an IPv4 header (RFC 791 section 3.1). Option names are as in {@code <linux/ip.h>}. */
public final class Ipv4Options {
    public static final int IPOPT_END = 0;
    public static final int IPOPT_NOOP = 1;
    public static final int IPOPT_LSRR = 131;
    public static final int IPOPT_SSRR = 137;

    private static final int SHORTEST_WITH_LENGTH = 2;

    private Ipv4Options() {
    }

    /**
     * Checks the options of a valid header. Each step advances by at least one byte and stays inside the header.
     *
     * @return 0 if a router that ignores options may forward the packet, {@link HeaderError#IP4_SOURCE_ROUTE} or
     *     {@link HeaderError#IP4_BAD_OPTION}
     */
    public static int validate(long ipAt, int headerLength) {
        long end = ipAt + headerLength;
        long at = ipAt + Ipv4Header.LENGTH;
        while (at < end) {
            int type = Memory.u8(at);
            if (type == IPOPT_END) { return HeaderError.NONE; }
            if (type == IPOPT_LSRR || type == IPOPT_SSRR) { return HeaderError.IP4_SOURCE_ROUTE; }
            int length = type == IPOPT_NOOP ? 1 : lengthOf(at, end);
            if (length == 0) { return HeaderError.IP4_BAD_OPTION; }
            at += length;
        }
        return HeaderError.NONE;
    }

    /** @return the length of the option at {@code at}, or 0 if the option is malformed or does not end before {@code end} */
    private static int lengthOf(long at, long end) {
        if (end - at < SHORTEST_WITH_LENGTH) { return 0; }
        int length = Memory.u8(at + 1);
        return length < SHORTEST_WITH_LENGTH || length > end - at ? 0 : length;
    }
}
