package io.weft.dataplane.flowlog;

import io.weft.lb.flow.FlowCounter;
import io.weft.lb.flow.FlowState;
import java.util.Locale;

/** Why a flow has ended. The order is part of the format: new reasons come last. */
public enum FlowEndReason {
    /** It has not ended: the record is that of its start. */
    NONE,
    /** No packet for the time that its state allows. */
    TIMEOUT,
    /** Both sides of the TCP connection have sent FIN. */
    FIN,
    /** One side of the TCP connection has sent RST. */
    RST,
    /** A new connection with the same addresses and ports took its place. */
    REPLACED,
    /** Half open, and the flow table was nearly full. */
    TABLE_FULL,
    /** The pod's port was removed, or the Service no longer has the backend. */
    ENDPOINT_REMOVED,
    /** A flow like this would be forwarded differently now, or not at all. */
    TABLES_CHANGED;

    private static final FlowEndReason[] ALL = values();

    /** The reason with this ordinal; {@link #NONE} for one that this version does not know. */
    static FlowEndReason of(int ordinal) {
        return ordinal >= 0 && ordinal < ALL.length ? ALL[ordinal] : NONE;
    }

    /**
     * Allocates nothing.
     *
     * @param counter by which the flow table counts the end
     * @param state {@link FlowState} in which the flow was
     * @param invalid the reason for a flow that the tables no longer allow
     */
    static FlowEndReason of(FlowCounter counter, int state, FlowEndReason invalid) {
        return switch (counter) {
            case INVALIDATED -> invalid;
            case EVICTED -> TABLE_FULL;
            case REPLACED -> FlowState.isFinished(state) ? finished(state) : REPLACED;
            default -> FlowState.isFinished(state) ? finished(state) : TIMEOUT;
        };
    }

    private static FlowEndReason finished(int state) {
        return state == FlowState.CLOSE ? RST : FIN;
    }

    /** Name in output. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
