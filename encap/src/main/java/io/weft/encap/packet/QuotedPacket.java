package io.weft.encap.packet;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;

/**
 * The packet that an ICMP error quotes (RFC 792: its IP header and at least 8 more bytes). {@code icmpAt} is the address of the error's
 * ICMP header, {@code icmpLength} its IP payload length. Call {@link #validate} once, then read {@link #ipAt} with {@link Ipv4Header} and
 * {@link #l4At} with {@link Layer4#ports}. The total length in the quoted header is that of the original packet, not of the quote.
 */
public final class QuotedPacket {
    private static final int L4_LENGTH = 8;

    private QuotedPacket() {
    }

    /** @return 0 or {@link HeaderError#ICMP_BAD_QUOTE} */
    public static int validate(long icmpAt, int icmpLength) {
        int length = icmpLength - Icmp4Header.LENGTH;
        return length >= Ipv4Header.LENGTH && isReadable(ipAt(icmpAt), length) ? HeaderError.NONE
            : HeaderError.ICMP_BAD_QUOTE;
    }

    private static boolean isReadable(long ipAt, int length) {
        int headerLength = Ipv4Header.headerLength(ipAt);
        return Ipv4Header.version(ipAt) == 4 && headerLength >= Ipv4Header.LENGTH && headerLength + L4_LENGTH <= length
            && !Ipv4Header.isLaterFragment(ipAt);
    }

    /** Address of the quoted IP header. */
    public static long ipAt(long icmpAt) {
        return icmpAt + Icmp4Header.LENGTH;
    }

    /** Address of the quoted transport header, of which at least 8 bytes are present. */
    public static long l4At(long icmpAt) {
        return ipAt(icmpAt) + Ipv4Header.headerLength(ipAt(icmpAt));
    }

    /**
     * Translates the quoted packet of a TCP or UDP flow in place (RFC 5508 section 4.2): its addresses and ports, its IP checksum, its
     * transport checksum if the quote includes it, and the checksum of the error itself. Checksums are updated (RFC 1624), so wrong ones
     * stay wrong.
     *
     * @param addresses new, as {@link Ipv4Header#addresses}
     * @param ports new, as {@link Layer4#ports}
     */
    public static void rewrite(long icmpAt, int icmpLength, long addresses, int ports) {
        long ipAt = ipAt(icmpAt);
        long l4At = l4At(icmpAt);
        int addressDelta = InternetChecksum.delta64(Ipv4Header.addresses(ipAt), addresses);
        int portDelta = InternetChecksum.delta32(Layer4.ports(l4At), ports);
        int l4Delta = rewriteL4Checksum(ipAt, l4At, icmpAt + icmpLength, addressDelta, portDelta);
        Ipv4Header.setAddresses(ipAt, addresses);
        Ipv4Header.applyDelta(ipAt, addressDelta);
        Layer4.setPorts(l4At, ports);
        // The quoted IP header does not change this sum: its addresses and its checksum change by opposite amounts.
        Icmp4Header.applyDelta(icmpAt, InternetChecksum.addDelta(portDelta, l4Delta));
    }

    /** Like {@link #rewrite}, for the quoted packet of an ICMP echo. The error's own checksum need not change. */
    public static void rewriteEcho(long icmpAt, long addresses, int identifier) {
        long ipAt = ipAt(icmpAt);
        Ipv4Header.applyDelta(ipAt, InternetChecksum.delta64(Ipv4Header.addresses(ipAt), addresses));
        Ipv4Header.setAddresses(ipAt, addresses);
        Icmp4Header.setIdentifier(l4At(icmpAt), identifier);
    }

    /** @return the delta of the checksum field itself, or 0 if the quote does not include the field */
    private static int rewriteL4Checksum(long ipAt, long l4At, long end, int addressDelta, int portDelta) {
        int protocol = Ipv4Header.protocol(ipAt);
        long fieldAt = l4At + L4Checksum.fieldOffset(protocol);
        if (fieldAt + Short.BYTES > end) { return 0; }
        int old = Memory.u16(fieldAt);
        int kind = L4Checksum.classify(ipAt, l4At, Ipv4Header.payloadLength(ipAt), protocol);
        L4Checksum.applyDelta(kind, l4At, protocol, addressDelta, InternetChecksum.addDelta(addressDelta, portDelta));
        return InternetChecksum.delta16(old, Memory.u16(fieldAt));
    }
}
