package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.RtnetlinkAbi.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Reads a {@link Route} from a RTM_NEWROUTE or RTM_DELROUTE message. */
final class RouteDecoder {
    /** RTM_F_CLONED and the flags above it describe the route; the bits below are those of its only next hop. */
    private static final int NEXT_HOP_FLAGS = 0xff;

    private int table;
    private int destination;
    private int source;
    private int metric;
    private int mtu;
    private int gateway;
    private int ifindex;
    private boolean inet6Gateway;
    private List<NextHop> multipath = List.of();

    static boolean accepts(NetlinkMessage message) {
        return message.u8(RTM_FAMILY_OFFSET) == AF_INET;
    }

    /** False for an entry of the route cache, which some kernels add to a dump. */
    static boolean isConfigured(NetlinkMessage message) {
        return accepts(message) && (message.i32(RTM_FLAGS_OFFSET) & RTM_F_CLONED) == 0;
    }

    static Route decode(NetlinkMessage message) {
        return new RouteDecoder().read(message);
    }

    private Route read(NetlinkMessage message) {
        table = message.u8(RTM_TABLE_OFFSET);
        NetlinkAttributes attributes = message.attributes(SIZEOF_RTMSG);
        while (attributes.next()) {
            readAttribute(attributes);
        }
        return new Route(
            table,
            destination,
            message.u8(RTM_DST_LEN_OFFSET),
            message.u8(RTM_TYPE_OFFSET),
            message.u8(RTM_SCOPE_OFFSET),
            message.u8(RTM_PROTOCOL_OFFSET),
            source,
            metric,
            mtu,
            nextHops(message.i32(RTM_FLAGS_OFFSET) & NEXT_HOP_FLAGS));
    }

    private void readAttribute(NetlinkAttributes attribute) {
        switch (attribute.type()) {
            case RTA_TABLE -> table = attribute.i32();
            case RTA_DST -> destination = attribute.ipv4();
            case RTA_PREFSRC -> source = attribute.ipv4();
            case RTA_PRIORITY -> metric = attribute.i32();
            case RTA_GATEWAY -> gateway = attribute.ipv4();
            case RTA_VIA -> inet6Gateway = true;
            case RTA_OIF -> ifindex = attribute.i32();
            case RTA_METRICS -> readMetrics(attribute.nested());
            case RTA_MULTIPATH -> multipath = readMultipath(attribute.payload());
            default -> {}
        }
    }

    private void readMetrics(NetlinkAttributes metrics) {
        while (metrics.next()) {
            if (metrics.type() == RTAX_MTU) {
                mtu = metrics.i32();
            }
        }
    }

    private List<NextHop> nextHops(int flags) {
        if (!multipath.isEmpty()) { return multipath; }
        return ifindex == 0 ? List.of() : List.of(new NextHop(gateway, ifindex, 1, flags, inet6Gateway));
    }

    private static List<NextHop> readMultipath(MemorySegment hops) {
        List<NextHop> result = new ArrayList<>();
        long at = 0;
        while (hops.byteSize() - at >= SIZEOF_RTNEXTHOP) {
            int length = hops.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + RTNH_LEN_OFFSET) & 0xffff;
            if (length < SIZEOF_RTNEXTHOP || length > hops.byteSize() - at) {
                break;
            }
            result.add(readNextHop(hops.asSlice(at, length)));
            at += length + 3 & ~3;
        }
        return result;
    }

    private static NextHop readNextHop(MemorySegment hop) {
        int gateway = 0;
        boolean inet6Gateway = false;
        NetlinkAttributes attribute = new NetlinkAttributes(hop, SIZEOF_RTNEXTHOP, hop.byteSize());
        while (attribute.next()) {
            switch (attribute.type()) {
                case RTA_GATEWAY -> gateway = attribute.ipv4();
                case RTA_VIA -> inet6Gateway = true;
                default -> {}
            }
        }
        int flags = hop.get(ValueLayout.JAVA_BYTE, RTNH_FLAGS_OFFSET) & 0xff;
        int weight = (hop.get(ValueLayout.JAVA_BYTE, RTNH_HOPS_OFFSET) & 0xff) + 1;
        return new NextHop(gateway, hop.get(ValueLayout.JAVA_INT_UNALIGNED, RTNH_IFINDEX_OFFSET), weight, flags,
            inet6Gateway);
    }
}
