package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.RtnetlinkAbi.*;

/** Requests about IPv4 addresses: struct ifaddrmsg and its attributes. */
final class AddressRequests {
    /** @param ifindex 0 for all devices */
    static NetlinkRequest dump(int ifindex) {
        return request(RTM_GETADDR, 0, ifindex, 0, 0);
    }

    /** @param namespaceId as {@link Link#peerNamespaceId} */
    static NetlinkRequest dumpIn(int namespaceId, int ifindex) {
        return dump(ifindex).u32(IFA_TARGET_NETNSID, namespaceId);
    }

    static NetlinkRequest add(int flags, int ifindex, int ip, int prefixLength, int scope) {
        return request(RTM_NEWADDR, flags, ifindex, prefixLength, scope).ipv4(IFA_LOCAL, ip).ipv4(IFA_ADDRESS, ip);
    }

    static NetlinkRequest delete(int ifindex, int ip, int prefixLength) {
        return request(RTM_DELADDR, 0, ifindex, prefixLength, 0).ipv4(IFA_LOCAL, ip);
    }

    /** struct ifaddrmsg: family, prefix length, flags, scope, index. */
    private static NetlinkRequest request(int type, int flags, int ifindex, int prefixLength, int scope) {
        return new NetlinkRequest(type, flags).u8(AF_INET).u8(prefixLength).u8(0).u8(scope).u32(ifindex);
    }

    private AddressRequests() {}
}
