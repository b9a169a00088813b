package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.NetlinkAbi.*;
import static io.weft.nativebindings.netlink.RtnetlinkAbi.*;

/** Requests about IPv4 neighbours and forwarding database entries: struct ndmsg and its attributes. */
final class NeighbourRequests {
    /** @param ifindex 0 for all devices */
    static NetlinkRequest dump(int ifindex) {
        NetlinkRequest request = request(RTM_GETNEIGH, 0, AF_INET, 0, 0, 0);
        return ifindex == 0 ? request : request.u32(NDA_IFINDEX, ifindex);
    }

    static NetlinkRequest replacePermanent(int ifindex, int ip, long mac) {
        return replace(ifindex, ip, mac, Neighbour.NUD_PERMANENT);
    }

    static NetlinkRequest replaceReachable(int ifindex, int ip, long mac) {
        return replace(ifindex, ip, mac, Neighbour.NUD_REACHABLE);
    }

    private static NetlinkRequest replace(int ifindex, int ip, long mac, int state) {
        return request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, AF_INET, ifindex, state, 0)
            .ipv4(NDA_DST, ip)
            .mac(NDA_LLADDR, mac);
    }

    static NetlinkRequest replaceManaged(int ifindex, int ip) {
        return request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, AF_INET, ifindex, Neighbour.NUD_NONE, 0)
            .ipv4(NDA_DST, ip)
            .u32(NDA_FLAGS_EXT, Neighbour.NTF_EXT_MANAGED);
    }

    static NetlinkRequest delete(int ifindex, int ip) {
        return request(RTM_DELNEIGH, 0, AF_INET, ifindex, 0, 0).ipv4(NDA_DST, ip);
    }

    static NetlinkRequest dumpFdb(int ifindex) {
        return request(RTM_GETNEIGH, 0, AF_BRIDGE, ifindex, 0, 0);
    }

    static NetlinkRequest replaceFdb(int ifindex, long mac, int remote) {
        return fdb(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, ifindex, Neighbour.NUD_PERMANENT)
            .mac(NDA_LLADDR, mac)
            .ipv4(NDA_DST, remote);
    }

    static NetlinkRequest deleteFdb(int ifindex, long mac, int remote) {
        return fdb(RTM_DELNEIGH, 0, ifindex, 0).mac(NDA_LLADDR, mac).ipv4(NDA_DST, remote);
    }

    private static NetlinkRequest fdb(int type, int flags, int ifindex, int state) {
        return request(type, flags, AF_BRIDGE, ifindex, state, Neighbour.NTF_SELF);
    }

    /** struct ndmsg: family, padding, index, state, flags, type. */
    private static NetlinkRequest request(int type, int flags, int family, int ifindex, int state, int entryFlags) {
        return new NetlinkRequest(type, flags).u8(family).skip(3).u32(ifindex).u16(state).u8(entryFlags).u8(0);
    }

    private NeighbourRequests() {}
}
