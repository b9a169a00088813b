package io.weft.perf.lab;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/** Of round trips, microseconds. */
record Percentiles(double p50, double p99, double p9999, double max) {
    private static final double NANOS = 1e3;

    static Percentiles of(Histogram nanos) {
        return new Percentiles(nanos.getValueAtPercentile(50) / NANOS, nanos.getValueAtPercentile(99) / NANOS,
            nanos.getValueAtPercentile(99.99) / NANOS, nanos.getMaxValue() / NANOS);
    }

    /** The median, the least and the greatest of one percentile over several runs. */
    record Spread(double median, double min, double max) {
        static Spread of(List<Percentiles> runs, ToDoubleFunction<Percentiles> percentile) {
            return of(runs.stream().mapToDouble(percentile).toArray());
        }

        static Spread of(double... values) {
            double[] sorted = values.clone();
            Arrays.sort(sorted);
            int n = sorted.length;
            return new Spread((sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[0], sorted[n - 1]);
        }

        @Override
        public String toString() {
            return "%.0f (%.0f-%.0f)".formatted(median, min, max);
        }
    }
}
