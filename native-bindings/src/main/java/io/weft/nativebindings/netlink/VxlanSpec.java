package io.weft.nativebindings.netlink;

/**
 * A vxlan device to create, by default like flannel's: no learning, UDP port 8472.
 *
 * @param local outer source address (IPv4 as a number), 0 for the kernel's choice
 * @param port outer UDP destination port
 * @param underlay index of the device that sends outer packets, 0 for the kernel's choice
 * @param udpChecksum whether outer IPv4 packets carry a UDP checksum
 * @param mac 48-bit address as a number, 0 for a random one
 * @param mtu bytes, 0 for the kernel's default
 */
public record VxlanSpec(
    String name, int vni, int local, int port, int underlay, boolean learning, boolean udpChecksum, long mac, int mtu) {
    private static final int LINUX_PORT = 8472;

    public static VxlanSpec of(String name, int vni) {
        return new VxlanSpec(name, vni, 0, LINUX_PORT, 0, false, true, 0, 0);
    }

    public VxlanSpec withLocal(int address) {
        return new VxlanSpec(name, vni, address, port, underlay, learning, udpChecksum, mac, mtu);
    }

    public VxlanSpec withPort(int number) {
        return new VxlanSpec(name, vni, local, number, underlay, learning, udpChecksum, mac, mtu);
    }

    public VxlanSpec withUnderlay(int ifindex) {
        return new VxlanSpec(name, vni, local, port, ifindex, learning, udpChecksum, mac, mtu);
    }

    public VxlanSpec withLearning(boolean enabled) {
        return new VxlanSpec(name, vni, local, port, underlay, enabled, udpChecksum, mac, mtu);
    }

    public VxlanSpec withUdpChecksum(boolean enabled) {
        return new VxlanSpec(name, vni, local, port, underlay, learning, enabled, mac, mtu);
    }

    public VxlanSpec withMac(long address) {
        return new VxlanSpec(name, vni, local, port, underlay, learning, udpChecksum, address, mtu);
    }

    public VxlanSpec withMtu(int bytes) {
        return new VxlanSpec(name, vni, local, port, underlay, learning, udpChecksum, mac, bytes);
    }
}
