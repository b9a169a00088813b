package io.weft.dataplane.counters;

/**
 * The terms of the equation that every worker keeps at every batch's end:
 * received + originated = sent + punted + dropped + in flight.
 */
public enum FrameTotal {
    RECEIVED("received"),
    /** ICMP errors and resets, made from a frame that counts as dropped; fragments that Weft makes of a packet, but for one that stands for it. */
    ORIGINATED("originated"),
    SENT("sent"),
    /** Handed to the node's own stack through {@code weft-host}. */
    PUNTED("punted"),
    DROPPED("dropped"),
    /** Taken from a port and not yet ended; between two batches, later fragments that are held until their first one decides. */
    IN_FLIGHT("in_flight"),
    /** Not a term: batches processed. */
    BATCHES("batches"),
    /** Not a term: ICMP errors and resets that the rate limit suppressed. */
    SUPPRESSED("suppressed");

    private static final FrameTotal[] ALL = values();

    private final String label;

    FrameTotal(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }

    public static int count() {
        return ALL.length;
    }
}
