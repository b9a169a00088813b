package io.weft.perf.lab;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.weft.perf.result.MachineFacts;
import io.weft.perf.result.Spread;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.Privileges;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.UdpEcho;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code weft bench first-packet}: attaches pods one after the other with the CNI plug-in. The first datagram of each, sent as soon as ADD
 * returns, goes to an echo server on another node. It is compared with the round trips of the same pods a moment later. The first round
 * trip includes the pod's ARP for its gateway.
 */
@Command(name = "first-packet", description = "First round trip of a pod just attached, compared with those that follow", mixinStandardHelpOptions = true)
public final class FirstPacketCommand implements Callable<Integer> {
    /** How results are printed. */
    enum Format { table, json }

    private static final int ECHO_PORT = 7;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long REST_NANOS = 1_000_000;
    private static final double MICROS = 1e3;

    @Spec private CommandSpec spec;

    @Option(names = {"-o",
        "--output"}, defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private Format format;

    @Option(names = "--attaches", defaultValue = "30", description = "pods attached (default: ${DEFAULT-VALUE})") private int attaches;

    @Option(names = "--steady", defaultValue = "500", description = "round trips that follow, of each pod (default: ${DEFAULT-VALUE})") private int steady;

    @Option(names = "--name", defaultValue = "first", description = "name of the lab (default: ${DEFAULT-VALUE})") private String name;

    private final List<Double> first = new ArrayList<>();
    private final Histogram following = new Histogram(PATIENCE_NANOS, 3);
    private final ByteBuffer datagram = ByteBuffer.allocateDirect(EchoProbe.PAYLOAD_BYTES);

    /** Microseconds; {@code ratio} is the median of the first over the steady p99. */
    record Report(MachineFacts machine, int attaches, Spread first, List<Double> each, Percentiles steady,
        double ratio) {
    }

    @Override
    public Integer call() throws Exception {
        Privileges.requireRoot("weft bench first-packet");
        LabPlan plan = new LabPlan(name, 2, false, 1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                Lab.downIfOwn(plan);
            } catch (IOException e) {
                System.err.println("weft: lab not removed: " + e.getMessage());
            }
        }));
        try (Lab lab = Lab.up(plan)) {
            measure(lab);
        }
        print();
        return 0;
    }

    private void measure(Lab lab) throws Exception {
        Pod server = lab.node("n2").addPod("server");
        WeftNode near = lab.node("n1");
        InetSocketAddress target = server.port(ECHO_PORT);
        try (UdpEcho.Server _ = UdpEcho.serve(server.thread(), target)) {
            Pod early = near.addPod("early"); // so that this program's own code is compiled
            exchange(early, target, 10 * steady, new Histogram(following));
            near.removePod("early");
            for (int i = 0; i < attaches; i++) {
                Pod pod = near.addPod("pod" + i);
                first.add(exchange(pod, target, steady, following) / MICROS);
                near.removePod("pod" + i);
            }
        }
    }

    /** @return nanoseconds of the first round trip */
    private long exchange(Pod pod, InetSocketAddress target, int count, Histogram others) throws Exception {
        try (DatagramChannel channel = pod.thread().call(() -> DatagramChannel.open(StandardProtocolFamily.INET))) {
            channel.connect(target).configureBlocking(false);
            long firstNanos = roundTrip(channel, 0);
            for (int i = 1; i <= count; i++) {
                LockSupport.parkNanos(REST_NANOS);
                others.recordValue(roundTrip(channel, i));
            }
            return firstNanos;
        }
    }

    private long roundTrip(DatagramChannel channel, int number) throws IOException {
        long start = System.nanoTime();
        channel.write(datagram.clear().putInt(0, number));
        while (System.nanoTime() - start < PATIENCE_NANOS) {
            if (channel.read(datagram.clear()) > 0 && datagram.getInt(0) == number) {
                return System.nanoTime() - start;
            }
            Thread.onSpinWait();
        }
        throw new IOException("no answer to datagram " + number + " of a pod within 5 s");
    }

    private void print() throws IOException {
        Spread spread = Spread.of(first);
        Percentiles rest = Percentiles.of(following);
        Report report = new Report(MachineFacts.read(), attaches, spread, first, rest, spread.median() / rest.p99());
        PrintWriter out = spec.commandLine().getOut();
        if (format == Format.json) {
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(report));
        } else {
            out.printf("first packet after attach, microseconds: median (min-max) of %d: %s%n", attaches,
                spread.text("%.0f"));
            out.printf("steady round trips of the same pods: p50 %.0f, p99 %.0f, max %.0f%n", rest.p50(), rest.p99(),
                rest.max());
            out.printf("first / steady p99: %.2f%n", report.ratio);
        }
        out.flush();
    }
}
