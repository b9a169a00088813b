package io.weft.perf.compare;

import io.weft.perf.result.MachineFacts;
import java.io.PrintWriter;

/** Prints a {@link Comparison} on the terminal. */
final class ComparisonTable {
    private static final double PERCENT = 100;

    private ComparisonTable() {}

    static void print(Comparison comparison, PrintWriter out) {
        out.printf("%-30s %6s  %-22s %-22s %8s %6s %7s %6s%n", "system, workload", "rounds", "Mpps at the sink",
            "Mpps per core-second", "overload", "loss %", "right %", "batch");
        for (Series series : comparison.series()) {
            out.printf("%-30s %6d  %-22s %-22s %8.3f %6.1f %7.2f %6.1f%n", series.name(), series.counted().size(),
                series.mpps().text("%.3f"), series.mppsPerCore().text("%.3f"), series.mppsPerCoreAtOverload(),
                PERCENT * series.loss().median(), PERCENT * series.asExpected().min(),
                series.framesPerBatch().median());
        }
        if (!comparison.ratios().isEmpty()) {
            out.printf("%n%-30s %-30s %-22s %s%n", "Weft's packets per core-second", "over", "ratio", "goal");
        }
        for (Ratio ratio : comparison.ratios()) {
            out.printf("%-30s %-30s %-22s %s%n", ratio.weft(), ratio.peer(), ratio.ratio().text("%.3f"),
                ratio.goal() == null ? "" : ratio.goal());
        }
        long disturbed = comparison.series().stream().flatMap(series -> series.counted().stream())
            .filter(Sample::disturbed).count();
        if (disturbed > 0) {
            out.printf(
                "DISTURBED: in %d measurements other processes used much of the two cores; repeat it on an idle machine%n",
                disturbed);
        }
        long idle = comparison.series().stream().flatMap(series -> series.counted().stream())
            .filter(sample -> !sample.saturated()).count();
        if (idle > 0) {
            out.printf("NOT SATURATED: in %d measurements the system lost almost nothing; its figure is too low%n",
                idle);
        }
        comparison.leftOut().forEach(left -> out.printf("left out: %s: %s%n", left.name(), left.reason()));
        MachineFacts machine = comparison.machine();
        out.printf("%s, %d cores, Linux %s, JDK %s, commit %s; medians (min-max)%n", machine.cpu(), machine.cores(),
            machine.kernel(), machine.jdk(), machine.commit());
    }
}
