package io.weft.nativebindings.netlink;

/**
 * A veth pair to create: the near end in the caller's namespace, the peer as {@link #peerNamespace} says. Both ends get the same number of
 * queues and the same MTU, because XDP on the near end refuses a peer that has more transmit queues than the near end has receive queues,
 * or a larger MTU than it supports.
 *
 * @param mtu bytes, 0 for the kernel's default
 * @param queues receive and transmit queues of each end, 0 for the kernel's default
 * @param mac 48-bit address as a number, 0 for a random one
 * @param peerNamespace descriptor of the peer's namespace, -1 for the near end's
 */
public record VethSpec(
    String name, String peerName, int mtu, int queues, long mac, long peerMac, int peerNamespace) {
    public static VethSpec of(String name, String peerName) {
        return new VethSpec(name, peerName, 0, 0, 0, 0, -1);
    }

    public VethSpec withMtu(int bytes) {
        return new VethSpec(name, peerName, bytes, queues, mac, peerMac, peerNamespace);
    }

    public VethSpec withQueues(int count) {
        return new VethSpec(name, peerName, mtu, count, mac, peerMac, peerNamespace);
    }

    public VethSpec withMac(long address) {
        return new VethSpec(name, peerName, mtu, queues, address, peerMac, peerNamespace);
    }

    public VethSpec withPeerMac(long address) {
        return new VethSpec(name, peerName, mtu, queues, mac, address, peerNamespace);
    }

    public VethSpec withPeerNamespace(int descriptor) {
        return new VethSpec(name, peerName, mtu, queues, mac, peerMac, descriptor);
    }
}
