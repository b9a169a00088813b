package io.weft.dataplane.decision;

/** What the sender of a refused packet is told: ints, because decisions are made without allocation. */
public final class Answer {
    public static final int NO_ANSWER = 0;
    /** TCP: a reset; else ICMP port unreachable. */
    public static final int REFUSE = 1;
    public static final int TIME_EXCEEDED = 2;
    /** The answer's MTU comes with it. */
    public static final int FRAGMENTATION_NEEDED = 3;
    public static final int HOST_UNREACHABLE = 4;
    public static final int NET_UNREACHABLE = 5;
    public static final int ADMIN_PROHIBITED = 6;
    public static final int PROTOCOL_UNREACHABLE = 7;

    private Answer() {
    }
}
