package io.weft.encap.packet;

import io.weft.encap.memory.Memory;

/** Fields that TCP and UDP share, and the dispatch to the transport header of a protocol. */
public final class Layer4 {
    private Layer4() {
    }

    /**
     * Checks the transport header of a packet with a valid IP header that is not a later fragment. Unknown protocols pass.
     *
     * @param l4Length bytes of IP payload
     * @return 0 or a {@link HeaderError}
     */
    public static int validate(int protocol, long at, int l4Length) {
        return switch (protocol) {
            case IpProtocol.IPPROTO_TCP -> TcpHeader.validate(at, l4Length);
            case IpProtocol.IPPROTO_UDP -> UdpHeader.validate(at, l4Length);
            case IpProtocol.IPPROTO_ICMP -> Icmp4Header.validate(l4Length);
            default -> HeaderError.NONE;
        };
    }

    /**
     * Like {@link #validate}, for a first fragment: it must hold the whole header, but a UDP length counts the whole datagram.
     *
     * @param l4Length bytes of IP payload in this fragment
     * @return 0 or a {@link HeaderError}
     */
    public static int validateFirstFragment(int protocol, long at, int l4Length) {
        if (protocol == IpProtocol.IPPROTO_UDP) { return UdpHeader.validateFirstFragment(at, l4Length); }
        return validate(protocol, at, l4Length) == HeaderError.L4_TRUNCATED ? HeaderError.IP4_FRAGMENT_TINY
            : validate(protocol, at, l4Length);
    }

    /** Source port in the upper, destination port in the lower 16 bits; a single load. TCP and UDP only. */
    public static int ports(long at) {
        return Memory.i32(at);
    }

    /** Sets both ports, packed as in {@link #ports}; the caller updates the checksum. */
    public static void setPorts(long at, int ports) {
        Memory.putI32(at, ports);
    }
}
