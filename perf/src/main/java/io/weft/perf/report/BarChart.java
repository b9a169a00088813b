package io.weft.perf.report;

import java.util.List;
import java.util.Locale;

/** Horizontal bars from zero, each with its spread as a thin line. */
final class BarChart {
    private static final int WIDTH = 860;
    private static final int LABELS = 260;
    private static final int VALUES = 150;
    private static final int ROW = 26;
    private static final int BAR = 15;
    private static final int TOP = 8;

    /**
     * One bar.
     *
     * @param style class of the page's style sheet
     */
    record Bar(String label, double value, double min, double max, String style) {}

    private BarChart() {}

    static String draw(String title, String unit, List<Bar> bars) {
        double end = bars.stream().mapToDouble(bar -> Math.max(bar.value, bar.max)).max().orElse(1);
        double scale = (WIDTH - LABELS - VALUES) / (end > 0 ? end : 1);
        Svg svg = new Svg(WIDTH, 2 * TOP + ROW * bars.size(), title);
        for (int i = 0; i < bars.size(); i++) {
            row(svg, TOP + i * ROW, scale, bars.get(i), unit);
        }
        return svg.toString();
    }

    private static void row(Svg svg, double top, double scale, Bar bar, String unit) {
        double middle = top + ROW / 2.0;
        String value = String.format(Locale.ROOT, "%.3g %s (%.3g–%.3g)", bar.value, unit, bar.min, bar.max);
        svg.label(LABELS - 8, middle + 4, "end", bar.label)
            .rectangle(LABELS, middle - BAR / 2.0, bar.value * scale, BAR, bar.style, bar.label + ": " + value)
            .line(LABELS + bar.min * scale, middle, LABELS + bar.max * scale, middle, "spread")
            .line(LABELS + bar.min * scale, middle - 4, LABELS + bar.min * scale, middle + 4, "spread")
            .line(LABELS + bar.max * scale, middle - 4, LABELS + bar.max * scale, middle + 4, "spread")
            .label(LABELS + Math.max(bar.value, bar.max) * scale + 8, middle + 4, "start", value);
    }
}
