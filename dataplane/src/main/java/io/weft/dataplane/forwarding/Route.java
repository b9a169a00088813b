package io.weft.dataplane.forwarding;

/**
 * What the tables know about a destination address: a kind and an index in one word, as {@code ForwardingTables.route4} returns it. An
 * operator's static route is marked, and otherwise means the same as any other of its kind.
 */
public final class Route {
    /** Not in the tables: another of the node's own addresses, or an address outside the cluster. */
    public static final int NONE = 0;
    /** A pod of this node; the index is its port's id. */
    public static final int LOCAL_PORT = 1;
    /** In the pod CIDR of a peer node; the index is its {@code PeerSpec.tunnel}. */
    public static final int PEER = 2;
    /** An address of a peer node itself; the index is its {@code PeerSpec.tunnel}. */
    public static final int PEER_NODE = 3;
    /** The node's address, or the first address of its pod CIDR: the node's own stack. */
    public static final int LOCAL_NODE = 4;
    /** The gateway of this node's pods: the second address of its pod CIDR. */
    public static final int GATEWAY = 5;
    /** In this node's pod CIDR, but no pod has it. */
    public static final int NO_SUCH_POD = 6;
    /** In a service CIDR. Addresses of Services elsewhere have no route of their own: frontends are looked up before routes. */
    public static final int SERVICE = 7;
    /** In the cluster's pod CIDR, but no node has it: never sent outside. */
    public static final int NO_SUCH_NODE = 8;

    /** By a static route; the index is the IPv4 address of a router, which the kernel's routes lead to through the uplink. */
    public static final int VIA = 9;
    /** By a static route: dropped without an answer. */
    public static final int BLACKHOLE = 10;
    /** By a static route: answered by host unreachable. */
    public static final int UNREACHABLE = 11;
    /** By a static route: answered by administratively prohibited. */
    public static final int PROHIBIT = 12;

    private static final long STATIC = 1L << 48;
    private static final int KIND_MASK = 0xFF;

    private Route() {
    }

    public static long of(int kind, int index) {
        return (long) kind << 32 | index & 0xFFFF_FFFFL;
    }

    public static int kind(long route) {
        return (int) (route >>> 32) & KIND_MASK;
    }

    /** A static route of an operator. */
    public static long ofOperator(int kind, int index) {
        return of(kind, index) | STATIC;
    }

    public static boolean isOfOperator(long route) {
        return (route & STATIC) != 0;
    }

    /** Whether the address is outside the cluster, or another of the node's own, so that a static route decides at most which router it gets. */
    public static boolean isOutside(int kind) {
        return kind == NONE || kind >= VIA;
    }

    public static int index(long route) {
        return (int) route;
    }
}
