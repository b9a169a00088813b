package io.weft.nativebindings.netlink;

import java.util.List;

/**
 * An IPv4 route, read from the kernel or to be installed. Immutable; {@link #to} starts one and the other methods refine it: {@code
 * Route.to(0x0AF40200, 24).via(gateway, ifindex).onLink().source(self)}.
 *
 * @param table RT_TABLE_ number
 * @param destination network address as a number
 * @param type RTN_ value
 * @param scope RT_SCOPE_ value
 * @param protocol RTPROT_ value: the program that installed it
 * @param source preferred source address (RTA_PREFSRC), 0 for the kernel's choice
 * @param metric RTA_PRIORITY, the lowest wins
 * @param mtu RTAX_MTU, 0 for the device's
 * @param nextHops empty for types without a next hop, such as RTN_BLACKHOLE; several for a multipath route
 */
public record Route(
    int table,
    int destination,
    int prefixLength,
    int type,
    int scope,
    int protocol,
    int source,
    int metric,
    int mtu,
    List<NextHop> nextHops) {
    /** Constants of {@code <linux/rtnetlink.h>}. */
    public static final int RT_TABLE_MAIN = 254;

    public static final int RT_TABLE_LOCAL = 255;
    public static final int RTN_UNICAST = 1;
    public static final int RTN_LOCAL = 2;
    public static final int RTN_BROADCAST = 3;
    public static final int RTN_BLACKHOLE = 6;
    public static final int RTN_UNREACHABLE = 7;
    public static final int RTN_PROHIBIT = 8;
    public static final int RTN_THROW = 9;
    public static final int RT_SCOPE_UNIVERSE = 0;
    public static final int RT_SCOPE_LINK = 253;
    public static final int RT_SCOPE_HOST = 254;
    public static final int RTPROT_KERNEL = 2;
    public static final int RTPROT_BOOT = 3;
    public static final int RTPROT_STATIC = 4;

    public Route {
        nextHops = List.copyOf(nextHops);
    }

    /** A unicast route of the main table, of global scope, without next hop yet. Host bits of the destination must be 0. */
    public static Route to(int destination, int prefixLength) {
        return new Route(
            RT_TABLE_MAIN, destination, prefixLength, RTN_UNICAST, RT_SCOPE_UNIVERSE, RTPROT_STATIC, 0, 0, 0,
            List.of());
    }

    /** Through a router. */
    public Route via(int gateway, int ifindex) {
        return nextHops(List.of(new NextHop(gateway, ifindex, 1, 0, false)));
    }

    /** Destinations are neighbours on this device: scope link. */
    public Route device(int ifindex) {
        return nextHops(List.of(new NextHop(0, ifindex, 1, 0, false))).scope(RT_SCOPE_LINK);
    }

    /** The router counts as a neighbour on the device even if no prefix of the device covers it (RTNH_F_ONLINK). */
    public Route onLink() {
        return nextHops(nextHops.stream()
            .map(hop -> new NextHop(
                hop.gateway(), hop.ifindex(), hop.weight(), hop.flags() | NextHop.RTNH_F_ONLINK, hop.inet6Gateway()))
            .toList());
    }

    public Route source(int address) {
        return new Route(table, destination, prefixLength, type, scope, protocol, address, metric, mtu, nextHops);
    }

    public Route metric(int value) {
        return new Route(table, destination, prefixLength, type, scope, protocol, source, value, mtu, nextHops);
    }

    public Route mtu(int bytes) {
        return new Route(table, destination, prefixLength, type, scope, protocol, source, metric, bytes, nextHops);
    }

    public Route scope(int value) {
        return new Route(table, destination, prefixLength, type, value, protocol, source, metric, mtu, nextHops);
    }

    public Route type(int value) {
        return new Route(table, destination, prefixLength, value, scope, protocol, source, metric, mtu, nextHops);
    }

    public Route protocol(int value) {
        return new Route(table, destination, prefixLength, type, scope, value, source, metric, mtu, nextHops);
    }

    public Route table(int number) {
        return new Route(number, destination, prefixLength, type, scope, protocol, source, metric, mtu, nextHops);
    }

    public Route nextHops(List<NextHop> hops) {
        return new Route(table, destination, prefixLength, type, scope, protocol, source, metric, mtu, hops);
    }

    /** The first next hop's router, 0 if there is none. */
    public int gateway() {
        return nextHops.isEmpty() ? 0 : nextHops.getFirst().gateway();
    }

    /** The first next hop's device, 0 if there is none. */
    public int ifindex() {
        return nextHops.isEmpty() ? 0 : nextHops.getFirst().ifindex();
    }
}
