package io.weft.encap.packet;

/** Protocol numbers of the IPv4 header, spelt as in {@code <linux/in.h>}. */
public final class IpProtocol {
    public static final int IPPROTO_ICMP = 1;
    public static final int IPPROTO_IPIP = 4;
    public static final int IPPROTO_TCP = 6;
    public static final int IPPROTO_UDP = 17;
    public static final int IPPROTO_GRE = 47;
    public static final int IPPROTO_SCTP = 132;

    private IpProtocol() {
    }
}
