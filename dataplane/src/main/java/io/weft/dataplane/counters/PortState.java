package io.weft.dataplane.counters;

/** Where a port stands, as the conductor last said; level-triggered, so that a reader may come at any time. */
public enum PortState {
    /** No such port. */
    GONE,
    OPENING,
    /** Frames are taken from it and sent to it. */
    UP,
    /** It could not be opened; the reason is in {@link PortStatus#reason}. */
    FAILED;

    private static final PortState[] ALL = values();

    static PortState of(int ordinal) {
        return ordinal >= 0 && ordinal < ALL.length ? ALL[ordinal] : GONE;
    }
}
