package io.weft.dataplane.counters;

/** The terms of the equation that holds for each worker after each batch: received + originated = sent + punted + dropped + in flight. */
public enum FrameTotal {
    RECEIVED("received"),
    /** ICMP errors and resets, whose cause counts as dropped; fragments that Weft creates from a packet, minus one that replaces the packet. */
    ORIGINATED("originated"),
    SENT("sent"),
    /** Handed to the node's own stack through {@code weft-host}. */
    PUNTED("punted"),
    DROPPED("dropped"),
    /** Received and not yet finished; between two batches, frames held for their first fragment or for a next hop. */
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
