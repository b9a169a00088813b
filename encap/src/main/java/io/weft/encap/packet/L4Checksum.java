package io.weft.encap.packet;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;

/**
 * The checksum field of TCP and UDP headers in frames from a veth. The field alone shows which of three kinds it is:
 *
 * <ul>
 * <li>{@link #NONE}: UDP with 0, or another protocol. It is never changed.
 * <li>{@link #PARTIAL}: the sender left the sum to its device (CHECKSUM_PARTIAL). The field holds the folded sum of the pseudo-header,
 * <i>not</i> complemented. NAT changes it by the addresses only, because it does not cover the ports yet. It must be
 * {@linkplain #complete(long, int, int) completed} before the frame goes to a wire; for a veth, the kernel can be asked to do that.
 * <li>{@link #FULL}: a checksum, right or wrong. NAT changes it by addresses and ports (RFC 1624), so a wrong one stays wrong.
 * </ul>
 *
 * <p>A full checksum equals the pseudo-header's sum by chance in one of 65535 messages. Completing such a message recomputes the checksum,
 * so a right one stays right.
 *
 * <p>Classify whole messages only: the pseudo-header of a first fragment has the length of the datagram, which is not known. The kernel
 * never leaves a fragment's checksum partial, so a fragment is {@link #FULL}. Threads: any. Allocation: none.
 */
public final class L4Checksum {
    public static final int NONE = 0;
    public static final int PARTIAL = 1;
    public static final int FULL = 2;

    private static final int NO_FIELD = 0x1_0000;

    private L4Checksum() {
    }

    /** Offset of the field in the TCP or UDP header (the kernel's csum_offset); past the end of any packet for other protocols. */
    public static int fieldOffset(int protocol) {
        if (protocol == IpProtocol.IPPROTO_TCP) { return TcpHeader.CHECKSUM_OFFSET; }
        return protocol == IpProtocol.IPPROTO_UDP ? UdpHeader.CHECKSUM_OFFSET : NO_FIELD;
    }

    /**
     * Determines which kind of checksum a whole, validated message has.
     *
     * @param l4Length bytes of IP payload (total length minus header)
     * @return {@link #NONE}, {@link #PARTIAL} or {@link #FULL}
     */
    public static int classify(long ipAt, long l4At, int l4Length, int protocol) {
        int offset = fieldOffset(protocol);
        if (offset == NO_FIELD) { return NONE; }
        int field = Memory.u16(l4At + offset);
        if (field == 0 && protocol == IpProtocol.IPPROTO_UDP) { return NONE; }
        return field == InternetChecksum.fold(InternetChecksum.pseudoHeader4(ipAt, l4Length)) ? PARTIAL : FULL;
    }

    /** Whether {@link #classify} returns {@link #PARTIAL}. */
    public static boolean isPartial(long ipAt, long l4At, int l4Length, int protocol) {
        return classify(ipAt, l4At, l4Length, protocol) == PARTIAL;
    }

    /**
     * Completes a partial checksum in software. The current field is part of the sum: it stands for the pseudo-header.
     *
     * @param l4Length bytes of IP payload, as for {@link #classify}
     */
    public static void complete(long l4At, int l4Length, int protocol) {
        complete(l4At, protocol, InternetChecksum.sum(l4At, l4Length));
    }

    /** Like {@link #complete(long, int, int)}, for a payload in several segments, given its {@link InternetChecksum#sum}. */
    public static void complete(long l4At, int protocol, long sum) {
        int checksum = ~InternetChecksum.fold(sum) & 0xFFFF;
        Memory.putU16(l4At + fieldOffset(protocol), toWire(checksum, protocol));
    }

    /**
     * Updates the field for a translation whose deltas ({@link InternetChecksum}) were computed before.
     *
     * @param kind from {@link #classify}
     * @param addressDelta of the addresses
     * @param fullDelta of addresses and ports
     */
    public static void applyDelta(int kind, long l4At, int protocol, int addressDelta, int fullDelta) {
        if (kind == NONE) { return; }
        long at = l4At + fieldOffset(protocol);
        int field = Memory.u16(at);
        int changed = kind == PARTIAL
            ? InternetChecksum.addDelta(field, addressDelta)
            : toWire(InternetChecksum.update(field, fullDelta), protocol);
        Memory.putU16(at, changed);
    }

    private static int toWire(int checksum, int protocol) {
        return protocol == IpProtocol.IPPROTO_UDP ? InternetChecksum.udpValue(checksum) : checksum;
    }
}
