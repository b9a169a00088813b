package io.weft.dataplane.counters;

/** Texts of the conductor, each at most about 500 bytes of UTF-8. */
public enum ConductorText {
    NODE_NAME("node_name"),
    UPLINK_NAME("uplink_name"),
    /** The XDP mode in use: zero-copy, native copy or generic. */
    UPLINK_MODE("uplink_mode"),
    /** Why a better mode is not used. */
    UPLINK_REASON("uplink_reason"),
    /** Empty when there is no fault; otherwise one line that says what is wrong and what to do. */
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
