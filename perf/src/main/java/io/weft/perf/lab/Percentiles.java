package io.weft.perf.lab;

import io.weft.perf.result.Spread;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/** Percentiles of round trips, microseconds. */
record Percentiles(double p50, double p99, double p9999, double max) {
    private static final double NANOS = 1e3;

    static Percentiles of(Histogram nanos) {
        return new Percentiles(nanos.getValueAtPercentile(50) / NANOS, nanos.getValueAtPercentile(99) / NANOS,
            nanos.getValueAtPercentile(99.99) / NANOS, nanos.getMaxValue() / NANOS);
    }

    /** Spread of one percentile over several runs. */
    static Spread spread(List<Percentiles> runs, ToDoubleFunction<Percentiles> percentile) {
        return Spread.of(runs.stream().mapToDouble(percentile).toArray());
    }
}
