package io.weft.nativebindings.netlink;

/**
 * A rule of IPv4 policy routing (ip-rule(8)): packets from a source prefix are routed by a table. Other selectors are neither read nor
 * written.
 *
 * @param source network address as a number
 * @param sourceLength 0 for every source
 * @param table RT_TABLE_ number
 * @param priority rules are tried from the lowest number on
 */
public record Rule(int source, int sourceLength, int table, int priority) {
    @Override
    public String toString() {
        return "rule " + priority + ": from " + AddressText.prefix(source, sourceLength) + " lookup " + table;
    }
}
