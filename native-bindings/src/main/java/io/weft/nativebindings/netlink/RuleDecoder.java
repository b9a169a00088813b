package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.RtnetlinkAbi.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads a {@link Rule} from a RTM_NEWRULE message. */
final class RuleDecoder {
    private static final int NO_SUPPRESSION = -1;
    private static final int FRA_DPORT_MASK = 29; // since Linux 6.15, newer than the headers of some builds
    private static final int WHOLE_PORT = 0xFFFF;

    static boolean accepts(NetlinkMessage message) {
        return message.u8(RTM_FAMILY_OFFSET) == AF_INET && message.u8(RTM_TYPE_OFFSET) == FR_ACT_TO_TBL;
    }

    static Rule decode(NetlinkMessage message) {
        Rule rule = Rule.lookup(message.u8(RTM_TABLE_OFFSET), 0).protocol(0);
        boolean hasMore = message.u8(RTM_TOS_OFFSET) != 0 || (message.i32(RTM_FLAGS_OFFSET) & FIB_RULE_INVERT) != 0;
        NetlinkAttributes attribute = message.attributes(SIZEOF_FIB_RULE_HDR);
        while (attribute.next()) {
            switch (attribute.type()) {
                case FRA_DST -> rule = rule.to(attribute.ipv4(), message.u8(RTM_DST_LEN_OFFSET));
                case FRA_SRC -> rule = rule.from(attribute.ipv4(), message.u8(RTM_SRC_LEN_OFFSET));
                case FRA_IIFNAME -> rule = rule.inputDevice(attribute.string());
                case FRA_IP_PROTO -> rule = rule.ports(attribute.u8(), rule.firstPort(), rule.lastPort());
                case FRA_DPORT_RANGE -> rule = ports(rule, attribute.payload());
                case FRA_TABLE -> rule = withTable(rule, attribute.i32());
                case FRA_PRIORITY -> rule = rule.priority(attribute.i32());
                case FRA_PROTOCOL -> rule = rule.protocol(attribute.u8());
                default -> hasMore |= isSelector(attribute);
            }
        }
        return hasMore ? withMore(rule) : rule;
    }

    /** What the kernel sends with every rule says nothing. */
    private static boolean isSelector(NetlinkAttributes attribute) {
        return switch (attribute.type()) {
            case FRA_PAD -> false;
            case FRA_SUPPRESS_PREFIXLEN, FRA_SUPPRESS_IFGROUP -> attribute.i32() != NO_SUPPRESSION;
            case FRA_DPORT_MASK -> attribute.u16() != WHOLE_PORT;
            default -> true;
        };
    }

    /** struct fib_rule_port_range: first and last, in host byte order. */
    private static Rule ports(Rule rule, MemorySegment range) {
        return rule.ports(rule.ipProtocol(), range.get(ValueLayout.JAVA_SHORT_UNALIGNED, 0) & 0xFFFF,
            range.get(ValueLayout.JAVA_SHORT_UNALIGNED, Short.BYTES) & 0xFFFF);
    }

    private static Rule withTable(Rule rule, int table) {
        return new Rule(rule.source(), rule.sourceLength(), rule.destination(), rule.destinationLength(),
            rule.inputDevice(), rule.ipProtocol(), rule.firstPort(), rule.lastPort(), table, rule.priority(),
            rule.protocol(), rule.hasMore());
    }

    private static Rule withMore(Rule rule) {
        return new Rule(rule.source(), rule.sourceLength(), rule.destination(), rule.destinationLength(),
            rule.inputDevice(), rule.ipProtocol(), rule.firstPort(), rule.lastPort(), rule.table(), rule.priority(),
            rule.protocol(), true);
    }

    private RuleDecoder() {}
}
