package io.weft.nativebindings.netlink;

/**
 * A network device, as RTM_NEWLINK describes it.
 *
 * @param mac 48-bit hardware address as a number; 0 if the device has no address of that width
 * @param flags IFF_ flags, see {@link #isUp} and {@link #hasCarrier}
 * @param operState one of the kernel's IF_OPER_ values (RFC 2863)
 * @param kind the driver's rtnetlink kind ("veth", "bridge", "vxlan"), empty for hardware devices
 * @param peerIndex IFLA_LINK: a veth's other end, a VLAN's parent; -1 if there is none. If {@link #peerNamespaceId} is not -1, it is an
 *     index in that other namespace
 * @param peerNamespaceId this namespace's id for the namespace of peerIndex, -1 if they are the same
 * @param masterIndex the bridge or bond that the device belongs to, 0 for none
 * @param alias IFLA_IFALIAS: a text that was set on the device, empty if there is none
 * @param xdpProgramId id of the XDP program attached, 0 for none; if there are several, the one in the driver
 */
public record Link(
    int index,
    String name,
    long mac,
    int mtu,
    int flags,
    int operState,
    String kind,
    int peerIndex,
    int peerNamespaceId,
    int masterIndex,
    String alias,
    int txQueues,
    int rxQueues,
    int xdpProgramId,
    XdpMode xdpMode) {
    /** {@code <linux/if.h>}. */
    public static final int IFF_UP = 0x1;

    /** Maximum length of an {@link #alias} plus 2, because the sender and the kernel both count its final 0. */
    public static final int IFALIASZ = 256;
    public static final int IFF_LOOPBACK = 0x8;
    public static final int IFF_LOWER_UP = 0x10000;

    /** How an XDP program is attached: IFLA_XDP_ATTACHED. */
    public enum XdpMode {
        NONE,
        /** In the driver. */
        NATIVE,
        /** On socket buffers, after the driver. */
        GENERIC,
        /** Offloaded to the device. */
        HARDWARE,
        /** In more than one of these places. */
        MULTIPLE
    }

    /** Whether the administrator has set the device up. */
    public boolean isUp() { return (flags & IFF_UP) != 0; }

    public boolean hasCarrier() {
        return (flags & IFF_LOWER_UP) != 0;
    }

    public boolean isLoopback() { return (flags & IFF_LOOPBACK) != 0; }
}
