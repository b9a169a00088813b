package io.weft.encap.packet;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;

/**
 * The checksum field of TCP and UDP headers as frames from a veth carry it, where the field alone tells which of
 * three it is:
 *
 * <ul>
 *   <li>{@link #NONE}: UDP with 0, or another protocol. Nothing is ever changed.
 *   <li>{@link #PARTIAL}: the sender left the sum to its device (CHECKSUM_PARTIAL); the field holds the folded sum of
 *       the pseudo-header, <i>not</i> complemented. NAT changes it by the addresses only, since ports are not in it
 *       yet. Before a wire it must be {@linkplain #complete completed}; towards a veth the kernel can be asked to.
 *   <li>{@link #FULL}: a checksum, right or wrong. NAT changes it by addresses and ports (RFC 1624) and never repairs
 *       it.
 * </ul>
 *
 * A full checksum equals the pseudo-header's sum by chance in one of 65535 messages. Completing such a one recomputes
 * it: right stays right.
 *
 * <p>Classify whole messages only: a first fragment's pseudo-header has the length of the datagram, which is not
 * known; the kernel never leaves a fragment's checksum partial, so it is {@link #FULL}. Threads: any. Allocation:
 * none.
 */
public final class L4Checksum {
    public static final int NONE = 0;
    public static final int PARTIAL = 1;
    public static final int FULL = 2;

    private static final int NO_FIELD = 0x1_0000;

    private L4Checksum() {
    }

    /**
     * Offset of the field in the header of TCP or UDP (csum_offset of the kernel); past any packet for other
     * protocols.
     */
    public static int fieldOffset(int protocol) {
        if (protocol == IpProtocol.IPPROTO_TCP) { return TcpHeader.CHECKSUM_OFFSET; }
        return protocol == IpProtocol.IPPROTO_UDP ? UdpHeader.CHECKSUM_OFFSET : NO_FIELD;
    }

    /**
     * Tells which kind of checksum a whole, validated message carries.
     *
     * @param l4Length bytes of IP payload (total length less header)
     * @return {@link #NONE}, {@link #PARTIAL} or {@link #FULL}
     */
    public static int classify(long ipAt, long l4At, int l4Length, int protocol) {
        int offset = fieldOffset(protocol);
        if (offset == NO_FIELD) { return NONE; }
        int field = Memory.u16(l4At + offset);
        if (field == 0 && protocol == IpProtocol.IPPROTO_UDP) { return NONE; }
        return field == InternetChecksum.fold(InternetChecksum.pseudoHeader4(ipAt, l4Length)) ? PARTIAL : FULL;
    }

    /** Whether {@link #classify} says {@link #PARTIAL}. */
    public static boolean isPartial(long ipAt, long l4At, int l4Length, int protocol) {
        return classify(ipAt, l4At, l4Length, protocol) == PARTIAL;
    }

    /**
     * Completes a partial checksum in software. The field counts as it is: it stands for the pseudo-header.
     *
     * @param l4Length bytes of IP payload, as for {@link #classify}
     */
    public static void complete(long l4At, int l4Length, int protocol) {
        complete(l4At, protocol, InternetChecksum.sum(l4At, l4Length));
    }

    /** As {@link #complete(long, int, int)}, of a payload in several places with this {@link InternetChecksum#sum}. */
    public static void complete(long l4At, int protocol, long sum) {
        int checksum = ~InternetChecksum.fold(sum) & 0xFFFF;
        Memory.putU16(l4At + fieldOffset(protocol), toWire(checksum, protocol));
    }

    /**
     * Changes the field for a translation whose deltas (see {@link InternetChecksum}) were computed once.
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
