package io.weft.nativebindings.netlink;

/**
 * A rule of IPv4 policy routing (ip-rule(8)): packets that match all its selectors are routed by a table; if the table has no route for them,
 * the next rule is tried. Immutable; {@link #lookup} starts one and the other methods refine it.
 *
 * @param source network address as a number
 * @param sourceLength 0 for every source
 * @param destination network address as a number
 * @param destinationLength 0 for every destination
 * @param inputDevice name of the device that the packet arrived on, {@code lo} for packets that the node itself sends; empty for all
 * @param ipProtocol IPPROTO_ number, 0 for all
 * @param firstPort first destination port of a range, 0 for every port
 * @param lastPort last destination port of the range, inclusive
 * @param table RT_TABLE_ number
 * @param priority rules are tried from the lowest number on
 * @param protocol RTPROT_ value: the program that installed it
 * @param hasMore whether the rule has selectors or options besides these, such as a firewall mark; such a rule can be read and deleted but
 *     not added
 */
public record Rule(
    int source,
    int sourceLength,
    int destination,
    int destinationLength,
    String inputDevice,
    int ipProtocol,
    int firstPort,
    int lastPort,
    int table,
    int priority,
    int protocol,
    boolean hasMore) {
    /** The input device of packets that the node itself sends. */
    public static final String LOOPBACK = "lo";

    /** A rule for all packets, installed by an administrator (RTPROT_STATIC). */
    public static Rule lookup(int table, int priority) {
        return new Rule(0, 0, 0, 0, "", 0, 0, 0, table, priority, Route.RTPROT_STATIC, false);
    }

    public Rule from(int address, int length) {
        return new Rule(address, length, destination, destinationLength, inputDevice, ipProtocol, firstPort, lastPort,
            table, priority, protocol, hasMore);
    }

    public Rule to(int address, int length) {
        return new Rule(source, sourceLength, address, length, inputDevice, ipProtocol, firstPort, lastPort, table,
            priority, protocol, hasMore);
    }

    public Rule inputDevice(String name) {
        return new Rule(source, sourceLength, destination, destinationLength, name, ipProtocol, firstPort, lastPort,
            table, priority, protocol, hasMore);
    }

    /** Destination ports from {@code first} to {@code last}, inclusive, of an IP protocol. */
    public Rule ports(int ofIpProtocol, int first, int last) {
        return new Rule(source, sourceLength, destination, destinationLength, inputDevice, ofIpProtocol, first, last,
            table, priority, protocol, hasMore);
    }

    public Rule priority(int value) {
        return new Rule(source, sourceLength, destination, destinationLength, inputDevice, ipProtocol, firstPort,
            lastPort, table, value, protocol, hasMore);
    }

    public Rule protocol(int value) {
        return new Rule(source, sourceLength, destination, destinationLength, inputDevice, ipProtocol, firstPort,
            lastPort, table, priority, value, hasMore);
    }

    /** Whether it applies to every packet. */
    public boolean isForAll() {
        return sourceLength == 0 && destinationLength == 0 && inputDevice.isEmpty() && ipProtocol == 0
            && firstPort == 0 && !hasMore;
    }

    /** As ip-rule(8) shows it. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("rule ").append(priority).append(": from ")
            .append(AddressText.prefix(source, sourceLength));
        if (destinationLength > 0) {
            text.append(" to ").append(AddressText.prefix(destination, destinationLength));
        }
        if (!inputDevice.isEmpty()) {
            text.append(" iif ").append(inputDevice);
        }
        if (ipProtocol != 0) {
            text.append(" ipproto ").append(ipProtocol);
        }
        if (firstPort != 0) {
            text.append(" dport ").append(firstPort).append(firstPort == lastPort ? "" : "-" + lastPort);
        }
        return text.append(hasMore ? " and more" : "").append(" lookup ").append(table).toString();
    }
}
