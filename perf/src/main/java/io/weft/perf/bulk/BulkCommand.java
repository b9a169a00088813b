package io.weft.perf.bulk;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.perf.result.MachineFacts;
import io.weft.perf.result.Spread;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.Privileges;
import io.weft.vmlab.lab.WeftNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code weft bench bulk}: one TCP stream between pods of a node through Weft with its defaults, the same with pods of MTU 1500, and
 * between two namespaces that Linux routes. The three are interleaved, in an order that shifts from round to round.
 */
@Command(name = "bulk", description = "One TCP stream pod to pod on a node: Weft, Weft at MTU 1500, Linux alone", mixinStandardHelpOptions = true)
public final class BulkCommand implements Callable<Integer> {
    /** How results are printed. */
    enum Format { table, json }

    private static final int PORT = 5201;
    private static final int ETHERNET_MTU = 1500;

    @Spec private CommandSpec spec;

    @Option(names = {"-o",
        "--output"}, defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private Format format;

    @Option(names = "--rounds", defaultValue = "10", description = "rounds of all three (default: ${DEFAULT-VALUE})") private int rounds;

    @Option(names = "--seconds", defaultValue = "2", description = "duration of one stream (default: ${DEFAULT-VALUE})") private double seconds;

    @Option(names = "--workers", defaultValue = "1", description = "workers of the node (default: ${DEFAULT-VALUE})") private int workers;

    @Option(names = "--name", defaultValue = "bulkb", description = "name of the lab (default: ${DEFAULT-VALUE})") private String name;

    /** Something that carries a stream. */
    private interface Traffic {
        double run() throws Exception;
    }

    /** Gbit/s of one packet path, and the MTU of its ends. */
    record Case(String path, int mtu, Spread gbitPerSecond, List<Double> each) {
        static Case of(String path, int mtu, double... rates) {
            return new Case(path, mtu, Spread.of(rates), Arrays.stream(rates).boxed().toList());
        }
    }

    /** Each ratio is the median of the ratios of the rounds. */
    record Report(
        MachineFacts machine, int rounds, double seconds, int workers, List<Case> cases, Spread toOwnMtu1500,
        Spread toLinux) {
    }

    @Override
    public Integer call() throws Exception {
        Privileges.requireRoot("weft bench bulk");
        LabPlan plan = new LabPlan(name, 1, false, workers);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> takeDown(plan)));
        try (Lab lab = Lab.up(plan); KernelPath kernel = new KernelPath(name)) {
            print(measure(lab.node("n1"), kernel));
        }
        return 0;
    }

    private static void takeDown(LabPlan plan) {
        try {
            Lab.downIfOwn(plan);
        } catch (IOException e) {
            System.err.println("weft: lab not removed: " + e.getMessage());
        }
    }

    private Report measure(WeftNode node, KernelPath kernel) throws Exception {
        Pod sender = node.addPod("sender");
        Pod receiver = node.addPod("receiver");
        Pod smallSender = node.addPod("sender1500");
        Pod smallReceiver = node.addPod("receiver1500");
        setMtu(smallSender);
        setMtu(smallReceiver);
        InetSocketAddress kernelTarget = new InetSocketAddress(KernelPath.farAddress(), PORT);
        List<Traffic> paths = List.of(
            () -> BulkStream.run(sender.thread(), receiver.thread(), receiver.port(PORT), seconds),
            () -> BulkStream.run(smallSender.thread(), smallReceiver.thread(), smallReceiver.port(PORT), seconds),
            () -> BulkStream.run(kernel.near(), kernel.far(), kernelTarget, seconds));
        double[][] rates = new double[paths.size()][rounds];
        for (int round = -1; round < rounds; round++) { // an extra first round compiles this program
            for (int i = 0; i < paths.size(); i++) {
                int path = (i + round + 1) % paths.size();
                double rate = paths.get(path).run();
                if (round >= 0) {
                    rates[path][round] = rate;
                }
            }
        }
        List<Case> cases = new ArrayList<>();
        cases.add(Case.of("weft", mtu(sender), rates[0]));
        cases.add(Case.of("weft, pods of MTU 1500", ETHERNET_MTU, rates[1]));
        cases.add(Case.of("linux routing, offloads on", ETHERNET_MTU, rates[2]));
        return new Report(MachineFacts.read(), rounds, seconds, workers, cases, ratio(rates[0], rates[1]),
            ratio(rates[0], rates[2]));
    }

    private static Spread ratio(double[] rates, double... others) {
        double[] ratios = new double[rates.length];
        Arrays.setAll(ratios, round -> rates[round] / others[round]);
        return Spread.of(ratios);
    }

    private static void setMtu(Pod pod) throws Exception {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(pod.netns())) {
            rtnetlink.setMtu(rtnetlink.link("eth0").orElseThrow().index(), ETHERNET_MTU);
        }
    }

    private static int mtu(Pod pod) throws Exception {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(pod.netns())) {
            return rtnetlink.link("eth0").orElseThrow().mtu();
        }
    }

    private void print(Report report) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (format == Format.json) {
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(report));
        } else {
            out.printf("Gbit/s, one TCP stream: median (min-max) of %d rounds of %.1f s, %d worker(s)%n", rounds,
                seconds, workers);
            for (Case each : report.cases) {
                out.printf("  %-28s MTU %5d  %s%n", each.path, each.mtu, each.gbitPerSecond.text("%.2f"));
            }
            out.printf("weft / weft at MTU 1500: %s%nweft / linux: %s%n", report.toOwnMtu1500.text("%.2f"),
                report.toLinux.text("%.2f"));
            out.printf("%s, %d cores, Linux %s, Java %s%n", report.machine.cpu(), report.machine.cores(),
                report.machine.kernel(), report.machine.jdk());
        }
        out.flush();
    }
}
