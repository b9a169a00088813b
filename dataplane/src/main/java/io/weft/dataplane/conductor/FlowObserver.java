package io.weft.dataplane.conductor;

/** Is told about flows as {@link ConntrackGc} comes by them. */
interface FlowObserver {
    /** Whether it wants to be told now. */
    boolean isWatching();

    /** @param forward the forward entry of a flow that has not ended; a worker may end it meanwhile */
    void onFlow(long forward);
}
