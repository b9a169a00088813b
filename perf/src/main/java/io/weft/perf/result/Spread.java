package io.weft.perf.result;

import java.util.Arrays;
import java.util.Collection;

/** Median, quartiles, minimum and maximum of several measurements of the same quantity. */
public record Spread(double median, double min, double lowerQuartile, double upperQuartile, double max, int count) {
    /** @param values at least one */
    public static Spread of(double... values) {
        if (values.length == 0) { throw new IllegalArgumentException("no values"); }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return new Spread(quantile(sorted, 0.5), sorted[0], quantile(sorted, 0.25), quantile(sorted, 0.75),
            sorted[sorted.length - 1], sorted.length);
    }

    /** @param values at least one */
    public static Spread of(Collection<Double> values) {
        return of(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** Interpolates linearly between two values. */
    private static double quantile(double[] sorted, double share) {
        double place = share * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    /** {@code median (min-max)}. */
    public String text(String format) {
        return (format + " (" + format + "-" + format + ")").formatted(median, min, max);
    }
}
