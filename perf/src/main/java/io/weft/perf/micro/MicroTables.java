package io.weft.perf.micro;

import java.io.PrintWriter;
import java.util.List;
import java.util.stream.Collectors;

/** Prints results as text, as they arrive. */
final class MicroTables {
    private static final int PERCENT = 100;
    private static final double P999_LIMIT = 10;

    private final PrintWriter out;
    private final boolean wanted;

    /** @param wanted if false, nothing is printed */
    MicroTables(PrintWriter out, boolean wanted) {
        this.out = out;
        this.wanted = wanted;
    }

    void suiteHead() {
        line("%-32s %8s %6s %10s %14s %12s %13s".formatted("case", "flows", "batch", "ns/packet", "cycles/packet",
            "p99.9 ns", "bytes/packet"));
    }

    void suite(MicroResult result) {
        line("%-32s %8d %6d %10.1f %14.0f %12.1f %13.3f".formatted(result.name(), result.flows(), result.batch(),
            result.nsPerPacket(), result.cyclesPerPacket(), result.nsP999(), result.bytesPerPacket()));
    }

    void stages(List<MicroResult> results) {
        line("");
        line("share of each node, timed one by one (\"graph\": between them)");
        results.stream().filter(result -> !result.stages().isEmpty()).forEach(result -> line(stages(result)));
        line("");
        line("medians of batches (ns/packet, cycles at the cpu MHz of /proc/cpuinfo) and their 99.9th percentile,");
        line("divided by the batch; the cost of writing the frames is subtracted");
    }

    private static String stages(MicroResult result) {
        return result.stages().stream()
            .map(stage -> "%s %.1f ns %.0f %%".formatted(stage.name(), stage.nsPerPacket(), stage.share() * PERCENT))
            .collect(Collectors.joining(", ", result.name() + ", " + result.flows() + " flows: ", ""));
    }

    void referenceHead(int pairs) {
        line("median (min-max) of %d interleaved pairs; ns per packet".formatted(pairs));
        line("%-32s %8s %22s %22s %22s".formatted("case", "flows", "Weft", "reference", "ratio"));
    }

    void reference(ReferencePairs.Result result) {
        line("%-32s %8d %22s %22s %22s".formatted(result.name(), result.flows(), result.weft().text("%.1f"),
            result.reference().text("%.1f"), result.ratio().text("%.2f")));
        if (result.bytesAllocated() != 0) {
            line("  allocated %d bytes of heap".formatted(result.bytesAllocated()));
        }
    }

    void soak(SoakReport report) {
        Soak.Result batch = report.batchNanos();
        line("%s, %d flows, batch %d: %d batches in %.0f s, %d bytes of heap allocated".formatted(report.name(),
            report.flows(), report.batch(), batch.batches(), batch.seconds(), batch.allocatedBytes()));
        line("ns of a batch: p50 %d  p90 %d  p99 %d  p99.9 %d  p99.99 %d  max %d".formatted(batch.p50(), batch.p90(),
            batch.p99(), batch.p999(), batch.p9999(), batch.max()));
        line("p99.9 is %.1f times the median: %s %.0f".formatted(report.p999ToMedian(),
            report.p999ToMedian() <= P999_LIMIT ? "within" : "above", P999_LIMIT));
    }

    void workersHead(int rounds) {
        line("median (min-max) of %d rounds; millions of packets per second; ratio 2 is perfect".formatted(rounds));
        line("%-18s %10s %22s %22s %20s".formatted("two workers with", "flows each", "one", "two", "ratio"));
    }

    void workers(WorkerReport report) {
        line("%-18s %10d %22s %22s %20s".formatted(report.name(), report.flows(), report.one().text("%.1f"),
            report.two().text("%.1f"), report.ratio().text("%.2f")));
    }

    private void line(String text) {
        if (wanted) {
            out.println(text);
            out.flush();
        }
    }
}
