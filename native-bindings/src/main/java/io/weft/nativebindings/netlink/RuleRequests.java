package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.NetlinkAbi.*;
import static io.weft.nativebindings.netlink.RtnetlinkAbi.*;

/** Requests about IPv4 rules: struct fib_rule_hdr and its attributes. */
final class RuleRequests {
    static NetlinkRequest dump() {
        return new NetlinkRequest(RTM_GETRULE, 0).u8(AF_INET).skip(SIZEOF_FIB_RULE_HDR - 1);
    }

    static NetlinkRequest add(Rule rule) {
        if (rule.hasMore()) {
            throw new IllegalArgumentException("a rule that was not read completely cannot be written: " + rule);
        }
        return request(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule);
    }

    static NetlinkRequest delete(Rule rule) {
        return request(RTM_DELRULE, 0, rule);
    }

    /** struct fib_rule_hdr: family, both prefix lengths, tos, table, two reserved, action, flags. */
    private static NetlinkRequest request(int type, int flags, Rule rule) {
        NetlinkRequest request = new NetlinkRequest(type, flags).u8(AF_INET).u8(rule.destinationLength())
            .u8(rule.sourceLength()).u8(0)
            .u8(rule.table() < 256 ? rule.table() : 0).u8(0).u8(0).u8(FR_ACT_TO_TBL).u32(0);
        if (rule.destinationLength() > 0) {
            request.ipv4(FRA_DST, rule.destination());
        }
        if (rule.sourceLength() > 0) {
            request.ipv4(FRA_SRC, rule.source());
        }
        if (!rule.inputDevice().isEmpty()) {
            request.string(FRA_IIFNAME, rule.inputDevice());
        }
        if (rule.ipProtocol() != 0) {
            request.u8(FRA_IP_PROTO, rule.ipProtocol());
        }
        if (rule.firstPort() != 0) {
            request.portRange(FRA_DPORT_RANGE, rule.firstPort(), rule.lastPort());
        }
        return request.u32(FRA_TABLE, rule.table())
            .u32(FRA_PRIORITY, rule.priority())
            .u8(FRA_PROTOCOL, rule.protocol());
    }

    private RuleRequests() {}
}
