package io.weft.perf.change;

import io.weft.controlplane.compiler.ControlLoop;
import io.weft.controlplane.compiler.NodeFacts;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.status.DataplaneView;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.table.DataplaneEpochs;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * One node of a large cluster. The real control loop runs in this process, gets its objects from a {@link ReplayedSource} and writes the
 * tables file; a real dataplane runs in a separate process ({@link BenchNode}), and {@link BenchFlows} fills its flow table. If wanted, a process
 * of the node sends datagrams to the Services meanwhile, and {@link TrafficCheck} judges where each of them went.
 */
final class ChangeRun implements AutoCloseable {
    private static final Path MEMORY_DIRECTORY = Path.of("/dev/shm");
    private static final String CONTROL_THREAD = "control";
    private static final String WORKER_THREAD = "weft-worker-0";
    private static final long VTEP_MAC = 0x02_00_00_01_00_00L;
    private static final long SETTLE_MILLIS = 3_000;
    /** Changes for so long are not measured: the JVMs of both processes compile the code then. */
    static final int WARM_UP_SECONDS = 15;

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final BenchCluster cluster;
    private Path runDirectory;
    private BenchNode node;
    private ControlLoop loop;
    private DataplaneView view;
    private final Arrival arrival = new Arrival();
    private ChangeSource source;
    private BenchFlows flows;
    private Sync sync;

    /**
     * From nothing to complete tables.
     *
     * @param listedMillis from the start of the source until it delivers all objects; about 0 if they are replayed
     * @param publishedMillis from that delivery, to a control plane that has no objects yet, until the tables are published
     * @param inUseMillis until a dataplane that waited for its first tables uses them
     * @param controlHeapMib live heap of the control plane's process then, after a collection
     * @param controlMemory resident memory of the control plane's process in MiB, as {@code VmRSS}
     * @param dataplaneMemory the same of the dataplane's
     */
    record Sync(double listedMillis, double publishedMillis, double inUseMillis, long controlHeapMib,
        long controlMemory,
        long dataplaneMemory) {
    }

    /**
     * The result. Shares are in per cent of one core, times in microseconds.
     *
     * @param inUseP50 from the moment when the source learnt of a change until all workers use it
     * @param traffic what became of datagrams sent meanwhile, if any were
     * @param endedP50 from the moment when the source learnt of a removal until a UDP flow of the endpoint is no longer in the flow table
     */
    record Report(Sync sync, int nodes, long changes, long flowsBefore, long flowsEnded, long scans,
        double conductorPercent,
        double workersPercent, double controlPercent, double controlProcessPercent, long inUseP50, long inUseP99,
        long inUseMax, Traffic traffic, double endedP50, double endedP99, double endedMax, long endedSeen) {
    }

    /**
     * What became of the datagrams of {@link TrafficSource}.
     *
     * @param wrong delivered to an endpoint that their Service never had
     * @param late sent after the source of objects learnt that their endpoint is removed
     * @param latestMillis how long after that the last of them was sent
     */
    record Traffic(long sent, long delivered, long wrong, long late, double latestMillis) {
        static final Traffic NONE = new Traffic(0, 0, 0, 0, 0);
    }

    private ChangeRun(BenchCluster cluster) {
        this.cluster = cluster;
    }

    /**
     * Starts all parts and fills the flow table.
     *
     * @param withApi whether the objects come from a real API server
     */
    static ChangeRun prepare(String name, BenchCluster cluster, int flowCount, boolean withApi) throws Exception {
        ChangeRun run = new ChangeRun(cluster);
        try {
            run.open(name, flowCount, withApi);
            return run;
        } catch (Exception | Error e) {
            run.close();
            throw e;
        }
    }

    private void open(String name, int flowCount, boolean withApi) throws Exception {
        Path directory = Files.isDirectory(MEMORY_DIRECTORY)
            ? Files.createTempDirectory(MEMORY_DIRECTORY, "weft-change")
            : Files.createTempDirectory("weft-change");
        part(() -> deleteTree(directory));
        runDirectory = Files.createDirectory(directory.resolve("run"));
        Path api = directory.resolve("api");
        Map<String, String> settings = settings(flowCount + TrafficSource.flows(cluster), api);
        source = part(withApi
            ? new ApiSource(cluster, api, settings)
            : new ReplayedSource(cluster));
        node = part(new BenchNode(name, runDirectory));
        node.start(settings);
        AttachmentStore store = part(
            AttachmentStore.open(directory.resolve("state"), BenchCluster.NODE, PortId.COUNT));
        view = part(new DataplaneView(runDirectory));
        NodeFacts facts = new NodeFacts(BenchNode.UPLINK_MTU, Optional.of(BenchCluster.NODE_ADDRESS), VTEP_MAC);
        loop = part(new ControlLoop(NodeConfiguration.of(settings), facts, part(new DataplaneEpochs(runDirectory)),
            List.of(), store, view, new Failures(), arrival::reported));
        node.awaitStarted();
        sync = sync();
        node.awaitForwarding();
        flows = part(new BenchFlows(cluster, runDirectory, flowCount));
        flows.fill(runDirectory);
    }

    private Sync sync() throws IOException, InterruptedException {
        long start = System.nanoTime();
        source.deliverAll(arrival.to(loop));
        long published = arrival.awaitReport(() -> loop.report().services() >= cluster.services());
        awaitInUse();
        long inUse = System.nanoTime();
        long listed = arrival.firstNanos();
        return new Sync(millis(start, listed), millis(listed, published), millis(listed, inUse), liveHeapMib(),
            memoryMib("self"), memoryMib(String.valueOf(node.pid())));
    }

