package io.weft.nativebindings.netlink;

/**
 * The next hop of a route.
 *
 * @param gateway the next router's IPv4 address as a number, 0 if destinations are on the link itself
 * @param ifindex the device; in a route to be installed, 0 for the device that reaches the gateway
 * @param weight share among a route's next hops, 1 or more
 * @param flags RTNH_F_ flags of {@code <linux/rtnetlink.h>}
 * @param inet6Gateway whether the next router has an IPv6 address (RTA_VIA), which is not decoded
 */
public record NextHop(int gateway, int ifindex, int weight, int flags, boolean inet6Gateway) {
    public static final int RTNH_F_DEAD = 1;
    public static final int RTNH_F_ONLINK = 4;
    public static final int RTNH_F_LINKDOWN = 16;

    /** False if the device is down or has lost its carrier. */
    public boolean isUsable() {
        return (flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) == 0;
    }
}
