package io.weft.lb.flow;

/** Learns of flows that ended, to release what they held: once for each flow, on the thread that ended it. */
@FunctionalInterface
public interface FlowEndListener {
    /**
     * Must not block or allocate: it is called by workers too.
     *
     * @param forward entry of the forward direction, no longer to be found, its rewrite still readable
     * @param k0 its key
     * @param k1 its key
     */
    void onEnd(long forward, long k0, long k1);
}
