package io.weft.perf.traffic.command;

import io.weft.perf.result.Spread;
import io.weft.perf.traffic.bed.Wire;
import io.weft.perf.traffic.command.TrafficRun.Engine;
import io.weft.perf.traffic.command.TrafficRun.Receiver;
import io.weft.perf.traffic.command.WireOptions.Through;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code weft bench latency}: one-way latency, from the time a frame was due by the sender's schedule to its receipt. It includes no socket
 * buffers or sleeping programs; {@code weft bench echo} measures round trips between programs.
 */
@Command(name = "latency", description = {
    "One-way latency of single frames, idle and under load; the paths are interleaved, round after round.",
    "Counted from the time a frame was due by the sender's schedule (coordinated omission). Round trips between programs: weft bench echo."}, mixinStandardHelpOptions = true)
public final class LatencyCommand implements Callable<Integer> {
    private static final String MICROS = "%.0f";
    private static final double NANOS = 1e9;
    private static final String HALF = "half";
    private static final String NONE = "none";
    private static final Duration TRIAL = Duration.ofSeconds(1);
    private static final double SEARCH_LOSS = 0.001;
    private static final double SEARCH_RESOLUTION = 0.1;

    @Spec private CommandSpec spec;

    @Mixin private WireOptions options;

    @Option(names = "--beside-linux", description = "measure two Linux nodes with a VXLAN device, interleaved with Weft") private boolean besideLinux;

    @Option(names = "--rate", defaultValue = "1000", description = "frames per second when idle (default: ${DEFAULT-VALUE})") private double rate;

    @Option(names = "--load", defaultValue = NONE, description = "none, frames per second, or half: half of what the slowest path or the receiver carries, measured first (default: ${DEFAULT-VALUE})") private String load;

    @Option(names = "--size", defaultValue = "64", description = "frame size with the FCS (default: ${DEFAULT-VALUE})") private String size;

    @Option(names = "--duration", defaultValue = "3", description = "seconds of one path in one round (default: ${DEFAULT-VALUE})") private double seconds;

    @Option(names = "--rounds", defaultValue = "10", description = "rounds of all paths (default: ${DEFAULT-VALUE})") private int rounds;

    @Option(names = {"-o",
        "--output"}, defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private Output.Format format;

    /** Spread of a percentile over the rounds, microseconds. */
    private static Spread spread(List<TrafficResult> runs, ToDoubleFunction<LatencySummary> percentile) {
        return Spread.of(runs.stream().map(TrafficResult::latencyMicros).mapToDouble(percentile).toArray());
    }

    /** One path at one rate, over all rounds. {@code overrun}: frames that arrived too fast for the receiver and have no latency here. */
    record Result(String path, String frameSize, double ratePps, int rounds, double seconds, long sent, long lost,
        long overrun, Spread p50, Spread p90, Spread p99, Spread p999, Spread p9999, double maxMicros) {
        static Result of(List<TrafficResult> runs) {
            TrafficResult any = runs.getFirst();
            return new Result(any.path(), any.frameSize(), any.ratePps(), runs.size(), any.seconds(),
                runs.stream().mapToLong(TrafficResult::sent).sum(), runs.stream().mapToLong(TrafficResult::lost).sum(),
                runs.stream().mapToLong(TrafficResult::overrun).sum(), spread(runs, LatencySummary::p50),
                spread(runs, LatencySummary::p90), spread(runs, LatencySummary::p99),
                spread(runs, LatencySummary::p999), spread(runs, LatencySummary::p9999),
                runs.stream().mapToDouble(run -> run.latencyMicros().max()).max().orElse(0));
        }
    }

    private record Key(Wire wire, double rate) {
    }

    @Override
    public Integer call() throws Exception {
        if (besideLinux && options.through != Through.weft) {
            throw new IllegalArgumentException("--beside-linux needs --through weft");
        }
        List<Result> results = besideLinux
            ? options.withBoth("weft bench latency", this::measure)
            : options.with("weft bench latency", wire -> measure(List.of(wire)));
        print(spec.commandLine().getOut(), results);
        return 0;
    }

    private List<Result> measure(List<Wire> wires) throws InterruptedException {
        List<TrafficRun> runs = wires.stream().map(wire -> options.run(wire, size, Engine.afxdp)).toList();
        for (TrafficRun run : runs) {
            run.warmUp();
        }
        double[] rates = rates(runs);
        Map<Key, List<TrafficResult>> results = new LinkedHashMap<>();
        Duration duration = Duration.ofNanos((long) (seconds * NANOS));
        for (int round = 0; round < rounds; round++) {
            for (double each : rates) {
                for (TrafficRun run : runs) {
                    results.computeIfAbsent(new Key(run.wire(), each), _ -> new ArrayList<>())
                        .add(run.run(each, duration, Receiver.afxdp));
                }
            }
        }
        return results.values().stream().map(Result::of).toList();
    }

    private double[] rates(List<TrafficRun> runs) throws InterruptedException {
        if (load.equals(NONE)) { return new double[]{rate}; }
        if (load.equals(HALF)) { return new double[]{rate, slowest(runs) / 2}; }
        try {
            return new double[]{rate, Double.parseDouble(load)};
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--load " + load + ": must be none, half or frames per second", e);
        }
    }

    private static double slowest(List<TrafficRun> runs) throws InterruptedException {
        RateSearch search = new RateSearch(SEARCH_LOSS, SEARCH_RESOLUTION);
        double[] found = new double[runs.size()];
        for (int i = 0; i < found.length; i++) {
            TrafficRun run = runs.get(i);
            found[i] = search.run(each -> run.judgedTrial(each, TRIAL)).rate();
        }
        return Arrays.stream(found).min().orElseThrow();
    }

    private void print(PrintWriter out, List<Result> results) throws Exception {
        if (format == Output.Format.json) {
            Output.json(out, results);
            return;
        }
        out.printf("one-way latency, microseconds from the schedule: median (min-max) of %d rounds of %.1f s%n", rounds,
            seconds);
        out.printf("%-18s %9s  %-16s %-16s %-18s %-18s %-20s %8s %6s %8s%n", "PATH", "RATE pps", "P50", "P90", "P99",
            "P99.9", "P99.99", "MAX", "LOST", "UNJUDGED");
        for (Result each : results) {
            out.printf("%-18s %9.0f  %-16s %-16s %-18s %-18s %-20s %8.0f %6d %8d%n", each.path, each.ratePps,
                each.p50.text(MICROS), each.p90.text(MICROS), each.p99.text(MICROS), each.p999.text(MICROS),
                each.p9999.text(MICROS), each.maxMicros, each.lost, each.overrun);
        }
        Output.machine(out);
    }
}
