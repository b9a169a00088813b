package io.weft.perf.traffic.command;

import io.weft.perf.traffic.command.TrafficRun.Engine;
import io.weft.perf.traffic.command.TrafficRun.Receiver;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weft bench traffic}: sends frames and reports what arrived. */
@Command(name = "traffic", description = "Send UDP frames between two devices and count what arrives: loss, order, duplicates, latency", mixinStandardHelpOptions = true)
public final class TrafficCommand implements Callable<Integer> {
    private static final double NANOS = 1e9;
    /** Rates that a receiving program sustains on slow machines too. */
    private static final double JUDGED_RATE = 300_000;

    @Spec private CommandSpec spec;

    @Mixin private WireOptions options;

    @Option(names = "--size", split = ",", defaultValue = "64", description = "frame sizes with the four bytes of the FCS, or imix: 7:4:1 of 64, 594 and 1518 bytes (default: ${DEFAULT-VALUE})") private List<String> sizes;

    @Option(names = "--rate", defaultValue = "0", description = "frames per second; 0: as fast as possible (default: ${DEFAULT-VALUE})") private double rate;

    @Option(names = "--duration", defaultValue = "5", description = "seconds (default: ${DEFAULT-VALUE})") private double seconds;

    @Option(names = "--receiver", description = "${COMPLETION-CANDIDATES}: a socket, which classifies every frame, or counters in the driver, for any rate (default: afxdp up to 300000 frames per second)") private Optional<Receiver> receiver;

    @Option(names = {"-o",
        "--output"}, defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private Output.Format format;

    @Override
    public Integer call() throws Exception {
        List<TrafficResult> results = options.with("weft bench traffic", wire -> {
            List<TrafficResult> all = new ArrayList<>();
            for (String size : sizes) {
                TrafficRun run = options.run(wire, size, rate == 0 ? Engine.live : Engine.afxdp);
                run.warmUp();
                all.add(run.run(rate, Duration.ofNanos((long) (seconds * NANOS)), receiverFor(rate)));
            }
            return all;
        });
        print(spec.commandLine().getOut(), results);
        return 0;
    }

    private Receiver receiverFor(double wanted) {
        return receiver.orElse(wanted > 0 && wanted <= JUDGED_RATE ? Receiver.afxdp : Receiver.xdp);
    }

    private void print(PrintWriter out, List<TrafficResult> results) throws Exception {
        if (format == Output.Format.json) {
            Output.json(out, results);
            return;
        }
        out.printf("%-18s %6s %5s %8s %12s %12s %10s %9s %9s %8s %8s %8s%n", "PATH", "ENGINE", "SIZE", "FLOWS", "SENT",
            "RECEIVED", "LOST", "REORDERED", "DUPLICATE", "SENT", "RECEIVED", "RECEIVED");
        out.printf("%-18s %6s %5s %8s %12s %12s %10s %9s %9s %8s %8s %8s%n", "", "", "", "", "", "", "", "", "", "Mpps",
            "Mpps", "Gbit/s");
        for (TrafficResult each : results) {
            out.printf("%-18s %6s %5s %8d %12d %12d %10d %9d %9s %8.3f %8.3f %8.3f%n", each.path(), each.engine(),
                each.frameSize(), each.flows(), each.sent(), each.received(), each.lost(), each.reordered(),
                each.duplicated() == null ? "-" : each.duplicated(), each.sentMpps(), each.receivedMpps(),
                each.receivedGbps());
            LatencySummary latency = each.latencyMicros();
            if (latency != null) {
                out.printf("  one-way latency, us: p50 %.0f, p90 %.0f, p99 %.0f, p99.9 %.0f, p99.99 %.0f, max %.0f%n",
                    latency.p50(), latency.p90(), latency.p99(), latency.p999(), latency.p9999(), latency.max());
            }
            if (each.overrun() != null && each.overrun() > 0) {
                out.printf(
                    "  %d of those received came too fast for the receiver: their order is unknown (--receiver xdp)%n",
                    each.overrun());
            }
        }
        Output.machine(out);
    }
}
