package io.weft.controlplane.api.metrics;

import io.helidon.http.HeaderNames;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.weft.controlplane.api.access.Role;
import io.weft.controlplane.api.http.Answer;
import io.weft.controlplane.api.http.Resource;
import io.weft.controlplane.flowlog.FlowRecords;
import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.view.NodeFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/** {@code /metrics}: read from the counters file and the control plane's status when asked, in Prometheus' text format or OpenMetrics. */
public final class MetricsResource {
    private static final List<String> MEDIA_TYPES = List.of("text/plain", "application/openmetrics-text");

    private final Path runDirectory;
    private final Supplier<Optional<ControlPlaneStatus>> status;
    private final Supplier<Histogram> latency;
    private final OperatorMetrics operator;
    private final Optional<FlowRecords> flowRecords;
    private final ExpositionFormatWriter openMetrics = OpenMetricsTextFormatWriter.create();
    private final ExpositionFormatWriter prometheus = PrometheusTextFormatWriter.create();

    /**
     * @param status the latest that the control plane has reported; any thread
     * @param latency from the arrival of changes until use, microseconds; any thread
     * @param flowRecords empty if there are none, by configuration
     */
    public MetricsResource(Path runDirectory, Supplier<Optional<ControlPlaneStatus>> status,
        Supplier<Histogram> latency, OperatorMetrics operator, Optional<FlowRecords> flowRecords) {
        this.flowRecords = flowRecords;
        this.operator = operator;
        this.runDirectory = runDirectory;
        this.status = status;
        this.latency = latency;
    }

    public Resource resource() {
        return new Resource("/metrics", Optional.of(Role.READ), MEDIA_TYPES, Set.of(), Resource.answering(this::read));
    }

    private Answer read(Resource.Request request) {
        ExpositionFormatWriter writer = openMetrics.accepts(request.header(HeaderNames.ACCEPT).orElse(null))
            ? openMetrics : prometheus;
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try {
            writer.write(text, snapshot());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Answer.of(writer.getContentType(), text.toByteArray()).untagged();
    }

    private MetricSnapshots snapshot() {
        MetricSet metrics = new MetricSet();
        try (NodeFiles files = new NodeFiles(runDirectory)) {
            DataplaneMetrics.add(metrics, files);
            files.tables().ifPresent(tables -> metrics.gauge("weft_tables_bytes", "Size of the tables, used and free.",
                tables.bytes()));
        }
        status.get().ifPresent(known -> ControlPlaneMetrics.add(metrics, known));
        ControlPlaneMetrics.addLatency(metrics, latency.get());
        operator.add(metrics);
        flowRecords.ifPresent(records -> FlowRecordMetrics.add(metrics, records));
        ProcessMetrics.add(metrics);
        return metrics.snapshots();
    }
}
