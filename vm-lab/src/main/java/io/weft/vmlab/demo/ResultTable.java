package io.weft.vmlab.demo;

import java.io.PrintWriter;
import java.util.List;
import org.HdrHistogram.AbstractHistogram;

/** Prints the verdicts, one line per path, with latency percentiles in microseconds if there are any. */
final class ResultTable {
    private static final String ROW = "%-6s %-52s %9s %9s %9s  %s%n";

    private ResultTable() {}

    static void print(PrintWriter out, List<PathResult> results) {
        out.printf(ROW, "", "path", "p50 µs", "p99 µs", "p99.9 µs", "result");
        for (PathResult result : results) {
            AbstractHistogram latency = result.latencyNanos();
            out.printf(ROW, result.passed() ? "pass" : "FAIL", result.path(), micros(latency, 50), micros(latency, 99),
                micros(latency, 99.9), result.detail());
        }
        long failed = results.stream().filter(r -> !r.passed()).count();
        out.printf("%d of %d paths passed%n", results.size() - failed, results.size());
    }

    private static String micros(AbstractHistogram latency, double percentile) {
        return latency == null || latency.getTotalCount() == 0
            ? "-"
            : String.format("%.0f", latency.getValueAtPercentile(percentile) / 1000.0);
    }
}
