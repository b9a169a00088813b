package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.RtnetlinkAbi.*;

import io.weft.nativebindings.netlink.Link.XdpMode;

/** Reads a {@link Link} from a RTM_NEWLINK message. */
final class LinkDecoder {
    private String name = "";
    private long mac;
    private int mtu;
    private int operState;
    private String kind = "";
    private int peerIndex = -1;
    private int peerNamespaceId = -1;
    private int masterIndex;
    private String alias = "";
    private int txQueues;
    private int rxQueues;
    private int xdpProgramId;
    private XdpMode xdpMode = XdpMode.NONE;

    /** False for messages of other families about a device, such as a bridge's about its ports. */
    static boolean accepts(NetlinkMessage message) {
        return message.u8(IFI_FAMILY_OFFSET) == AF_UNSPEC;
    }

    static Link decode(NetlinkMessage message) {
        return new LinkDecoder().read(message);
    }

    private Link read(NetlinkMessage message) {
        NetlinkAttributes attributes = message.attributes(SIZEOF_IFINFOMSG);
        while (attributes.next()) {
            readAttribute(attributes);
        }
        return new Link(
            message.i32(IFI_INDEX_OFFSET),
            name,
            mac,
            mtu,
            message.i32(IFI_FLAGS_OFFSET),
            operState,
            kind,
            peerIndex,
            peerNamespaceId,
            masterIndex,
            alias,
            txQueues,
            rxQueues,
            xdpProgramId,
            xdpMode);
    }

    private void readAttribute(NetlinkAttributes attribute) {
        switch (attribute.type()) {
            case IFLA_IFNAME -> name = attribute.string();
            case IFLA_ADDRESS -> mac = attribute.mac();
            case IFLA_MTU -> mtu = attribute.i32();
            case IFLA_OPERSTATE -> operState = attribute.u8();
            case IFLA_LINK -> peerIndex = attribute.i32();
            case IFLA_LINK_NETNSID -> peerNamespaceId = attribute.i32();
            case IFLA_MASTER -> masterIndex = attribute.i32();
            case IFLA_IFALIAS -> alias = attribute.string();
            case IFLA_NUM_TX_QUEUES -> txQueues = attribute.i32();
            case IFLA_NUM_RX_QUEUES -> rxQueues = attribute.i32();
            case IFLA_LINKINFO -> readKind(attribute.nested());
            case IFLA_XDP -> readXdp(attribute.nested());
            default -> {}
        }
    }

    private void readKind(NetlinkAttributes info) {
        while (info.next()) {
            if (info.type() == IFLA_INFO_KIND) {
                kind = info.string();
            }
        }
    }

    private void readXdp(NetlinkAttributes xdp) {
        while (xdp.next()) {
            switch (xdp.type()) {
                case IFLA_XDP_ATTACHED -> xdpMode = xdpMode(xdp.u8());
                case IFLA_XDP_PROG_ID, IFLA_XDP_DRV_PROG_ID -> xdpProgramId = xdp.i32();
                case IFLA_XDP_SKB_PROG_ID, IFLA_XDP_HW_PROG_ID ->
                    xdpProgramId = xdpProgramId != 0 ? xdpProgramId : xdp.i32();
                default -> {}
            }
        }
    }

    private static XdpMode xdpMode(int attached) {
        return switch (attached) {
            case XDP_ATTACHED_NONE -> XdpMode.NONE;
            case XDP_ATTACHED_DRV -> XdpMode.NATIVE;
            case XDP_ATTACHED_SKB -> XdpMode.GENERIC;
            case XDP_ATTACHED_HW -> XdpMode.HARDWARE;
            default -> XdpMode.MULTIPLE;
        };
    }
}
