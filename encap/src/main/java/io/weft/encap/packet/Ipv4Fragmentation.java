package io.weft.encap.packet;

import io.weft.encap.memory.Memory;

/**
 * Writes the headers of the fragments into which a router splits an IPv4 packet (RFC 791 section 3.2, RFC 1812 section 4.2.2.7). The packet
 * may be a fragment itself. The caller has checked that DF is clear.
 */
public final class Ipv4Fragmentation {
    /** Smallest MTU that IPv4 allows (RFC 791). */
    public static final int MIN_MTU = 68;
    /** Fragment offsets count units of this many bytes. */
    public static final int UNIT = 8;

    private static final int COPIED = 0x80;

    private Ipv4Fragmentation() {
    }

    /** Maximum payload in bytes of a fragment that is not the last, with a header of this length: a multiple of {@link #UNIT}. */
    public static int payload(int mtu, int headerLength) {
        return (mtu - headerLength) & -UNIT;
    }

    /** Header length of all fragments except the first: they omit the options that must not be copied. */
    public static int laterHeaderLength(long ipAt) {
        int length = Ipv4Header.LENGTH;
        long end = ipAt + Ipv4Header.headerLength(ipAt);
        for (long at = ipAt + Ipv4Header.LENGTH; at < end; at += optionLength(at, end)) {
            length += isCopied(at) ? optionLength(at, end) : 0;
        }
        return (length + 3) & ~3;
    }

    /**
     * Writes the header of one fragment.
     *
     * @param ipAt the packet, whose header and options are valid
     * @param target address of the fragment's header; must not overlap the packet's header
     * @param offset of the fragment's payload in the packet's payload, a multiple of {@link #UNIT}; if not 0, only options that are to be
     *     copied are written
     * @param payload bytes of payload of the fragment
     * @return the length of the header written
     */
    public static int writeHeader(long ipAt, long target, int offset, int payload) {
        int headerLength = offset == 0 ? Ipv4Header.headerLength(ipAt) : laterHeaderLength(ipAt);
        if (offset == 0) {
            Memory.copy(ipAt, target, headerLength);
        } else {
            Memory.copy(ipAt, target, Ipv4Header.LENGTH);
            copyOptions(ipAt, target, headerLength);
        }
        boolean more = Ipv4Header.hasMoreFragments(ipAt) || offset + payload < Ipv4Header.payloadLength(ipAt);
        Ipv4Header.setFragment(target, headerLength, headerLength + payload, Ipv4Header.fragmentOffset(ipAt) + offset,
            more);
        return headerLength;
    }

    private static void copyOptions(long ipAt, long target, int headerLength) {
        long to = target + Ipv4Header.LENGTH;
        long end = ipAt + Ipv4Header.headerLength(ipAt);
        for (long at = ipAt + Ipv4Header.LENGTH; at < end; at += optionLength(at, end)) {
            if (isCopied(at)) {
                Memory.copy(at, to, optionLength(at, end));
                to += optionLength(at, end);
            }
        }
        for (; to < target + headerLength; to++) {
            Memory.putU8(to, Ipv4Options.IPOPT_END);
        }
    }

    private static boolean isCopied(long option) {
        return (Memory.u8(option) & COPIED) != 0;
    }

    /** Length of an option; the end-of-list option counts as the rest of the header. */
    private static int optionLength(long at, long end) {
        return switch (Memory.u8(at)) {
            case Ipv4Options.IPOPT_END -> (int) (end - at);
            case Ipv4Options.IPOPT_NOOP -> 1;
            default -> Memory.u8(at + 1);
        };
    }
}
