package io.weft.controlplane.api.metrics;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The values of one scrape; those of one name together, in the order in which they were added. One thread. */
final class MetricSet {
    private final Map<String, CounterSnapshot.Builder> counters = new LinkedHashMap<>();
    private final Map<String, GaugeSnapshot.Builder> gauges = new LinkedHashMap<>();
    private final List<MetricSnapshot> others = new ArrayList<>();

    /** @param name without {@code _total} */
    void counter(String name, String help, Labels labels, double value) {
        counters.computeIfAbsent(name, _ -> CounterSnapshot.builder().name(name).help(help))
            .dataPoint(CounterDataPointSnapshot.builder().labels(labels).value(value).build());
    }

    void counter(String name, String help, Labels labels, long value) {
        counter(name, help, labels, (double) value);
    }

    void counter(String name, String help, long value) {
        counter(name, help, Labels.EMPTY, value);
    }

    void gauge(String name, String help, Labels labels, double value) {
        gauges.computeIfAbsent(name, _ -> GaugeSnapshot.builder().name(name).help(help))
            .dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(value).build());
    }

    void gauge(String name, String help, Labels labels, long value) {
        gauge(name, help, labels, (double) value);
    }

    void gauge(String name, String help, long value) {
        gauge(name, help, Labels.EMPTY, value);
    }

    void gauge(String name, String help, double value) {
        gauge(name, help, Labels.EMPTY, value);
    }

    void add(MetricSnapshot other) {
        others.add(other);
    }

    MetricSnapshots snapshots() {
        List<MetricSnapshot> all = new ArrayList<>(others);
        counters.values().forEach(counter -> all.add(counter.build()));
        gauges.values().forEach(gauge -> all.add(gauge.build()));
        return new MetricSnapshots(all);
    }
}
