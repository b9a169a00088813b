package io.weft.perf.micro;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.perf.MachineFacts;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weft bench micro}: the whole graph in memory by JMH, each case in a JVM of its own. */
@Command(name = "micro", description = "The forwarding graph in memory: ns and heap bytes per packet", mixinStandardHelpOptions = true)
public final class MicroCommand implements Callable<Integer> {
    /** How results are printed. */
    enum Format { table, json }

    private static final String NAME = "pod-clusterip-vxlan";
    private static final String ALLOCATION = "gc.alloc.rate.norm";
    private static final String CASE = ForwardingGraphBenchmark.class.getName();

    @Spec private CommandSpec spec;

    @Option(names = {"-o",
        "--output"}, defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private Format format;

    @Option(names = "--flows", split = ",", defaultValue = "1,65536,1048576", description = "numbers of flows (default: ${DEFAULT-VALUE})") private List<String> flows;

    @Override
    public Integer call() throws Exception {
        OptionsBuilder options = new OptionsBuilder();
        options.include(CASE).param("flows", flows.toArray(String[]::new)).addProfiler(GCProfiler.class)
            .shouldFailOnError(true).verbosity(VerboseMode.SILENT);
        List<MicroResult> results = results(new Runner(options.build()).run());
        PrintWriter out = spec.commandLine().getOut();
        if (format == Format.json) {
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(results));
        } else {
            print(out, results);
        }
        out.flush();
        return 0;
    }

    private List<MicroResult> results(Collection<RunResult> runs) {
        MachineFacts machine = MachineFacts.read();
        List<MicroResult> results = new ArrayList<>();
        for (String count : flows) {
            RunResult forward = find(runs, "forward", count);
            double ns = median(forward) - median(find(runs, "arm", count));
            double bytes = forward.getSecondaryResults().get(ALLOCATION).getScore();
            results.add(new MicroResult(NAME, Integer.parseInt(count), FrameBatch.CAPACITY, ns, bytes, machine));
        }
        return results;
    }

    private static RunResult find(Collection<RunResult> runs, String method, String flows) {
        return runs.stream()
            .filter(run -> run.getParams().getBenchmark().endsWith("." + method))
            .filter(run -> run.getParams().getParam("flows").equals(flows))
            .findFirst().orElseThrow();
    }

    private static double median(RunResult run) {
        Statistics statistics = run.getPrimaryResult().getStatistics();
        return statistics.getPercentile(50);
    }

    private static void print(PrintWriter out, List<MicroResult> results) {
        out.printf("%-22s %9s %6s %12s %12s%n", "way", "flows", "batch", "ns/packet", "bytes/packet");
        for (MicroResult result : results) {
            out.printf("%-22s %9d %6d %12.1f %12.3f%n", result.name(), result.flows(), result.batch(),
                result.nsPerPacket(), result.bytesPerPacket());
        }
        MachineFacts machine = results.getFirst().machine();
        out.printf("%s, %d cores, Linux %s, JDK %s%n", machine.cpu(), machine.cores(), machine.kernel(), machine.jdk());
    }
}
