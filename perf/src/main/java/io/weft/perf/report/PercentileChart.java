package io.weft.perf.report;

import java.util.List;
import java.util.Locale;

/** Percentiles of several cases on one logarithmic axis, each with its spread. */
final class PercentileChart {
    private static final int WIDTH = 860;
    private static final int LABELS = 260;
    private static final int RIGHT = 30;
    private static final int ROW = 34;
    private static final int TOP = 12;
    private static final int AXIS = 28;

    /** One percentile of a case: median, minimum and maximum over the runs. */
    record Point(String name, double median, double min, double max) {}

    /** One row. */
    record Case(String label, List<Point> points) {}

    private PercentileChart() {}

    static String draw(String title, String unit, List<Case> cases) {
        double min = cases.stream().flatMap(row -> row.points.stream()).mapToDouble(Point::min)
            .filter(value -> value > 0).min().orElse(1);
        double max = cases.stream().flatMap(row -> row.points.stream()).mapToDouble(Point::max).max()
            .orElse(1);
        int from = (int) Math.floor(Math.log10(min));
        int to = Math.max(from + 1, (int) Math.ceil(Math.log10(max)));
        int bottom = TOP + ROW * cases.size();
        Svg svg = new Svg(WIDTH, bottom + AXIS, title);
        for (int decade = from; decade <= to; decade++) {
            double x = x(Math.pow(10, decade), from, to);
            svg.line(x, TOP, x, bottom, "grid").label(x, bottom + 18, "middle",
                String.format(Locale.ROOT, "%,.0f %s", Math.pow(10, decade), unit));
        }
        for (int i = 0; i < cases.size(); i++) {
            row(svg, TOP + (i + 0.5) * ROW, cases.get(i), from, to, unit);
        }
        return svg.toString();
    }

    private static void row(Svg svg, double y, Case one, int from, int to, String unit) {
        svg.label(LABELS - 8, y + 4, "end", one.label);
        for (Point point : one.points) {
            double x = x(point.median, from, to);
            svg.line(x(point.min, from, to), y, x(point.max, from, to), y, "spread")
                .circle(x, y, 4.5, "point",
                    String.format(Locale.ROOT, "%s %s: %.0f %s (%.0f–%.0f)", one.label, point.name,
                        point.median, unit, point.min, point.max))
                .label(x, y - 8, "middle", point.name);
        }
    }

    private static double x(double value, int from, int to) {
        double position = (Math.log10(Math.max(value, Math.pow(10, from))) - from) / (to - from);
        return LABELS + position * (WIDTH - LABELS - RIGHT);
    }
}
