package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.RtnetlinkAbi.*;

/** Reads an {@link Address} from a RTM_NEWADDR or RTM_DELADDR message. */
final class AddressDecoder {
    static boolean accepts(NetlinkMessage message) {
        return message.u8(IFA_FAMILY_OFFSET) == AF_INET;
    }

    static Address decode(NetlinkMessage message) {
        int peer = 0;
        int local = 0;
        boolean hasLocal = false;
        int flags = message.u8(IFA_FLAGS_OFFSET);
        String label = "";
        NetlinkAttributes attribute = message.attributes(SIZEOF_IFADDRMSG);
        while (attribute.next()) {
            switch (attribute.type()) {
                case IFA_ADDRESS -> peer = attribute.ipv4();
                case IFA_LOCAL -> {
                    local = attribute.ipv4();
                    hasLocal = true;
                }
                case IFA_FLAGS -> flags = attribute.i32();
                case IFA_LABEL -> label = attribute.string();
                default -> {}
            }
        }
        return new Address(
            message.i32(IFA_INDEX_OFFSET),
            hasLocal ? local : peer,
            peer,
            message.u8(IFA_PREFIXLEN_OFFSET),
            message.u8(IFA_SCOPE_OFFSET),
            flags,
            label);
    }

    private AddressDecoder() {}
}
