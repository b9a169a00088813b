package io.weft.dataplane.counters;

/** State of a port as the conductor last reported it; level-triggered, so that a reader may start at any time. */
public enum PortState {
    /** No such port. */
    GONE,
    OPENING,
    /** Workers receive frames from it and send frames to it. */
    UP,
    /** It could not be opened; {@link PortStatus#reason} says why. */
    FAILED;

    private static final PortState[] ALL = values();

    static PortState of(int ordinal) {
        return ordinal >= 0 && ordinal < ALL.length ? ALL[ordinal] : GONE;
    }
}
