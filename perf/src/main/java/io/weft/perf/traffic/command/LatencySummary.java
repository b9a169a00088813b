package io.weft.perf.traffic.command;

import org.HdrHistogram.Histogram;

/** Latency in microseconds, from the time at which a frame was due. */
public record LatencySummary(double p50, double p90, double p99, double p999, double p9999, double max, long frames) {
    private static final double NANOS = 1e3;

    public static LatencySummary of(Histogram nanos) {
        return new LatencySummary(at(nanos, 50), at(nanos, 90), at(nanos, 99), at(nanos, 99.9), at(nanos, 99.99),
            nanos.getMaxValue() / NANOS, nanos.getTotalCount());
    }

    private static double at(Histogram nanos, double percentile) {
        return nanos.getValueAtPercentile(percentile) / NANOS;
    }
}
