package io.weft.perf.change;

import io.weft.controlplane.compiler.ControlLoop;
import io.weft.controlplane.compiler.NodeFacts;
import io.weft.controlplane.compiler.UpdateLatency;
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

/**
 * One node of a large cluster. The real control loop runs in this process, gets its objects from a {@link ReplayedSource} and writes the
 * tables file; a real dataplane runs in a separate process ({@link BenchNode}), and {@link BenchFlows} fills its flow table. No packet is sent.
 */
final class ChangeRun implements AutoCloseable {
    private static final Path MEMORY_DIRECTORY = Path.of("/dev/shm");
    private static final String CONTROL_THREAD = "control";
    private static final String WORKER_THREAD = "weft-worker-0";
    private static final long VTEP_MAC = 0x02_00_00_01_00_00L;
    private static final long SETTLE_MILLIS = 3_000;

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final BenchCluster cluster;
    private Path runDirectory;
    private BenchNode node;
    private ControlLoop loop;
    private ReplayedSource source;
    private BenchFlows flows;
    private Sync sync;

    /**
     * From nothing to complete tables.
     *
     * @param publishedMillis from the delivery of all objects until the tables are published
     * @param inUseMillis until all workers use them
     * @param controlHeapMib live heap of the control plane's process then, after a collection
     * @param controlMemory resident memory of the control plane's process in MiB, as {@code VmRSS}
     * @param dataplaneMemory the same of the dataplane's
     */
    record Sync(double publishedMillis, double inUseMillis, long controlHeapMib, long controlMemory,
        long dataplaneMemory) {
    }

    /**
     * The result. Shares are in per cent of one core, times in microseconds.
     *
     * @param inUseP50 from the moment when the source learnt of a change until all workers use it
     * @param endedP50 from the moment when the source learnt of a removal until a UDP flow of the endpoint is no longer in the flow table
     */
    record Report(Sync sync, int nodes, long changes, long flowsBefore, long flowsEnded, long scans,
        double conductorPercent,
        double workersPercent, double controlPercent, double controlProcessPercent, long inUseP50, long inUseP99,
        long inUseMax, double endedP50, double endedP99, double endedMax, long endedSeen) {
    }

    private ChangeRun(BenchCluster cluster) {
        this.cluster = cluster;
    }

    /** Starts all parts and fills the flow table. */
    static ChangeRun prepare(String name, BenchCluster cluster, int flowCount) throws Exception {
        ChangeRun run = new ChangeRun(cluster);
        try {
            run.open(name, flowCount);
            return run;
        } catch (Exception | Error e) {
            run.close();
            throw e;
        }
    }

    private void open(String name, int flowCount) throws Exception {
        Path directory = Files.isDirectory(MEMORY_DIRECTORY)
            ? Files.createTempDirectory(MEMORY_DIRECTORY, "weft-change")
            : Files.createTempDirectory("weft-change");
        part(() -> deleteTree(directory));
        runDirectory = Files.createDirectory(directory.resolve("run"));
        Map<String, String> settings = settings(flowCount);
        node = part(new BenchNode(name, runDirectory));
        node.start(settings);
        AttachmentStore store = part(
            AttachmentStore.open(directory.resolve("state"), BenchCluster.NODE, PortId.COUNT));
        DataplaneView view = part(new DataplaneView(runDirectory));
        NodeFacts facts = new NodeFacts(BenchNode.UPLINK_MTU, Optional.of(BenchCluster.NODE_ADDRESS), VTEP_MAC);
        loop = part(new ControlLoop(NodeConfiguration.of(settings), facts, part(new DataplaneEpochs(runDirectory)),
            List.of(), store, view, new Failures(), () -> {
            }));
        source = part(new ReplayedSource(cluster));
        source.start(loop);
        node.awaitForwarding();
        long start = System.nanoTime();
        source.deliverAll();
        awaitPublished();
        double published = millisSince(start);
        awaitInUse();
        sync = new Sync(published, millisSince(start), liveHeapMib(), memoryMib("self"),
            memoryMib(String.valueOf(node.pid())));
        flows = part(new BenchFlows(cluster, runDirectory, flowCount));
        flows.fill(runDirectory);
    }

    /** The loop answers when it is done with the objects. */
    private void awaitPublished() {
        while (loop.report().services() != cluster.services()) {
            Thread.onSpinWait();
        }
    }

    private static double millisSince(long startNanos) {
        return (System.nanoTime() - startNanos) / 1e6;
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

    private Map<String, String> settings(int flowCount) {
        Map<String, String> settings = new HashMap<>();
        settings.put("nodeName", BenchCluster.NODE);
        settings.put("uplink", BenchNode.UPLINK);
        settings.put("runDirectory", runDirectory.toString());
        settings.put("clusterCidr", BenchCluster.CLUSTER_CIDR);
        settings.put("serviceCidr", BenchCluster.SERVICE_CIDR);
        settings.put("flows.capacity", Long.toString(Long.highestOneBit(2L * flowCount - 1) << 1));
        return settings;
    }

    /** Waits until the dataplane has applied what the control plane published last. */
    private void awaitInUse() throws IOException, InterruptedException {
        node.await("the tables to be in use", () -> {
            ControlLoop.Report report = loop.report();
            return report.published() && report.services() == cluster.services()
                && node.gauge(ConductorGauge.TABLES_INCARNATION) == report.incarnation()
                && node.gauge(ConductorGauge.APPLIED_GENERATION) == report.generation();
        });
    }

    /** @throws IllegalStateException if a flow has ended that should have stayed, or the reverse */
    Report measure(int rate, int seconds) throws Exception {
        Thread.sleep(SETTLE_MILLIS);
        long flowsBefore = flows.count();
        requireNoneEnded();
        long scansBefore = node.gauge(ConductorGauge.SCANS);
        long changes;
        ThreadTimes dataplane;
        ThreadTimes dataplaneBefore;
        ThreadTimes control;
        ThreadTimes controlBefore;
        EndProbe probe = new EndProbe(flows).start();
        try {
            dataplaneBefore = ThreadTimes.of(node.pid());
            controlBefore = ThreadTimes.of(ProcessHandle.current().pid());
            changes = source.replay(rate, seconds, probe::changed);
            dataplane = ThreadTimes.of(node.pid());
            control = ThreadTimes.of(ProcessHandle.current().pid());
            awaitInUse();
            node.await("the flows of removed endpoints to end", () -> probe.pending() == 0 && removedHaveEnded());
        } finally {
            probe.close();
        }
        requireRestUntouched();
        UpdateLatency.Summary latency = loop.report().latency();
        return new Report(sync, cluster.nodes(), changes, flowsBefore, node.gauge(ConductorGauge.FLOWS_ENDED),
            node.gauge(ConductorGauge.SCANS) - scansBefore, dataplane.percent(dataplaneBefore, BenchNode.CONDUCTOR),
            dataplane.percent(dataplaneBefore, WORKER_THREAD), control.percent(controlBefore, CONTROL_THREAD),
            control.percent(controlBefore), latency.p50Micros(), latency.p99Micros(), latency.maxMicros(),
            micros(probe, 50), micros(probe, 99), micros(probe, 100), probe.nanos().getTotalCount());
    }

    private static double micros(EndProbe probe, double percentile) {
        return probe.nanos().getValueAtPercentile(percentile) / 1e3;
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
