package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.NetlinkAbi.*;
import static io.weft.nativebindings.netlink.RtnetlinkAbi.*;

/** Requests about links: struct ifinfomsg and its attributes. */
final class LinkRequests {
    static NetlinkRequest dump() {
        return request(RTM_GETLINK, 0, 0).u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    }

    static NetlinkRequest get(int ifindex) {
        return request(RTM_GETLINK, 0, ifindex).u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    }

    /** @param namespaceId as {@link Link#peerNamespaceId} */
    static NetlinkRequest getIn(int namespaceId, int ifindex) {
        return get(ifindex).u32(IFLA_TARGET_NETNSID, namespaceId);
    }

    static NetlinkRequest get(String name) {
        return get(0).string(IFLA_IFNAME, name);
    }

    /** A change of an existing link; the caller adds the attributes to change. */
    static NetlinkRequest set(int ifindex) {
        return request(RTM_SETLINK, 0, ifindex);
    }

    static NetlinkRequest setUp(int ifindex, boolean up) {
        return struct(new NetlinkRequest(RTM_SETLINK, 0), ifindex, up ? Link.IFF_UP : 0, Link.IFF_UP);
    }

    static NetlinkRequest delete(int ifindex) {
        return request(RTM_DELLINK, 0, ifindex);
    }

    static NetlinkRequest delete(String name) {
        return delete(0).string(IFLA_IFNAME, name);
    }

    static NetlinkRequest createVeth(VethSpec spec) {
        NetlinkRequest request = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
        addVethEnd(request, spec.name(), spec.mac(), spec);
        int info = request.begin(IFLA_LINKINFO);
        request.string(IFLA_INFO_KIND, "veth");
        int data = request.begin(IFLA_INFO_DATA);
        int peer = request.begin(VETH_INFO_PEER);
        struct(request, 0, 0, 0);
        addVethEnd(request, spec.peerName(), spec.peerMac(), spec);
        if (spec.peerNamespace() >= 0) {
            request.u32(IFLA_NET_NS_FD, spec.peerNamespace());
        }
        request.end(peer);
        request.end(data);
        request.end(info);
        return request;
    }

    static NetlinkRequest createBridge(String name) {
        NetlinkRequest request = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0).string(IFLA_IFNAME, name);
        int info = request.begin(IFLA_LINKINFO);
        request.string(IFLA_INFO_KIND, "bridge");
        request.end(info);
        return request;
    }

    static NetlinkRequest createVxlan(VxlanSpec spec) {
        NetlinkRequest request = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0).string(IFLA_IFNAME, spec.name());
        addMac(request, spec.mac());
        addMtu(request, spec.mtu());
        int info = request.begin(IFLA_LINKINFO);
        request.string(IFLA_INFO_KIND, "vxlan");
        int data = request.begin(IFLA_INFO_DATA);
        addVxlanData(request, spec);
        request.end(data);
        request.end(info);
        return request;
    }

    private static void addVethEnd(NetlinkRequest request, String name, long mac, VethSpec spec) {
        request.string(IFLA_IFNAME, name);
        addMac(request, mac);
        addMtu(request, spec.mtu());
        if (spec.queues() > 0) {
            request.u32(IFLA_NUM_TX_QUEUES, spec.queues()).u32(IFLA_NUM_RX_QUEUES, spec.queues());
        }
    }

    private static void addVxlanData(NetlinkRequest request, VxlanSpec spec) {
        request.u32(IFLA_VXLAN_ID, spec.vni())
            .networkU16(IFLA_VXLAN_PORT, spec.port())
            .u8(IFLA_VXLAN_LEARNING, spec.learning() ? 1 : 0)
            .u8(IFLA_VXLAN_UDP_CSUM, spec.udpChecksum() ? 1 : 0);
        if (spec.local() != 0) {
            request.ipv4(IFLA_VXLAN_LOCAL, spec.local());
        }
        if (spec.underlay() != 0) {
            request.u32(IFLA_VXLAN_LINK, spec.underlay());
        }
    }

    private static void addMac(NetlinkRequest request, long mac) {
        if (mac != 0) {
            request.mac(IFLA_ADDRESS, mac);
        }
    }

    private static void addMtu(NetlinkRequest request, int mtu) {
        if (mtu != 0) {
            request.u32(IFLA_MTU, mtu);
        }
    }

    private static NetlinkRequest request(int type, int flags, int ifindex) {
        return struct(new NetlinkRequest(type, flags), ifindex, 0, 0);
    }

    /** struct ifinfomsg: family, padding, type, index, flags, and which of the flags to change. */
    private static NetlinkRequest struct(NetlinkRequest request, int ifindex, int flags, int change) {
        return request.u8(AF_UNSPEC).u8(0).u16(0).u32(ifindex).u32(flags).u32(change);
    }

    private LinkRequests() {}
}
