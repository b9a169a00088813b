package io.weft.encap.packet;

import io.weft.encap.memory.Memory;

/** What TCP and UDP have in common, and the choice between the transport headers. */
public final class Layer4 {
    private Layer4() {
    }

    /**
     * Checks the transport header behind a valid IP header, not of a later fragment. Protocols not known here pass.
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
     * As {@link #validate}, of a first fragment: its header has to be whole, but a UDP length counts the whole datagram.
     *
     * @param l4Length bytes of IP payload in this fragment
     * @return 0 or a {@link HeaderError}
     */
    public static int validateFirstFragment(int protocol, long at, int l4Length) {
        if (protocol == IpProtocol.IPPROTO_UDP) { return UdpHeader.validateFirstFragment(at, l4Length); }
        return validate(protocol, at, l4Length) == HeaderError.L4_TRUNCATED ? HeaderError.IP4_FRAGMENT_TINY
            : validate(protocol, at, l4Length);
    }

    /** Source port in the upper, destination port in the lower 16 bits: one load. TCP and UDP only. */
    public static int ports(long at) {
        return Memory.i32(at);
    }

    /** Both ports, packed as {@link #ports} gives them; the caller settles the checksum. */
    public static void setPorts(long at, int ports) {
        Memory.putI32(at, ports);
    }
}
