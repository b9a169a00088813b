package io.weft.lb.flow;

import java.util.Arrays;

/**
 * Seconds without a packet after which a flow ends, by state. Immutable.
 *
 * <p>The defaults are those of Linux (net/netfilter/nf_conntrack_proto_*.c) where kube-proxy leaves them, kube-proxy's for established (24
 * h) and close_wait (1 h), and 30 s for every half-open state, so that the flows of a SYN flood do not stay for two minutes. UDP flows have
 * 30 s, and 120 s once the flow is a stream (nf_conntrack_udp_timeout, nf_conntrack_udp_timeout_stream).
 */
public final class FlowTimeouts {
    private static final int HALF_OPEN = 30;
    private static final int HALF_OPEN_UNDER_PRESSURE = 2;
    private static final int AFTER_DOUBTFUL_RST = 300;

    private final int[] seconds;

    private FlowTimeouts(int[] seconds) {
        this.seconds = seconds;
    }

    public static FlowTimeouts defaults() {
        int[] seconds = new int[FlowState.COUNT];
        Arrays.fill(seconds, HALF_OPEN);
        seconds[FlowState.ESTABLISHED] = 86_400;
        seconds[FlowState.FIN_WAIT] = 120;
        seconds[FlowState.CLOSE_WAIT] = 3_600;
        seconds[FlowState.LAST_ACK] = 30;
        seconds[FlowState.TIME_WAIT] = 120;
        seconds[FlowState.CLOSE] = 10;
        seconds[FlowState.UDP_REPLIED] = 30;
        seconds[FlowState.UDP_STREAM] = 120;
        seconds[FlowState.GENERIC] = 600;
        return new FlowTimeouts(seconds);
    }

    /** A copy with one timeout changed. */
    public FlowTimeouts with(int state, int newSeconds) {
        if (newSeconds <= 0) {
            throw new IllegalArgumentException(
                "the timeout of %s must be positive, not %d seconds".formatted(FlowState.name(state), newSeconds));
        }
        int[] changed = seconds.clone();
        changed[state] = newSeconds;
        return new FlowTimeouts(changed);
    }

    public int seconds(int state) {
        return state >= 0 && state < FlowState.COUNT ? seconds[state] : HALF_OPEN;
    }

    /**
     * @param meta of the forward entry
     * @param pressure whether the table is nearly full
     */
    int seconds(int meta, boolean pressure) {
        int state = FlowEntry.stateOf(meta);
        int normal = seconds(state);
        if (pressure && FlowState.isHalfOpen(state)) { return Math.min(normal, HALF_OPEN_UNDER_PRESSURE); }
        return FlowEntry.hasFlag(meta, FlowEntry.RST_SEEN) ? Math.min(normal, AFTER_DOUBTFUL_RST) : normal;
    }
}
