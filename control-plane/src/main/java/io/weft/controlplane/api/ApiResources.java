package io.weft.controlplane.api;

import io.weft.controlplane.api.events.EventLog;
import io.weft.controlplane.api.events.EventStream;
import io.weft.controlplane.api.http.Resource;
import io.weft.controlplane.api.metrics.MetricsResource;
import io.weft.controlplane.api.metrics.OperatorMetrics;
import io.weft.controlplane.api.resource.FlowRecordResources;
import io.weft.controlplane.api.resource.HealthResources;
import io.weft.controlplane.api.resource.NodeResources;
import io.weft.controlplane.api.resource.OpenApiResource;
import io.weft.controlplane.api.resource.OperatorResources;
import io.weft.controlplane.api.resource.SnapshotResources;
import io.weft.controlplane.api.resource.StatusPage;
import io.weft.controlplane.flowlog.FlowRecords;
import io.weft.controlplane.operator.CounterSnapshots;
import io.weft.controlplane.operator.OperatorWrites;
import io.weft.controlplane.operator.WriteCounts;
import io.weft.controlplane.status.ControlPlaneStatus;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/** Everything that the API serves; {@code openapi.yaml} describes the same. */
public final class ApiResources {
    /**
     * Where the resources find what they show, and what they change. None of the suppliers waits; any thread may call them.
     *
     * @param fault of the control loop; empty if there is none
     * @param status the latest that the control plane has reported
     * @param flowRecords empty if there are none, by configuration
     * @param latency from the arrival of changes until use, microseconds
     */
    public record Sources(
        Path runDirectory, Supplier<String> fault, Supplier<Optional<ControlPlaneStatus>> status,
        Supplier<Histogram> latency, EventLog events, OperatorWrites writes, CounterSnapshots snapshots,
        Optional<FlowRecords> flowRecords) {
    }

    private ApiResources() {
    }

    public static List<Resource> of(Sources sources) {
        List<Resource> resources = new ArrayList<>(NodeResources.of(sources.runDirectory()));
        resources.addAll(HealthResources.of(sources.runDirectory(), sources.fault()));
        resources.add(EventStream.of(sources.events()));
        resources.addAll(FlowRecordResources.of(sources.flowRecords()));
        WriteCounts counts = new WriteCounts();
        resources.add(new MetricsResource(sources.runDirectory(), sources.status(), sources.latency(),
            new OperatorMetrics(sources.writes()::state, counts), sources.flowRecords()).resource());
        resources.addAll(OperatorResources.of(sources.writes(), counts));
        resources.addAll(SnapshotResources.of(sources.snapshots(), counts));
        resources.add(OpenApiResource.of());
        resources.addAll(StatusPage.of());
        return List.copyOf(resources);
    }
}
