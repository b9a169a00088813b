package io.weft.controlplane.process;

import io.weft.controlplane.cni.install.CniInstaller;
import io.weft.controlplane.compiler.ControlLoop;
import io.weft.controlplane.compiler.UpdateLatency;
import io.weft.controlplane.node.NodePublisher;
import io.weft.controlplane.node.OwnAnnotations;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.SourceStatus;
import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.status.Failures;
import io.weft.controlplane.status.StatusFile;
import io.weft.controlplane.status.Threads;
import io.weft.dataplane.config.NodeConfiguration;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Writes the status file soon after a change, and every few seconds. One thread of its own, which no failure ends. */
final class StatusWriter implements AutoCloseable {
    private static final long PERIOD_MILLIS = 5000;
    private static final long GAP_MILLIS = 100;

    private final NodeConfiguration configuration;
    private final ClusterSource source;
    private final Failures failures;
    private final long startedMillis = System.currentTimeMillis();
    private final Semaphore wanted = new Semaphore(0);
    private final Thread thread = Thread.ofPlatform().name("status").daemon().unstarted(this::run);
    /** Written by the thread, read by any; immutable, so volatile is enough. */
    private volatile ControlPlaneStatus latest;
    private ControlLoop loop;
    private Supplier<List<String>> more = List::of;
    private Optional<NodePublisher> publisher = Optional.empty();
    private Optional<CniInstaller> installer = Optional.empty();

    /** @param failures reported in the file; also counts failures to write it */
    StatusWriter(NodeConfiguration configuration, ClusterSource source, Failures failures) {
        this.configuration = configuration;
        this.source = source;
        this.failures = failures;
    }

    /**
     * @param publishing of this node's Node; empty where the source is not the Kubernetes API
     * @param installing of the CNI plug-in; empty without {@code cni.install}
     * @param otherProblems reported with those of objects, one line each; any thread
     */
    void start(ControlLoop reporting, Optional<NodePublisher> publishing, Optional<CniInstaller> installing,
        Supplier<List<String>> otherProblems) {
        loop = reporting;
        more = otherProblems;
        publisher = publishing;
        installer = installing;
        thread.start();
    }

    /** What was last reported; empty at first. Any thread. */
    Optional<ControlPlaneStatus> latest() {
        return Optional.ofNullable(latest);
    }

    /** Any thread. */
    void changed() {
        wanted.release();
    }

    @Override
    public void close() {
        Threads.end(thread);
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                latest = status();
                StatusFile.write(configuration.runDirectory(), latest);
            } catch (IOException | RuntimeException | Error e) {
                if (!Thread.currentThread().isInterrupted()) {
                    failures.add("status file", e);
                }
            }
            try {
                Thread.sleep(GAP_MILLIS);
                boolean _ = wanted.tryAcquire(PERIOD_MILLIS, TimeUnit.MILLISECONDS);
                wanted.drainPermits();
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private ControlPlaneStatus status() {
        ControlLoop.Report report = loop.report();
        return new ControlPlaneStatus(
            ProcessHandle.current().pid(), configuration.nodeName(), startedMillis, System.currentTimeMillis(),
            source(source.status()), problems(report),
            new ControlPlaneStatus.Tables(report.incarnation(), report.generation(), report.published(),
                report.freeBytes(),
                report.peers(), report.services()),
            new ControlPlaneStatus.Addresses(report.local().map(local -> local.podCidr().toString()).orElse(""),
                report.attachments(), report.freeAddresses(), report.attachmentNotes()),
            latency(report.latency()), report.local().map(OwnAnnotations::of).orElse(Map.of()), podNames(report),
            health(report), publisher.map(NodePublisher::status).map(StatusWriter::publication).orElse(null),
            installer.map(CniInstaller::status).orElse(null), writes(report));
    }

    private static List<ControlPlaneStatus.Write> writes(ControlLoop.Report report) {
        return report.operator().all().stream()
            .map(write -> new ControlPlaneStatus.Write(write.title(), write.comment(), write.sinceMillis(),
                report.operatorUses().getOrDefault(write.title(), "")))
            .toList();
    }

    /** With the object's origin, if its source knows it. */
    private List<String> problems(ControlLoop.Report report) {
        Stream<String> ofObjects = report.problems().stream()
            .map(problem -> source.origin(problem.object()).map(origin -> origin + ": ").orElse("") + problem.text());
        return Stream.concat(ofObjects, more.get().stream()).toList();
    }

    private ControlPlaneStatus.Health health(ControlLoop.Report report) {
        Failures.Summary summary = failures.summary();
        return new ControlPlaneStatus.Health(report.fault(), summary.count(), summary.lastMillis(), summary.last());
    }

    private static ControlPlaneStatus.Publication publication(NodePublisher.Status status) {
        return new ControlPlaneStatus.Publication(status.checked().map(Instant::toEpochMilli).orElse(0L),
            status.failure(), status.failingSince().map(Instant::toEpochMilli).orElse(0L));
    }

    private static ControlPlaneStatus.Source source(SourceStatus status) {
        return new ControlPlaneStatus.Source(status.name(), status.synced(),
            status.staleSince().map(Instant::toEpochMilli).orElse(0L), status.staleReason(), status.errors());
    }

    private static ControlPlaneStatus.Latency latency(UpdateLatency.Summary summary) {
        return new ControlPlaneStatus.Latency(
            summary.count(), summary.p50Micros(), summary.p90Micros(), summary.p99Micros(), summary.maxMicros());
    }

    private static Map<String, String> podNames(ControlLoop.Report report) {
        Map<String, String> names = new TreeMap<>();
        report.podNames().forEach((ip, name) -> names.put(ip.toString(), name));
        return names;
    }
}
