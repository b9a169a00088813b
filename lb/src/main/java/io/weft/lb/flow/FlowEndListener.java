package io.weft.lb.flow;

/** Called once for each flow that ended, on the thread that ended it; releases what the flow held. */
@FunctionalInterface
public interface FlowEndListener {
    /**
     * Must not block or allocate: workers call it too.
     *
     * @param forward entry of the forward direction; searches no longer find it, but its rewrite is still readable
     * @param k0 its key
     * @param k1 its key
     */
    void onEnd(long forward, long k0, long k1);

    /**
     * The same with what a listener that records flows needs. {@link FlowEnder} calls this one.
     *
     * @param reverse entry of the reply direction, readable as the forward one; 0 if there is none
     * @param reason by which the table counts the end
     */
    default void onEnd(long forward, long reverse, long k0, long k1, FlowCounter reason) {
        onEnd(forward, k0, k1);
    }
}
