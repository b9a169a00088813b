package io.weft.perf.lab;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.weft.perf.result.MachineFacts;
import io.weft.perf.result.Spread;
import io.weft.vmlab.lab.KernelNode;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.Privileges;
import io.weft.vmlab.traffic.UdpEcho;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code weft bench echo}: round trips of a UDP echo from a pod to a pod on another node, through Weft and through two nodes of Linux
 * alone, each with Weft's control planes idle and busy, without other load and under load. The cases are interleaved, round after round.
 */
@Command(name = "echo", description = "Round trips pod to pod on two nodes: Weft, Linux alone, both with the control planes busy", mixinStandardHelpOptions = true)
public final class EchoCommand implements Callable<Integer> {
    private static final String MICROS = "%.0f";
    /** How results are printed. */
    enum Format { table, json }

    private static final int ECHO_PORT = 7;
    private static final int LOAD_PORT = 9;
    private static final double CAPACITY_SECONDS = 1;
    private static final String WEFT = "weft";
    private static final String KERNEL = "linux";
    private static final String BUSY = ", control plane busy";
    private static final String WEFT_BUSY = WEFT + BUSY;
    private static final String KERNEL_BUSY = KERNEL + BUSY;
    private static final int COMPILE_WARM_UP_SECONDS = 20;

    @Spec private CommandSpec spec;

