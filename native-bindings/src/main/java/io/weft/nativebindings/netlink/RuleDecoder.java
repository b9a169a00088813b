package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.RtnetlinkAbi.*;

/** Reads a {@link Rule} from a RTM_NEWRULE message. */
final class RuleDecoder {
    static boolean accepts(NetlinkMessage message) {
        return message.u8(RTM_FAMILY_OFFSET) == AF_INET && message.u8(RTM_TYPE_OFFSET) == FR_ACT_TO_TBL;
    }

    static Rule decode(NetlinkMessage message) {
        int source = 0;
        int table = message.u8(RTM_TABLE_OFFSET);
        int priority = 0;
        NetlinkAttributes attribute = message.attributes(SIZEOF_FIB_RULE_HDR);
        while (attribute.next()) {
            switch (attribute.type()) {
                case FRA_SRC -> source = attribute.ipv4();
                case FRA_TABLE -> table = attribute.i32();
                case FRA_PRIORITY -> priority = attribute.i32();
                default -> {}
            }
        }
        return new Rule(source, message.u8(RTM_SRC_LEN_OFFSET), table, priority);
    }

    private RuleDecoder() {}
}
