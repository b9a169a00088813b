package io.weft.controlplane.node;

import io.weft.controlplane.compiler.ControlLoop;
import io.weft.controlplane.compiler.UpdateLatency;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.SourceStatus;
import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.status.StatusFile;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.encap.address.Ipv4Address;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the status file: soon after a change, and every few seconds. One thread of its own. */
final class StatusWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StatusWriter.class);
    private static final long PERIOD_MS = 5000;
    private static final long GAP_MS = 100;

    private final NodeConfiguration configuration;
    private final ClusterSource source;
    private final long startedMillis = System.currentTimeMillis();
    private final Semaphore wanted = new Semaphore(0);
    private final Thread thread = Thread.ofPlatform().name("status").daemon().unstarted(this::run);
    private ControlLoop loop;

    StatusWriter(NodeConfiguration configuration, ClusterSource source) {
        this.configuration = configuration;
        this.source = source;
    }

    void start(ControlLoop reporting) {
        loop = reporting;
        thread.start();
    }

    /** Any thread. */
    void changed() {
        wanted.release();
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        boolean warned = false;
        while (!Thread.currentThread().isInterrupted()) {
            try {
                StatusFile.write(configuration.runDirectory(), status());
                warned = false;
                Thread.sleep(GAP_MS);
                boolean _ = wanted.tryAcquire(PERIOD_MS, TimeUnit.MILLISECONDS);
                wanted.drainPermits();
            } catch (InterruptedException e) {
                return;
            } catch (IOException | RuntimeException e) {
                if (!warned && !Thread.currentThread().isInterrupted()) {
                    LOG.warn("status file: {}", e.toString());
                }
                warned = true;
            }
        }
    }

    private ControlPlaneStatus status() {
        ControlLoop.Report report = loop.report();
        return new ControlPlaneStatus(
            ProcessHandle.current().pid(), configuration.nodeName(), startedMillis, System.currentTimeMillis(),
            source(source.status()), report.problems(),
            new ControlPlaneStatus.Tables(report.incarnation(), report.generation(), report.published(),
                report.freeBytes(),
                report.peers(), report.services()),
            new ControlPlaneStatus.Addresses(report.local().map(local -> local.podCidr().toString()).orElse(""),
                report.attachments(), report.freeAddresses(), report.attachmentNotes()),
            latency(report.latency()), report.local().map(OwnAnnotations::of).orElse(Map.of()), podNames(report));
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
        report.podNames().forEach((ip, name) -> names.put(Ipv4Address.format(ip), name));
        return names;
    }
}
