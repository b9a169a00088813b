package io.weft.controlplane.api.metrics;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.weft.controlplane.status.ControlPlaneStatus;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/** What the control plane reports about itself. */
final class ControlPlaneMetrics {
    private static final double MILLIS_PER_SECOND = 1e3;
    private static final double MICROS_PER_SECOND = 1e6;
    /** Upper bounds, microseconds. */
    private static final List<Long> BOUNDS = List.of(500L, 1_000L, 2_500L, 5_000L, 10_000L, 25_000L, 50_000L, 100_000L,
        250_000L, 500_000L, 1_000_000L, 2_500_000L, 5_000_000L, 10_000_000L);

    private ControlPlaneMetrics() {
    }

    static void add(MetricSet metrics, ControlPlaneStatus status) {
        ControlPlaneStatus.Source source = status.source();
        metrics.gauge("weft_source_synced", "1 once the source of cluster objects has delivered everything.",
            Labels.of("source", source.name()), source.synced() ? 1 : 0);
        metrics.gauge("weft_source_stale_seconds", "For how long the source of cluster objects has been stale; 0 if"
            + " it is not.", Labels.of("source", source.name()),
            source.staleSinceMillis() == 0 ? 0
                : (System.currentTimeMillis() - source.staleSinceMillis()) / MILLIS_PER_SECOND);
        metrics.gauge("weft_source_errors", "Objects or files that the source has refused.", source.errors().size());
        metrics.gauge("weft_problems", "Objects that are not in force, completely or in part.",
            status.problems().size());
        metrics.gauge("weft_control_loop_fault", "1 while the cluster is not followed.",
            status.health().fault().isEmpty() ? 0 : 1);
        metrics.counter("weft_failures", "Unexpected failures that the control plane has caught.",
            status.health().failures());
        metrics.gauge("weft_tables_generation", "Generation of the tables.", status.tables().generation());
        metrics.gauge("weft_tables_free_bytes", "Free space in the tables.", status.tables().freeBytes());
        metrics.gauge("weft_peers", "Other nodes in the tables.", status.tables().peers());
        metrics.gauge("weft_service_ports", "Frontends of Services in the tables.", status.tables().services());
        addNode(metrics, status);
        metrics.gauge("weft_attachments", "Addresses allocated to pods.", status.addresses().given());
        metrics.gauge("weft_addresses_free", "Free addresses of the podCIDR.", status.addresses().free());
    }

    /** What other programs see of this node. */
    private static void addNode(MetricSet metrics, ControlPlaneStatus status) {
        if (status.publication() != null) {
            long since = status.publication().failingSinceMillis();
            metrics.gauge("weft_publication_failing_seconds", "For how long this node's Node object has not been up to"
                + " date; 0 if it is.", since == 0 ? 0 : (System.currentTimeMillis() - since) / MILLIS_PER_SECOND);
        }
        if (status.cni() != null) {
            boolean used = status.cni().problem().isEmpty() && status.cni().preceding().isEmpty();
            metrics.gauge("weft_cni_in_place", "1 if the container runtime uses Weft's network configuration.",
                used ? 1 : 0);
        }
    }

    /** @param micros from the arrival of a change until every worker uses it */
    static void addLatency(MetricSet metrics, Histogram micros) {
        List<Double> bounds = new ArrayList<>();
        List<Long> counts = new ArrayList<>();
        long below = 0;
        for (long bound : BOUNDS) {
            long upTo = micros.getTotalCount() == 0 ? 0 : micros.getCountBetweenValues(0, bound);
            bounds.add(bound / MICROS_PER_SECOND);
            counts.add(upTo - below);
            below = upTo;
        }
        bounds.add(Double.POSITIVE_INFINITY);
        counts.add(micros.getTotalCount() - below);
        metrics.add(HistogramSnapshot.builder().name("weft_programming_latency_seconds")
            .help("From the arrival of a change until every worker uses it.")
            .dataPoint(HistogramDataPointSnapshot.builder()
                .classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, counts))
                .sum(micros.getTotalCount() == 0 ? 0 : micros.getMean() * micros.getTotalCount() / MICROS_PER_SECOND)
                .build())
            .build());
    }
}
