package io.weft.dataplane.forwarding;

/** Where a flow's frames go, as stored in its entry: a kind in the upper 8 bits, an index in the lower 24. */
public final class Egress {
    public static final int NONE = 0;
    /** A pod's port; the index is the port's id. */
    public static final int PORT = 1 << 24;
    /** The node's own stack. */
    public static final int PUNT = 2 << 24;
    /** The same, with the {@link ReplyMark}. */
    public static final int PUNT_MARKED = PUNT | 1;
    /** The tunnel; the index is the adjacency's slot. */
    public static final int TUNNEL = 3 << 24;
    /** The underlay without a tunnel header; the index is the adjacency's slot. */
    public static final int UPLINK = 4 << 24;

    /** There is no route now, but there may be one again: a flow to the outside while the kernel has no route. */
    public static final int NO_ROUTE = 5 << 24;

    private static final int INDEX_MASK = 0xFF_FFFF;

    private Egress() {
    }

    public static int kind(int egress) {
        return egress & ~INDEX_MASK;
    }

    public static int index(int egress) {
        return egress & INDEX_MASK;
    }
}
