package io.weft.dataplane.decision;

/** The answer that the sender of a refused packet gets. Ints, because decisions must not allocate. */
public final class Answer {
    public static final int NO_ANSWER = 0;
    /** A reset for TCP, otherwise ICMP port unreachable. */
    public static final int REFUSE = 1;
    public static final int TIME_EXCEEDED = 2;
    /** ICMP fragmentation needed; the caller passes the MTU with it. */
    public static final int FRAGMENTATION_NEEDED = 3;
    public static final int HOST_UNREACHABLE = 4;
    public static final int NET_UNREACHABLE = 5;
    public static final int ADMIN_PROHIBITED = 6;
    public static final int PROTOCOL_UNREACHABLE = 7;

    private Answer() {
    }
}