    private static double millis(long fromNanos, long toNanos) {
        return (toNanos - fromNanos) / 1e6;
    }

    private static long liveHeapMib() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 20;
    }

    /** {@code VmRSS} of proc_pid_status(5). */
    private static long memoryMib(String process) throws IOException {
        return Files.readAllLines(Path.of("/proc", process, "status")).stream()
            .filter(line -> line.startsWith("VmRSS:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) >> 10).findFirst().orElse(0);
    }

    private Map<String, String> settings(int flowCount, Path api) {
        Map<String, String> settings = new HashMap<>();
        settings.put("nodeName", BenchCluster.NODE);
        settings.put("uplink", BenchNode.UPLINK);
        settings.put("runDirectory", runDirectory.toString());
        settings.put("source.kubeconfig", ApiSource.kubeconfig(api).toString());
        settings.put("clusterCidr", BenchCluster.CLUSTER_CIDR);
        settings.put("serviceCidr", BenchCluster.SERVICE_CIDR);
        settings.put("flows.capacity", Long.toString(Long.highestOneBit(2L * flowCount - 1) << 1));
        return settings;
    }

    /** Waits until all workers use what the control plane published last. */
    private void awaitInUse() throws IOException, InterruptedException {
        node.await("the tables to be in use", () -> {
            ControlLoop.Report report = loop.report();
            return report.published() && report.services() >= cluster.services()
                && view.uses(report.incarnation(), report.generation());
        });
    }

    /**
     * Makes changes, at first for {@value #WARM_UP_SECONDS} s without measuring.
     *
     * @param rate changes per second; a real API server is changed as fast as it can be
     * @param datagrams to send in all of that time; 0 for none
     * @throws IllegalStateException if a flow has ended that should have stayed, or the reverse, or a datagram went to a wrong endpoint
     */
    Report measure(int rate, int seconds, int datagrams) throws Exception {
        Thread.sleep(SETTLE_MILLIS);
        long flowsBefore = flows.count();
        requireNoneEnded();
        long scansBefore = node.gauge(ConductorGauge.SCANS);
        long changes;
        ThreadTimes dataplane;
        ThreadTimes dataplaneBefore;
        ThreadTimes control;
        ThreadTimes controlBefore;
        Traffic result = Traffic.NONE;
        Histogram latency;
        EndProbe probe = new EndProbe(flows).start();
        try (ChangeTraffic traffic = new ChangeTraffic(cluster, node.namespace(),
            datagrams / (seconds + WARM_UP_SECONDS))) {
            source.change(rate, WARM_UP_SECONDS, traffic::changed);
            traffic.startCountingLate();
            latency = loop.latency();
            dataplaneBefore = ThreadTimes.of(node.pid());
            controlBefore = ThreadTimes.of(ProcessHandle.current().pid());
            changes = source.change(rate, seconds, change -> {
                probe.changed(change);
                traffic.changed(change);
            });
            dataplane = ThreadTimes.of(node.pid());
            control = ThreadTimes.of(ProcessHandle.current().pid());
            awaitInUse();
            result = traffic.finish();
            node.await("the flows of removed endpoints to end", () -> probe.pending() == 0 && removedHaveEnded());
        } finally {
            probe.close();
        }
        requireRestUntouched();
        requireNoneWrong(result);
        latency = difference(loop.latency(), latency);
        return new Report(sync, cluster.nodes(), changes, flowsBefore, node.gauge(ConductorGauge.FLOWS_ENDED),
            node.gauge(ConductorGauge.SCANS) - scansBefore, dataplane.percent(dataplaneBefore, BenchNode.CONDUCTOR),
            dataplane.percent(dataplaneBefore, WORKER_THREAD), control.percent(controlBefore, CONTROL_THREAD),
            control.percent(controlBefore), latency.getValueAtPercentile(50), latency.getValueAtPercentile(99),
            latency.getMaxValue(), result,
            micros(probe, 50), micros(probe, 99), micros(probe, 100), probe.nanos().getTotalCount());
    }

    private static double micros(EndProbe probe, double percentile) {
        return probe.nanos().getValueAtPercentile(percentile) / 1e3;
    }

    private static Histogram difference(Histogram now, Histogram before) {
        now.subtract(before);
        return now;
    }

    private static void requireNoneWrong(Traffic traffic) {
        if (traffic.wrong() != 0) {
            throw new IllegalStateException(
                traffic.wrong() + " datagrams went to an endpoint that their Service never had");
        }
    }

    private void requireNoneEnded() {
        long ended = node.gauge(ConductorGauge.FLOWS_ENDED);
        if (ended != 0) { throw new IllegalStateException(ended + " flows ended before any endpoint changed"); }
    }

    /** Whether the UDP flows of all endpoints that are removed now have ended. */
    private boolean removedHaveEnded() {
        for (int service = 0; service < cluster.services(); service += 2) {
            for (int number = 0; number < flows.perService(); number++) {
                if (flows.endpointOf(number) == cluster.removed(service) && flows.isThere(service, number)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Established TCP connections must stay, also those to removed endpoints. */
    private void requireRestUntouched() {
        for (int service = 1; service < cluster.services(); service += 2) {
            for (int number = 0; number < flows.perService(); number++) {
                if (!flows.isThere(service, number)) {
                    throw new IllegalStateException("an established connection to Service " + service + " has ended");
                }
            }
        }
    }

    private <T extends AutoCloseable> T part(T part) {
        parts.push(part);
        return part;
    }

    private static void deleteTree(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    @Override
    public void close() throws Exception {
        while (!parts.isEmpty()) {
            parts.pop().close();
        }
    }
}
