package io.weft.perf.traffic;

/**
 * What a sink has seen.
 *
 * @param frames all frames of any kind
 * @param bytes of them, without FCS
 * @param tunnelled those in a VXLAN tunnel with the expected port
 * @param matched UDP frames with the expected (inner) port
 * @param probes those of them with a {@link ProbePayload}
 * @param late probes whose number is not above the highest seen in their group: reordered or duplicated
 */
public record SinkCounts(long frames, long bytes, long tunnelled, long matched, long probes, long late) {
    public static final SinkCounts NONE = new SinkCounts(0, 0, 0, 0, 0, 0);

    public SinkCounts plus(SinkCounts other) {
        return new SinkCounts(frames + other.frames, bytes + other.bytes, tunnelled + other.tunnelled,
            matched + other.matched, probes + other.probes, late + other.late);
    }

    public SinkCounts minus(SinkCounts earlier) {
        return new SinkCounts(frames - earlier.frames, bytes - earlier.bytes, tunnelled - earlier.tunnelled,
            matched - earlier.matched, probes - earlier.probes, late - earlier.late);
    }
}
