package io.weft.lb.flow;

/**
 * A new flow, filled in by the slow path for {@link FlowTable#insertPair}. The reverse direction's key and rewrite follow from the forward
 * one: its key is the mirror of what the forward direction rewrites to, and it rewrites to the mirror of the forward key.
 *
 * <p>Mutable, one per worker, reused. Every field must be set for every flow; {@link #reset} sets those of a flow without NAT.
 */
public final class FlowTemplate {
    private static final int MILLIS_PER_SECOND = 1000;

    /** Addresses and ports of the forward direction after the rewrite. For ICMP echo both ports are the new identifier. */
    public int newSrc;
    public int newDst;
    public int newSport;
    public int newDport;
    /** See {@link FlowEntry#egress}. */
    public int forwardEgress;
    public int reverseEgress;
    /** 16 bits; see {@link FlowEntry#ingress}. */
    public int forwardIngress;
    public int reverseIngress;
    /** {@link FlowEntry#DNAT}, {@link FlowEntry#SNAT}, {@link FlowEntry#SERVICE}, {@link FlowEntry#PICKED_UP}. */
    public int flags;
    /** The initial {@link FlowState}. */
    public int state;
    /** Seconds of the table's clock. */
    public int nowSeconds;
    /** Milliseconds of a steady clock that wraps around: only differences count. For flows that are not TCP. */
    public int bornMillis;

    /** Resets to a flow that is forwarded unchanged and starts at the given second. */
    public FlowTemplate reset(long k0, long k1, int firstState, int now) {
        newSrc = FlowKey.source(k0);
        newDst = FlowKey.destination(k0);
        newSport = FlowKey.sourcePort(k1);
        newDport = FlowKey.destinationPort(k1);
        forwardEgress = 0;
        reverseEgress = 0;
        forwardIngress = 0;
        reverseIngress = 0;
        flags = 0;
        state = firstState;
        nowSeconds = now;
        bornMillis = now * MILLIS_PER_SECOND;
        return this;
    }

    /** The time of the first packet in milliseconds of the table's clock, which does not wrap around. */
    public long startMillis() {
        long second = nowSeconds * (long) MILLIS_PER_SECOND;
        return second + (bornMillis - (int) second);
    }

    /** First word of the reverse direction's key. */
    public long reverseK0() {
        return FlowKey.k0(newDst, newSrc);
    }

    /**
     * Second word of the reverse direction's key.
     *
     * @param k1 of the forward direction
     */
    public long reverseK1(long k1) {
        return FlowKey.k1(newDport, newSport, FlowKey.protocol(k1)) | FlowKey.zone(k1);
    }
}
