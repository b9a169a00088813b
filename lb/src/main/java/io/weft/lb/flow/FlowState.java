package io.weft.lb.flow;

/**
 * States of a flow. The TCP states have the names and numbers of Linux's {@code enum tcp_conntrack}
 * (include/uapi/linux/netfilter/nf_conntrack_tcp.h). A state belongs to the flow, not to one of its ends.
 */
public final class FlowState {
    /** No state: the segment creates no flow. */
    public static final int NONE = 0;
    /** The originator sent SYN. */
    public static final int SYN_SENT = 1;
    /** The responder answered SYN+ACK. */
    public static final int SYN_RECV = 2;
    /** The originator acknowledged; also a connection picked up in mid-stream. */
    public static final int ESTABLISHED = 3;
    /** One side sent FIN. */
    public static final int FIN_WAIT = 4;
    /** That FIN was acknowledged: half closed. */
    public static final int CLOSE_WAIT = 5;
    /** A second FIN was sent. */
    public static final int LAST_ACK = 6;
    /** The second FIN was acknowledged. */
    public static final int TIME_WAIT = 7;
    /** A valid RST was seen. */
    public static final int CLOSE = 8;
    /** Both sides sent SYN (simultaneous open). */
    public static final int SYN_SENT2 = 9;
    /** No datagram has come back yet. */
    public static final int UDP_UNREPLIED = 10;
    /** A reply has come, but no packet since the flow is {@link DatagramTracker#STREAM_AFTER_MILLIS} old: a query and its answer. */
    public static final int UDP_REPLIED = 11;
    public static final int ICMP_ECHO = 12;
    public static final int GENERIC = 13;
    /** Replied to, and still in use after {@link DatagramTracker#STREAM_AFTER_MILLIS}. */
    public static final int UDP_STREAM = 14;

    /** Number of states. */
    public static final int COUNT = 15;

    private static final String[] NAMES = {"none", "syn_sent", "syn_recv", "established", "fin_wait", "close_wait",
        "last_ack",
        "time_wait", "close", "syn_sent2", "udp_unreplied", "udp_replied", "icmp_echo", "generic",
        "udp_stream"};

    private FlowState() {
    }

    public static String name(int state) {
        return state >= 0 && state < COUNT ? NAMES[state] : "state " + state;
    }

    /**
     * States of a finished TCP connection: both sides have sent FIN, or one a RST. A segment moves a flow only between these states, never
     * out of them.
     */
    public static boolean isFinished(int state) {
        return state >= LAST_ACK && state <= CLOSE;
    }

    /** States that a peer can reach without an answer from the other side. Such flows are evicted first when the table is nearly full. */
    public static boolean isHalfOpen(int state) {
        return switch (state) {
            case SYN_SENT, SYN_RECV, SYN_SENT2, UDP_UNREPLIED, ICMP_ECHO -> true;
            default -> false;
        };
    }
}
