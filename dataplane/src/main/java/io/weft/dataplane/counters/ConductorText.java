package io.weft.dataplane.counters;

/** Words of the conductor, each at most about 500 bytes of UTF-8. */
public enum ConductorText {
    NODE_NAME("node_name"),
    UPLINK_NAME("uplink_name"),
    /** The rung of the capability ladder that was reached: zero-copy, native copy or generic. */
    UPLINK_MODE("uplink_mode"),
    /** Why no higher rung. */
    UPLINK_REASON("uplink_reason"),
    /** Empty while all is well, else one line that says what is wrong and what to do. */
    FAULT("fault");

    private static final ConductorText[] ALL = values();

    private final String label;

    ConductorText(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }

    public static int count() {
        return ALL.length;
    }
}
