package io.weft.perf.lab;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.weft.perf.result.MachineFacts;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Privileges;
import io.weft.vmlab.lab.WeftNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weft bench idle}: how much of a core a node's processes use while its pods send nothing. */
@Command(name = "idle", description = "Processor time of a node whose pods send nothing, by number of pods", mixinStandardHelpOptions = true)
public final class IdleCommand implements Callable<Integer> {
    /** How results are printed. */
    enum Format { table, json }

    private static final long SETTLE_MILLIS = 5_000;

    @Spec private CommandSpec spec;

    @Option(names = {"-o",
        "--output"}, defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private Format format;

    @Option(names = "--pods", split = ",", defaultValue = "2,50,100", description = "numbers of pods, ascending (default: ${DEFAULT-VALUE})") private List<Integer> pods;

    @Option(names = "--seconds", defaultValue = "30", description = "duration of each measurement (default: ${DEFAULT-VALUE})") private int seconds;

    @Option(names = "--name", defaultValue = "idle", description = "name of the lab (default: ${DEFAULT-VALUE})") private String name;

    /** Per cent of one core. */
    record Usage(int pods, double dataplane, double controlPlane, double supervisor, double total) {
    }

    /** The whole result. */
    record Report(MachineFacts machine, int seconds, List<Usage> usage) {
    }

    private record CpuTime(Duration dataplane, Duration controlPlane, Duration supervisor) {
        static CpuTime of(WeftNode node) throws IOException {
            return new CpuTime(of(node.dataplane()), of(node.controlPlane()),
                of(node.process().orElseThrow().toHandle()));
        }

        private static Duration of(ProcessHandle process) {
            return process.info().totalCpuDuration().orElseThrow();
        }
    }

    @Override
    public Integer call() throws Exception {
        Privileges.requireRoot("weft bench idle");
        LabPlan plan = new LabPlan(name, 1, false, 1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                Lab.downIfOwn(plan);
            } catch (IOException e) {
                System.err.println("weft: lab not removed: " + e.getMessage());
            }
        }));
        List<Usage> usage = new ArrayList<>();
        try (Lab lab = Lab.up(plan)) {
            WeftNode node = lab.node("n1");
            int present = 0;
            for (int count : pods) {
                while (present < count) {
                    node.addPod("pod" + present++);
                }
                Thread.sleep(SETTLE_MILLIS);
                usage.add(measure(node, count));
            }
        }
        print(new Report(MachineFacts.read(), seconds, usage));
        return 0;
    }

    private Usage measure(WeftNode node, int count) throws Exception {
        CpuTime before = CpuTime.of(node);
        long start = System.nanoTime();
        Thread.sleep(Duration.ofSeconds(seconds));
        CpuTime after = CpuTime.of(node);
        double perCent = 100.0 / (System.nanoTime() - start);
        double dataplane = perCent * after.dataplane.minus(before.dataplane).toNanos();
        double controlPlane = perCent * after.controlPlane.minus(before.controlPlane).toNanos();
        double supervisor = perCent * after.supervisor.minus(before.supervisor).toNanos();
        return new Usage(count, dataplane, controlPlane, supervisor, dataplane + controlPlane + supervisor);
    }

    private void print(Report report) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (format == Format.json) {
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(report));
        } else {
            out.println("per cent of one core over " + seconds + " s without traffic");
            out.printf("%5s %10s %14s %11s %7s%n", "PODS", "DATAPLANE", "CONTROL PLANE", "SUPERVISOR", "TOTAL");
            for (Usage each : report.usage) {
                out.printf("%5d %10.2f %14.2f %11.2f %7.2f%n", each.pods, each.dataplane, each.controlPlane,
                    each.supervisor, each.total);
            }
        }
        out.flush();
    }
}
