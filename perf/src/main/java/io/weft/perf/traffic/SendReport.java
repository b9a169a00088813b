package io.weft.perf.traffic;

/**
 * What a generator sent.
 *
 * @param frames frames passed to the device, which may still have refused some when its queue was full
 * @param bytes the same in bytes, without FCS
 * @param elapsedNanos from the first frame to the last
 * @param cpuNanos processor time of the generating thread, including the receive work of a veth's peer that the kernel did in it
 */
public record SendReport(long frames, long bytes, long elapsedNanos, long cpuNanos) {
    private static final double NANOS = 1e9;

    public double framesPerSecond() {
        return elapsedNanos == 0 ? 0 : frames * NANOS / elapsedNanos;
    }
}
