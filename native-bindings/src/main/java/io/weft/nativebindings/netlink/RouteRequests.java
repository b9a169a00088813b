package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.NetlinkAbi.*;
import static io.weft.nativebindings.netlink.RtnetlinkAbi.*;

/** Requests about IPv4 routes: struct rtmsg and its attributes. */
final class RouteRequests {
    private static final int HOST_PREFIX = 32;

    /** @param table 0 for all tables */
    static NetlinkRequest dump(int table) {
        NetlinkRequest request = new NetlinkRequest(RTM_GETROUTE, 0).u8(AF_INET).skip(SIZEOF_RTMSG - 1);
        return table == 0 ? request : request.u32(RTA_TABLE, table);
    }

    static NetlinkRequest lookup(int ip) {
        return new NetlinkRequest(RTM_GETROUTE, 0)
            .u8(AF_INET)
            .u8(HOST_PREFIX)
            .skip(RTM_FLAGS_OFFSET - 2)
            .u32(RTM_F_LOOKUP_TABLE)
            .ipv4(RTA_DST, ip);
    }

    static NetlinkRequest replace(Route route) {
        return write(NLM_F_CREATE | NLM_F_REPLACE, route);
    }

    static NetlinkRequest add(Route route) {
        return write(NLM_F_CREATE | NLM_F_EXCL, route);
    }

    private static NetlinkRequest write(int flags, Route route) {
        if (route.nextHops().stream().anyMatch(NextHop::inet6Gateway)) {
            throw new IllegalArgumentException("a route through an IPv6 router cannot be written");
        }
        NetlinkRequest request = new NetlinkRequest(RTM_NEWROUTE, flags);
        struct(request, route, route.scope());
        if (route.source() != 0) {
            request.ipv4(RTA_PREFSRC, route.source());
        }
        if (route.mtu() != 0) {
            int metrics = request.begin(RTA_METRICS);
            request.u32(RTAX_MTU, route.mtu());
            request.end(metrics);
        }
        return request;
    }

    static NetlinkRequest delete(Route route) {
        return struct(new NetlinkRequest(RTM_DELROUTE, 0), route, RT_SCOPE_NOWHERE);
    }

    /** struct rtmsg and the attributes that identify a route. */
    private static NetlinkRequest struct(NetlinkRequest request, Route route, int scope) {
        request.u8(AF_INET).u8(route.prefixLength()).u8(0).u8(0);
        request.u8(route.table() < 256 ? route.table() : RT_TABLE_COMPAT);
        request.u8(route.protocol()).u8(scope).u8(route.type());
        request.u32(route.nextHops().size() == 1 ? flags(route.nextHops().getFirst()) : 0);
        request.u32(RTA_TABLE, route.table());
        if (route.prefixLength() > 0) {
            request.ipv4(RTA_DST, route.destination());
        }
        if (route.metric() != 0) {
            request.u32(RTA_PRIORITY, route.metric());
        }
        return addNextHops(request, route);
    }

    private static NetlinkRequest addNextHops(NetlinkRequest request, Route route) {
        if (route.nextHops().size() > 1) { return addMultipath(request, route); }
        for (NextHop hop : route.nextHops()) {
            if (hop.ifindex() != 0) {
                request.u32(RTA_OIF, hop.ifindex());
            }
            addGateway(request, hop);
        }
        return request;
    }

    private static NetlinkRequest addMultipath(NetlinkRequest request, Route route) {
        int multipath = request.begin(RTA_MULTIPATH);
        for (NextHop hop : route.nextHops()) {
            int start = request.position();
            request.u16(0).u8(flags(hop)).u8(hop.weight() - 1).u32(hop.ifindex());
            addGateway(request, hop);
            request.end(start);
        }
        request.end(multipath);
        return request;
    }

    /** Of the flags only this one is a request; the others report what the kernel found. */
    private static int flags(NextHop hop) {
        return hop.flags() & NextHop.RTNH_F_ONLINK;
    }

    private static void addGateway(NetlinkRequest request, NextHop hop) {
        if (hop.gateway() != 0) {
            request.ipv4(RTA_GATEWAY, hop.gateway());
        }
    }

    private RouteRequests() {}
}
