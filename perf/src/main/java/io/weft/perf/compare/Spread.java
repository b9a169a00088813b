package io.weft.perf.compare;

import java.util.List;

/** The middle and the ends of several figures. */
record Spread(double median, double min, double max) {
    static Spread of(List<Double> figures) {
        if (figures.isEmpty()) { throw new IllegalArgumentException("no figures"); }
        List<Double> sorted = figures.stream().sorted().toList();
        int middle = sorted.size() / 2;
        double median = sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
        return new Spread(median, sorted.getFirst(), sorted.getLast());
    }
}
