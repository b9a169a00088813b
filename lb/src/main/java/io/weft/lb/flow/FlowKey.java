package io.weft.lb.flow;

/**
 * The key of one direction of a flow, as its packets arrive, in two {@code long}s:
 *
 * <pre>
 *   k0 = source << 32 | destination
 *   k1 = source port << 48 | destination port << 32 | protocol << 24 | zone
 * </pre>
 *
 * IPv4 addresses and ports are numeric. ICMP echo has its identifier in <b>both</b> ports, so that the reverse key is the mirrored one as
 * for TCP and UDP; other protocols have 0. The zone is always 0 for now. Protocol 0 is not a key: such values of {@code k1} are the flow
 * table's own marks.
 */
public final class FlowKey {
    private static final int ZONE_MASK = 0xFF_FFFF;

    private FlowKey() {
    }

    public static long k0(int source, int destination) {
        return (long) source << 32 | destination & 0xFFFF_FFFFL;
    }

    public static long k1(int sourcePort, int destinationPort, int protocol) {
        return (long) sourcePort << 48 | (long) destinationPort << 32 | (long) protocol << 24;
    }

    /** The same from both ports as they are in the header: the source port in the upper half. */
    public static long ofPorts(int ports, int protocol) {
        return (long) ports << 32 | (long) protocol << 24;
    }

    public static int source(long k0) {
        return (int) (k0 >>> 32);
    }

    public static int destination(long k0) {
        return (int) k0;
    }

    public static int sourcePort(long k1) {
        return (int) (k1 >>> 48);
    }

    public static int destinationPort(long k1) {
        return (int) (k1 >>> 32) & 0xFFFF;
    }

    /** Both ports as they are in the header: source in the upper half. */
    static int ports(long k1) {
        return (int) (k1 >>> 32);
    }

    public static int protocol(long k1) {
        return (int) (k1 >>> 24) & 0xFF;
    }

    public static int zone(long k1) {
        return (int) k1 & ZONE_MASK;
    }
}
