package io.weft.controlplane.api.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import io.weft.controlplane.view.NodeFiles;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.ConductorText;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.PortCounter;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesReader;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** What the dataplane counts. Without a counters file there is only {@code weft_dataplane_up}. */
final class DataplaneMetrics {
    private static final long ALIVE_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double MILLIS_PER_SECOND = 1e3;
    private static final Set<ConductorGauge> COUNTERS = EnumSet.of(ConductorGauge.FLOWS_EXPIRED,
        ConductorGauge.FLOWS_ENDED, ConductorGauge.FLOWS_REPLACED, ConductorGauge.SCANS, ConductorGauge.SOCKET_SCANS,
        ConductorGauge.PORTS_OPENED, ConductorGauge.PORTS_CLOSED, ConductorGauge.NETLINK_OVERRUNS,
        ConductorGauge.WORKER_EXCEPTIONS, ConductorGauge.AFFINITIES_EVICTED);
    /** Identifiers and times, which are no measurements, and those that have another name or unit here. */
    private static final Set<ConductorGauge> OMITTED = EnumSet.of(ConductorGauge.HEARTBEAT,
        ConductorGauge.TABLES_INCARNATION, ConductorGauge.UPLINK_IFINDEX, ConductorGauge.UPLINK_IP,
        ConductorGauge.LAST_SCAN_NANOS, ConductorGauge.GC_COLLECTIONS, ConductorGauge.GC_MILLIS,
        ConductorGauge.ALLOCATED_BYTES, ConductorGauge.WORKER_ALLOCATED_BYTES, ConductorGauge.HEAP_USED_BYTES,
        ConductorGauge.THREADS);

    private DataplaneMetrics() {
    }

    static void add(MetricSet metrics, NodeFiles files) {
        boolean up = files.counters()
            .filter(counters -> System.nanoTime() - counters.gauge(ConductorGauge.HEARTBEAT) < ALIVE_NANOS).isPresent();
        metrics.gauge("weft_dataplane_up", "1 if the dataplane's conductor made a pass within three seconds.",
            up ? 1 : 0);
        files.counters().ifPresent(counters -> {
            addTotals(metrics, counters);
            addReasonsAndNodes(metrics, counters);
            addConductor(metrics, counters);
            addProcess(metrics, counters);
            addPorts(metrics, counters, files);
        });
    }

    private static void addTotals(MetricSet metrics, CounterReader counters) {
        for (FrameTotal total : FrameTotal.values()) {
            switch (total) {
                case IN_FLIGHT -> metrics.gauge("weft_frames_in_flight", "Frames received and not yet finished.",
                    counters.total(total));
                case BATCHES -> metrics.counter("weft_batches", "Batches of frames processed.", counters.total(total));
                case SUPPRESSED -> metrics.counter("weft_answers_suppressed",
                    "ICMP errors and resets that the rate limit suppressed.", counters.total(total));
                default -> metrics.counter("weft_frames", "Frames; received + originated = sent + punted + dropped"
                    + " + in flight.", Labels.of("total", total.label()), counters.total(total));
            }
        }
    }

    private static void addReasonsAndNodes(MetricSet metrics, CounterReader counters) {
        List<String> reasons = counters.dropLabels();
        for (int i = 0; i < reasons.size(); i++) {
            metrics.counter("weft_drops", "Frames dropped, by reason.", Labels.of("reason", reasons.get(i)),
                counters.drop(i));
        }
        List<String> nodes = counters.nodeLabels();
        for (int i = 0; i < nodes.size(); i++) {
            metrics.counter("weft_node_frames", "Frames that a node of the graph has processed.",
                Labels.of("node", nodes.get(i)), counters.node(i));
            metrics.counter("weft_node_sampled_seconds", "Time that a node of the graph has taken in the batches that"
                + " were sampled.", Labels.of("node", nodes.get(i)), counters.sampledNanos(i) / NANOS_PER_SECOND);
            metrics.counter("weft_node_sampled_frames", "Frames that a node of the graph has processed in the batches"
                + " that were sampled.", Labels.of("node", nodes.get(i)), counters.sampledFrames(i));
        }
    }

    private static void addConductor(MetricSet metrics, CounterReader counters) {
        for (ConductorGauge gauge : ConductorGauge.values()) {
            String name = "weft_" + gauge.label();
            String help = "The dataplane's " + gauge.label() + ", as in weft show counters.";
            if (COUNTERS.contains(gauge)) {
                metrics.counter(name, help, counters.gauge(gauge));
            } else if (!OMITTED.contains(gauge)) {
                metrics.gauge(name, help, counters.gauge(gauge));
            }
        }
        metrics.gauge("weft_last_scan_seconds", "How long the last scan of the flow table took.",
            counters.gauge(ConductorGauge.LAST_SCAN_NANOS) / NANOS_PER_SECOND);
    }

    private static void addProcess(MetricSet metrics, CounterReader counters) {
        metrics.gauge("weft_dataplane_start_time_seconds", "When the dataplane started, in seconds since the epoch.",
            counters.startedMillis() / MILLIS_PER_SECOND);
        metrics.gauge("weft_dataplane_fault", "1 while the dataplane reports a fault; weft status says which.",
            counters.text(ConductorText.FAULT).isEmpty() ? 0 : 1);
        metrics.counter("weft_dataplane_gc_collections", "Garbage collections, each of which stops the workers.",
            counters.gauge(ConductorGauge.GC_COLLECTIONS));
        metrics.counter("weft_dataplane_gc_seconds", "Time in garbage collections.", Labels.EMPTY,
            counters.gauge(ConductorGauge.GC_MILLIS) / MILLIS_PER_SECOND);
        metrics.counter("weft_dataplane_allocated_bytes", "Memory allocated by all threads.",
            counters.gauge(ConductorGauge.ALLOCATED_BYTES));
        metrics.counter("weft_dataplane_worker_allocated_bytes", "Memory allocated by the workers.",
            counters.gauge(ConductorGauge.WORKER_ALLOCATED_BYTES));
        metrics.gauge("weft_dataplane_heap_used_bytes", "Heap in use.",
            counters.gauge(ConductorGauge.HEAP_USED_BYTES));
        metrics.gauge("weft_dataplane_threads", "Platform threads.", counters.gauge(ConductorGauge.THREADS));
    }

    private static void addPorts(MetricSet metrics, CounterReader counters, NodeFiles files) {
        Map<Integer, PortSpec> specs = new HashMap<>();
        files.tables().map(TablesReader::snapshot)
            .ifPresent(tables -> tables.ports().forEach(port -> specs.put(port.id(), port)));
        for (PortStatus port : counters.ports()) {
            PortSpec spec = specs.get(port.id());
            String pod = spec != null && spec.attachId() == port.attachId()
                ? files.podNames().getOrDefault(spec.podIp().toString(), "") : "";
            Labels labels = Labels.of("device", port.name(), "pod", pod);
            metrics.gauge("weft_port_up", "1 if the port is open; the label mode is its XDP mode.",
                labels.add("mode", port.mode()), port.state() == PortState.UP ? 1 : 0);
            for (PortCounter counter : PortCounter.values()) {
                metrics.counter("weft_port_" + counter.label(), "The port's " + counter.label() + ".", labels,
                    counters.port(port.id(), counter));
            }
        }
    }
}
