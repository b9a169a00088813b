package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.RtnetlinkAbi.*;

/** Reads a {@link Neighbour} or a {@link FdbEntry} from a RTM_NEWNEIGH or RTM_DELNEIGH message. */
final class NeighbourDecoder {
    private static final int IPV4_BYTES = 4;

    private int ip;
    private long mac;
    private int extendedFlags;

    static boolean acceptsNeighbour(NetlinkMessage message) {
        return message.u8(NDM_FAMILY_OFFSET) == AF_INET;
    }

    static boolean acceptsFdb(NetlinkMessage message) {
        return message.u8(NDM_FAMILY_OFFSET) == AF_BRIDGE;
    }

    static Neighbour decodeNeighbour(NetlinkMessage message) {
        NeighbourDecoder decoder = new NeighbourDecoder(message);
        return new Neighbour(
            message.i32(NDM_IFINDEX_OFFSET),
            decoder.ip,
            decoder.mac,
            message.u16(NDM_STATE_OFFSET),
            message.u8(NDM_FLAGS_OFFSET),
            decoder.extendedFlags);
    }

    static FdbEntry decodeFdb(NetlinkMessage message) {
        NeighbourDecoder decoder = new NeighbourDecoder(message);
        return new FdbEntry(
            message.i32(NDM_IFINDEX_OFFSET), decoder.mac, decoder.ip, message.u16(NDM_STATE_OFFSET));
    }

    private NeighbourDecoder(NetlinkMessage message) {
        NetlinkAttributes attribute = message.attributes(SIZEOF_NDMSG);
        while (attribute.next()) {
            switch (attribute.type()) {
                case NDA_DST -> ip = attribute.payloadLength() == IPV4_BYTES ? attribute.ipv4() : 0;
                case NDA_LLADDR -> mac = attribute.mac();
                case NDA_FLAGS_EXT -> extendedFlags = attribute.i32();
                default -> {}
            }
        }
    }
}
