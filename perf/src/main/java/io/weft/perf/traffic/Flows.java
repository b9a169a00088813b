package io.weft.perf.traffic;

/**
 * The UDP flows of test traffic. Flow {@code n} has source port {@code firstPort + n % ports}; {@code n / ports} is added to another field.
 *
 * @param count flows, 1 to 2^24
 * @param ports source ports in use
 * @param firstPort the lowest of them
 * @param spread the field to which {@code n / ports} is added
 * @param random whether each frame's flow is drawn at random; otherwise the flows are used round robin
 * @param groups sequence groups, a power of two up to {@link #MAX_GROUPS}; flow {@code n} is in group {@code n % groups}. Order is checked
 *     within a group, so a network that keeps order only within a flow needs as many groups as flows
 */
public record Flows(int count, int ports, int firstPort, Spread spread, boolean random, int groups) {
    public static final int MAX_GROUPS = 256;
    private static final int MAX_COUNT = 1 << 24;
    private static final int DEFAULT_PORTS = 16_384;
    private static final int DEFAULT_FIRST_PORT = 16_384;
    private static final int PORT_END = 1 << 16;

    /** A field that flows vary in addition to the source port. */
    public enum Spread {
        /** The low 16 bits of the source address: for senders whose network accepts any source. */
        SOURCE_ADDRESS,
        /** The destination port. */
        DESTINATION_PORT
    }

    public Flows {
        require(count >= 1 && count <= MAX_COUNT, "flows: must be 1 to " + MAX_COUNT + ", not " + count);
        require(firstPort >= 1 && ports >= 1 && firstPort + ports <= PORT_END,
            "source ports " + firstPort + " to " + (firstPort + ports - 1) + " are not all ports");
        require((count - 1) / ports < PORT_END, "flows: " + count + " do not fit in " + ports + " source ports");
        require(groups >= 1 && groups <= MAX_GROUPS && Integer.bitCount(groups) == 1,
            "groups: must be a power of two up to " + MAX_GROUPS + ", not " + groups);
    }

    /** Flows in random order over 16384 source ports and then source addresses, all in one sequence. */
    public static Flows random(int count) {
        return new Flows(count, DEFAULT_PORTS, DEFAULT_FIRST_PORT, Spread.SOURCE_ADDRESS, true, 1);
    }

    /** Like {@link #random}, but round robin. */
    public static Flows roundRobin(int count) {
        return new Flows(count, DEFAULT_PORTS, DEFAULT_FIRST_PORT, Spread.SOURCE_ADDRESS, false, 1);
    }

    /** The same flows, round robin. */
    public Flows roundRobin() {
        return new Flows(count, ports, firstPort, spread, false, groups);
    }

    /** The same with other source ports. */
    public Flows withPorts(int first, int number) {
        return new Flows(count, number, first, spread, random, groups);
    }

    public Flows withSpread(Spread other) {
        return new Flows(count, ports, firstPort, other, random, groups);
    }

    public Flows withGroups(int number) {
        return new Flows(count, ports, firstPort, spread, random, number);
    }

    private static void require(boolean condition, String message) {
        if (!condition) { throw new IllegalArgumentException(message); }
    }
}
