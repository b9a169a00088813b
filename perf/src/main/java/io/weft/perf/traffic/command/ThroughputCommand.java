package io.weft.perf.traffic.command;

import io.weft.perf.traffic.bed.Wire;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weft bench throughput}: the search of RFC 2544 section 26.1. */
@Command(name = "throughput", description = {"The highest rate without loss, by frame size (RFC 2544 section 26.1).",
    "On a virtual machine that shares its processors, single frames are lost at any rate: use --loss 0.1% there."}, mixinStandardHelpOptions = true)
public final class ThroughputCommand implements Callable<Integer> {
    private static final double NANOS = 1e9;
    private static final double MEGA = 1e6;
    private static final double GIGA = 1e9;
    private static final double PERCENT = 100;

    @Spec private CommandSpec spec;

    @Mixin private WireOptions options;

    @Option(names = "--size", split = ",", defaultValue = "64,512,imix", description = "frame sizes with the FCS, or imix (default: ${DEFAULT-VALUE})") private List<String> sizes;

    @Option(names = "--loss", defaultValue = "0", description = "share of frames that may be lost, for instance 0.1%% (default: ${DEFAULT-VALUE})") private String loss;

    @Option(names = "--trial", defaultValue = "2", description = "seconds of one trial; RFC 2544 asks for 60 (default: ${DEFAULT-VALUE})") private double trialSeconds;

    @Option(names = "--resolution", defaultValue = "2", description = "percent of the rate at which the search ends (default: ${DEFAULT-VALUE})") private double resolution;

    @Option(names = {"-o",
        "--output"}, defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private Output.Format format;

    /** The result for one size. {@code generatorLimited}: the device under test may do more. */
    record Result(String path, String engine, String frameSize, int flows, double lossAllowed, double trialSeconds,
        double mpps, double gbps, boolean generatorLimited, double overloadMpps, List<RateSearch.Outcome> trials) {
    }

    @Override
    public Integer call() throws Exception {
        RateSearch search = new RateSearch(parseLoss(loss), resolution / PERCENT);
        List<Result> results = options.with("weft bench throughput", wire -> {
            List<Result> all = new ArrayList<>();
            for (String size : sizes) {
                all.add(search(search, wire, size));
            }
            return all;
        });
        print(spec.commandLine().getOut(), results);
        return 0;
    }

    private Result search(RateSearch search, Wire wire, String size) throws InterruptedException {
        TrafficRun run = options.run(wire, size, TrafficRun.Engine.live);
        run.warmUp();
        Duration duration = Duration.ofNanos((long) (trialSeconds * NANOS));
        RateSearch.Found found = search.run(rate -> run.trial(rate, duration));
        return new Result(wire.name(), run.engine().name(), size, run.frames().flows().count(), search.lossAllowed(),
            trialSeconds, found.rate() / MEGA, found.rate() * run.frames().sizes().mean() * Byte.SIZE / GIGA,
            found.generatorLimited(), found.overload().receivedRate() / MEGA, found.trials());
    }

    /** A share, or a percentage with the sign. */
    static double parseLoss(String text) {
        try {
            double value = text.endsWith("%")
                ? Double.parseDouble(text.substring(0, text.length() - 1)) / PERCENT
                : Double.parseDouble(text);
            if (value >= 0 && value < 1) { return value; }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--loss " + text + ": must be a share such as 0.001 or 0.1%", e);
        }
        throw new IllegalArgumentException("--loss " + text + ": must be at least 0 and less than 100%");
    }

    private void print(PrintWriter out, List<Result> results) throws Exception {
        if (format == Output.Format.json) {
            Output.json(out, results);
            return;
        }
        out.printf("%-18s %6s %5s %8s %8s %11s %8s %14s%n", "PATH", "ENGINE", "SIZE", "FLOWS", "LOSS <=", "THROUGHPUT",
            "Gbit/s", "IN OVERLOAD");
        for (Result each : results) {
            out.printf("%-18s %6s %5s %8d %7.3f%% %6.3f Mpps %8.3f %9.3f Mpps%s%n", each.path, each.engine,
                each.frameSize, each.flows, each.lossAllowed * PERCENT, each.mpps, each.gbps, each.overloadMpps,
                each.generatorLimited ? "  at least: the generator cannot send faster" : "");
        }
        Output.machine(out);
    }
}