    @Option(names = {"-o",
        "--output"}, defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private Format format;

    @Option(names = "--rounds", defaultValue = "10", description = "rounds of all cases (default: ${DEFAULT-VALUE})") private int rounds;

    @Option(names = "--seconds", defaultValue = "5", description = "duration of one case in one round (default: ${DEFAULT-VALUE})") private double seconds;

    @Option(names = "--rate", defaultValue = "2000", description = "echoes per second (default: ${DEFAULT-VALUE})") private int rate;

    @Option(names = "--services", defaultValue = "10000", description = "Services that the busy control plane compiles again and again (default: ${DEFAULT-VALUE})") private int services;

    @Option(names = "--name", defaultValue = "echo", description = "name of the lab (default: ${DEFAULT-VALUE})") private String name;

    @Option(names = "--only", description = "cases with this in their name, for instance 'linux' or 'busy'") private String only = "";

    /** A case's figures. */
    record Case(String path, int loadRate, Spread p50, Spread p99, Spread p9999, double max, long sent, long lost) {
    }

    /** By how much busy control planes move a path's p99, round by round; microseconds. */
    record Move(String path, int loadRate, Spread p99) {
    }

    /** The whole result. */
    record Report(MachineFacts machine, int rounds, double seconds, int rate, int services, List<Case> cases,
        List<Move> moves) {
    }

    private record Key(String path, int loadRate) {
    }

    private record Ends(Pod client, Pod server) {
    }

    private final Map<Key, List<EchoProbe.Result>> results = new LinkedHashMap<>();

    @Override
    public Integer call() throws Exception {
        Privileges.requireRoot("weft bench echo");
        LabPlan plan = new LabPlan(name, 2, false, 1);
        Thread hook = new Thread(() -> takeDown(plan));
        Runtime.getRuntime().addShutdownHook(hook);
        try (Lab lab = Lab.up(plan)) {
            measure(lab);
        }
        print();
        return 0;
    }

    private void measure(Lab lab) throws Exception {
        Ends weft = new Ends(lab.node("n1").addPod("client"), lab.node("n2").addPod("server"));
        Ends kernel = kernelPair(lab);
        ServiceChurn churn = new ServiceChurn(lab.plan(), services);
        try (UdpEcho.Server _ = UdpEcho.serve(weft.server.thread(), weft.server.port(ECHO_PORT));
            UdpEcho.Server _ = UdpEcho.serve(kernel.server.thread(), kernel.server.port(ECHO_PORT))) {
            EchoProbe.run(weft.client, weft.server.port(ECHO_PORT), rate, seconds); // compiles this program
            EchoProbe.run(kernel.client, kernel.server.port(ECHO_PORT), rate, seconds);
            int half = halfLoad(weft, kernel);
            warmUp(churn);
            for (int round = 0; round < rounds; round++) {
                for (int load : new int[]{0, half}) {
                    run(KERNEL, kernel, load);
                    run(WEFT, weft, load);
                    busy(churn, kernel, weft, load);
                }
            }
        }
    }

    /** Half of what the slower path carries from one sending thread. */
    private static int halfLoad(Ends weft, Ends kernel) throws Exception {
        int slower = Math.min(BackgroundLoad.capacity(weft.client, weft.server, LOAD_PORT, CAPACITY_SECONDS),
            BackgroundLoad.capacity(kernel.client, kernel.server, LOAD_PORT, CAPACITY_SECONDS));
        return slower / 2;
    }

    private static Ends kernelPair(Lab lab) throws Exception {
        KernelNode one = lab.addKernelNode("k1", 31);
        KernelNode other = lab.addKernelNode("k2", 32);
        one.addPeer(other.host(), other.vtepMac());
        other.addPeer(one.host(), one.vtepMac());
        return new Ends(one.pod(), other.pod());
    }

    private boolean isWanted(String path) { return path.contains(only); }

    /** Lets the control planes' JVMs compile the code that reads and compiles. That happens once per process and is not to be measured. */
    private void warmUp(ServiceChurn churn) throws Exception {
        if (!isWanted(KERNEL_BUSY) && !isWanted(WEFT_BUSY)) { return; }
        try (ServiceChurn.Running _ = churn.start()) {
            Thread.sleep(Duration.ofSeconds(COMPILE_WARM_UP_SECONDS));
        }
        settle();
    }

    /**
     * Measures both paths next to the same work of the control planes. Linux's round trips lose processor time only, including that of the
     * garbage collector and the JIT.
     */
    private void busy(ServiceChurn churn, Ends kernel, Ends weft, int load) throws Exception {
        if (!isWanted(KERNEL_BUSY) && !isWanted(WEFT_BUSY)) { return; }
        try (ServiceChurn.Running _ = churn.start()) {
            Thread.sleep(Duration.ofSeconds(1));
            run(KERNEL_BUSY, kernel, load);
            run(WEFT_BUSY, weft, load);
        }
        settle();
    }

    /** Waits, so that the next case starts with idle control planes. */
    private static void settle() throws InterruptedException {
        Thread.sleep(Duration.ofSeconds(2));
    }

    private void run(String path, Ends ends, int load) throws Exception {
        if (!isWanted(path)) { return; }
        EchoProbe.Result result;
        if (load == 0) {
            result = EchoProbe.run(ends.client, ends.server.port(ECHO_PORT), rate, seconds);
        } else {
            try (BackgroundLoad _ = BackgroundLoad.start(ends.client, ends.server, LOAD_PORT, load)) {
                result = EchoProbe.run(ends.client, ends.server.port(ECHO_PORT), rate, seconds);
            }
        }
        results.computeIfAbsent(new Key(path, load), _ -> new ArrayList<>()).add(result);
    }

    private Case summary(Key key, List<EchoProbe.Result> runs) {
        List<Percentiles> percentiles = runs.stream().map(run -> Percentiles.of(run.roundTripNanos())).toList();
        return new Case(key.path, key.loadRate, Percentiles.spread(percentiles, Percentiles::p50),
            Percentiles.spread(percentiles, Percentiles::p99), Percentiles.spread(percentiles, Percentiles::p9999),
            percentiles.stream().mapToDouble(Percentiles::max).max().orElse(0),
            runs.stream().mapToLong(EchoProbe.Result::sent).sum(),
            runs.stream().mapToLong(run -> run.sent() - run.answered()).sum());
    }

    private List<Move> moves() {
        List<Move> moves = new ArrayList<>();
        results.forEach((key, runs) -> {
            List<EchoProbe.Result> busy = results.getOrDefault(new Key(key.path + BUSY, key.loadRate), List.of());
            if (!busy.isEmpty()) {
                moves.add(new Move(key.path, key.loadRate, Spread.of(IntStream.range(0, busy.size())
                    .mapToDouble(round -> p99(busy.get(round)) - p99(runs.get(round))).toArray())));
            }
        });
        return moves;
    }

    private static double p99(EchoProbe.Result run) {
        return Percentiles.of(run.roundTripNanos()).p99();
    }

    private void print() throws Exception {
        List<Case> cases = results.entrySet().stream().map(each -> summary(each.getKey(), each.getValue())).toList();
        Report report = new Report(MachineFacts.read(), rounds, seconds, rate, services, cases, moves());
        PrintWriter out = spec.commandLine().getOut();
        if (format == Format.json) {
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(report));
        } else {
            out.println("round trip, microseconds: median (min-max) over " + rounds + " rounds of " + seconds
                + " s, " + rate + " echoes per second");
            out.printf("%-26s %9s  %-18s %-18s %-22s %9s %8s%n", "PATH", "LOAD pps", "P50", "P99", "P99.99", "MAX",
                "LOST");
            for (Case each : cases) {
                out.printf("%-26s %9d  %-18s %-18s %-22s %9.0f %8d%n", each.path, each.loadRate, each.p50.text(MICROS),
                    each.p99.text(MICROS), each.p9999.text(MICROS), each.max, each.lost);
            }
            for (Move each : report.moves) {
                out.printf("busy control planes move the p99 of %s at %d pps by %s%n", each.path, each.loadRate,
                    each.p99.text(MICROS));
            }
        }
        out.flush();
    }

    private static void takeDown(LabPlan plan) {
        try {
            Lab.downIfOwn(plan);
        } catch (java.io.IOException e) {
            System.err.println("weft: lab not removed: " + e.getMessage());
        }
    }
}
