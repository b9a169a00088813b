package io.weft.dataplane.forwarding;

/** The kinds of ports. Ints, because workers read arrays of them for every frame. */
public final class PortKind {
    public static final int NONE = 0;
    /** {@code weft-host}: the node's own stack is at the other end. */
    public static final int HOST = 1;
    public static final int UPLINK = 2;
    public static final int POD = 3;

    private PortKind() {
    }
}
