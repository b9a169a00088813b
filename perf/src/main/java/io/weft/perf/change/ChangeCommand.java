package io.weft.perf.change;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.weft.perf.result.MachineFacts;
import io.weft.vmlab.lab.Privileges;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weft bench change}: what endpoint changes cost a node of a large cluster. */
@Command(name = "change", description = "Cost of endpoint changes on a node with many Services and flows", mixinStandardHelpOptions = true)
public final class ChangeCommand implements Callable<Integer> {
    /** How results are printed. */
    enum Format { table, json }

    private static final double MICROS_PER_MILLI = 1e3;

    @Spec private CommandSpec spec;

    @Option(names = {"-o",
        "--output"}, defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private Format format;

    @Option(names = "--services", defaultValue = "10000", description = "Services, up to 60,000 (default: ${DEFAULT-VALUE})") private int services;

    @Option(names = "--endpoints", defaultValue = "15", description = "endpoints of each Service (default: ${DEFAULT-VALUE})") private int endpoints;

    @Option(names = "--nodes", defaultValue = "0", description = "least number of nodes; the endpoints need one for 250 (default: as many as they need)") private int nodes;

    @Option(names = "--flows", defaultValue = "1000000", description = "flows in the table (default: ${DEFAULT-VALUE})") private int flows;

    @Option(names = "--rate", defaultValue = "1000", description = "endpoint changes a second (default: ${DEFAULT-VALUE})") private int rate;

    @Option(names = "--seconds", defaultValue = "60", description = "after 15 s that do not count; up to 75, because a UDP flow without datagrams ends after 120 s (default: ${DEFAULT-VALUE})") private int seconds;

    @Option(names = "--datagrams", defaultValue = "0", description = "sent by the node to the UDP Services meanwhile, each checked where it arrives (default: none)") private int datagrams;

    @Option(names = "--api", description = "a real API server on this machine instead of a replay, changed as fast as it can be; it is built first if necessary, which needs Go") private boolean withApi;

    @Option(names = "--name", defaultValue = "change", description = "name of the network namespace (default: ${DEFAULT-VALUE})") private String name;

    @Override
    public Integer call() throws Exception {
        Privileges.requireRoot("weft bench change");
        ChangeRun.Report report;
        try (ChangeRun run = ChangeRun.prepare(name, new BenchCluster(services, endpoints, nodes), flows,
            withApi)) {
            report = run.measure(rate, seconds, datagrams);
        }
        print(report);
        return 0;
    }

    private void print(ChangeRun.Report report) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (format == Format.json) {
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(report));
        } else {
            out.println(MachineFacts.read().summary());
            out.printf("%d Services of %d endpoints, %d flows, %d changes at %d/s%n", services, endpoints,
                report.flowsBefore(), report.changes(), report.changes() / seconds);
            out.printf(
                "%d nodes; first lists %.0f ms; all objects to complete tables, ms: published %.0f, in use %.0f%n",
                report.nodes(), report.sync().listedMillis(), report.sync().publishedMillis(),
                report.sync().inUseMillis());
            out.printf("MiB then: control plane's live heap %d, resident %d; dataplane resident %d%n",
                report.sync().controlHeapMib(), report.sync().controlMemory(), report.sync().dataplaneMemory());
            out.printf("per cent of a core: conductor %.1f, workers %.1f, control loop %.1f, its process %.1f%n",
                report.conductorPercent(), report.workersPercent(), report.controlPercent(),
                report.controlProcessPercent());
            out.printf("event to in use, ms: p50 %.1f, p99 %.1f, max %.1f%n", report.inUseP50() / MICROS_PER_MILLI,
                report.inUseP99() / MICROS_PER_MILLI, report.inUseMax() / MICROS_PER_MILLI);
            if (datagrams != 0) {
                ChangeRun.Traffic traffic = report.traffic();
                out.printf("datagrams sent %d, delivered %d, of these to an endpoint never in its Service %d%n",
                    traffic.sent(), traffic.delivered(), traffic.wrong());
                out.printf("sent after its endpoint was removed %d, the last after %.1f ms%n", traffic.late(),
                    traffic.latestMillis());
            }
            out.printf("endpoint removed to its UDP flow ended, ms: p50 %.1f, p99 %.1f, max %.1f (%d seen)%n",
                report.endedP50() / MICROS_PER_MILLI, report.endedP99() / MICROS_PER_MILLI,
                report.endedMax() / MICROS_PER_MILLI, report.endedSeen());
            out.printf("flows ended %d, passes through the table %d%n", report.flowsEnded(), report.scans());
        }
        out.flush();
    }
}
