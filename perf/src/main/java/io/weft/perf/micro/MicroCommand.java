package io.weft.perf.micro;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.weft.perf.result.MachineFacts;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weft bench micro}: the real forwarding graph in memory. Results go to standard output, remarks to standard error. */
@Command(name = "micro", mixinStandardHelpOptions = true, sortOptions = false, description = {
    "The real forwarding graph in memory: ns, cycles and heap bytes per packet, and each node's share.",
    "Without options every case at 1, 1k, 64k and 1M flows: about ten minutes. No root needed."})
public final class MicroCommand implements Callable<Integer> {
    /** How results are printed. */
    enum Format { table, json }

    @Spec private CommandSpec spec;

    @Option(names = "--case", split = ",", paramLabel = "NAME", description = "cases (default: all; see perf/README.md)") private List<String> cases;

    @Option(names = "--flows", split = ",", paramLabel = "N", description = "numbers of flows (default: 1,1024,65536,1048576)") private List<Integer> flows;

    @Option(names = "--batch", split = ",", paramLabel = "N", description = "frames given to the graph at once, 1 to 64 (default: 64, and 8 and 1 for pod-clusterip-vxlan)") private List<Integer> batches;

    @Option(names = "--quick", description = "64k flows and short runs: two minutes") private boolean quick;

    @Option(names = "--reference", paramLabel = "PROGRAM", description = "run this program (-f FLOWS; prints \"pipeline X ns/packet\") and Weft interleaved, print ratios; cases default to pod-clusterip-vxlan and clusterip-reply") private Path reference;

    @Option(names = "--pairs", paramLabel = "N", defaultValue = "10", description = "interleaved pairs, for --reference and --workers (default: ${DEFAULT-VALUE})") private int pairs;

    @Option(names = "--soak", paramLabel = "TIME", converter = TimeSpan.class, description = "percentiles of every batch's time over this duration, such as 90s or 10m; one case and number of flows") private Long soak;

    @Option(names = "--workers", paramLabel = "N", description = "2: two workers on two processors, alone and together") private Integer workers;

    @Option(names = {"-o",
        "--output"}, defaultValue = "table", description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})") private Format format;

    @Override
    public Integer call() throws JsonProcessingException {
        requireSense();
        MicroTables tables = new MicroTables(out(), format == Format.table);
        List<?> results;
        if (reference != null) {
            results = reference(tables);
        } else if (soak != null) {
            results = soak(tables);
        } else if (workers != null) {
            results = workers(tables);
        } else {
            results = suite(tables);
        }
        if (format == Format.json) {
            out().println(
                BenchJvm.JSON.copy().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(results));
        } else {
            out().println(MachineFacts.read().summary());
        }
        out().flush();
        return 0;
    }

    private List<MicroResult> suite(MicroTables tables) {
        List<Combination> combinations = affordable(combinations());
        tables.suiteHead();
        List<MicroResult> results = new Suite(quick ? Effort.QUICK : Effort.USUAL).run(combinations, tables::suite);
        tables.stages(results);
        return results;
    }

    private List<Combination> combinations() {
        if (cases == null && flows == null && batches == null && !quick) { return Combination.defaults(); }
        return Combination.of(trafficCases(List.of(TrafficCase.values())),
            flows(quick ? List.of(65_536) : Combination.FLOWS),
            batches == null ? List.of(64) : batches);
    }

    private List<ReferencePairs.Result> reference(MicroTables tables) {
        List<TrafficCase> chosen = trafficCases(List.of(TrafficCase.CLUSTERIP, TrafficCase.CLUSTERIP_REPLY));
        refuseMisses(chosen);
        ReferencePairs comparison = new ReferencePairs(new ReferenceProgram(reference), pairs);
        List<Integer> counts = flows(List.of(1, 65_536, 1_048_576)).stream()
            .filter(count -> !affordable(Combination.of(chosen, List.of(count), List.of(64))).isEmpty()).toList();
        tables.referenceHead(pairs);
        return comparison.run(chosen, counts, tables::reference);
    }

    private List<SoakReport> soak(MicroTables tables) {
        List<SoakReport> reports = new ArrayList<>();
        List<Integer> counts = flows(List.of(65_536));
        for (Combination each : affordable(
            Combination.of(trafficCases(List.of(TrafficCase.CLUSTERIP)), counts, batch()))) {
            SoakReport report = SoakReport.run(each, soak);
            tables.soak(report);
            reports.add(report);
        }
        return reports;
    }

    private List<WorkerReport> workers(MicroTables tables) {
        if (Runtime.getRuntime().availableProcessors() < 2) {
            note("left out: two workers need two processors");
            return List.of();
        }
        List<WorkerReport> reports = new ArrayList<>();
        tables.workersHead(pairs);
        for (int count : flows(List.of(65_536))) {
            for (WorkerReport.Sharing sharing : WorkerReport.Sharing.values()) {
                WorkerReport report = WorkerReport.run(sharing, count, pairs);
                tables.workers(report);
                reports.add(report);
            }
        }
        return reports;
    }

    private List<TrafficCase> trafficCases(List<TrafficCase> defaults) {
        try {
            return cases == null ? defaults : cases.stream().map(TrafficCase::of).toList();
        } catch (IllegalArgumentException e) {
            throw wrong("--case: " + e.getMessage());
        }
    }

    private List<Integer> flows(List<Integer> defaults) {
        return flows == null ? defaults : flows;
    }

    private List<Integer> batch() {
        return batches == null ? List.of(64) : batches;
    }

    /** Combinations that fit into memory; reports the others. */
    private List<Combination> affordable(List<Combination> combinations) {
        long available = MachineFacts.availableMib();
        return combinations.stream().filter(combination -> {
            boolean fits = combination.neededMib() <= available;
            if (!fits) {
                note("left out: %s needs %d MiB, there are %d".formatted(combination.text(), combination.neededMib(),
                    available));
            }
            return fits;
        }).toList();
    }

    private void requireSense() {
        if (flows(List.of(1)).stream().anyMatch(count -> count < 1 || count > Combination.MAX_FLOWS)) {
            throw wrong("--flows: 1 to " + Combination.MAX_FLOWS);
        }
        if (batch().stream().anyMatch(size -> size < 1 || size > 64)) { throw wrong("--batch: 1 to 64"); }
        if (pairs < 1) { throw wrong("--pairs: at least 1"); }
        if (workers != null && workers != 2) { throw wrong("--workers: 2"); }
        int modes = (reference == null ? 0 : 1) + (soak == null ? 0 : 1) + (workers == null ? 0 : 1);
        if (modes > 1) { throw wrong("one of --reference, --soak and --workers"); }
    }

    private void refuseMisses(List<TrafficCase> chosen) {
        if (chosen.stream().anyMatch(TrafficCase::isMiss)) {
            throw wrong("--reference: flow misses have no reference");
        }
    }

    private ParameterException wrong(String what) {
        return new ParameterException(spec.commandLine(), what);
    }

    private void note(String text) {
        spec.commandLine().getErr().println("weft: " + text);
        spec.commandLine().getErr().flush();
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
