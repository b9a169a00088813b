package io.weft.controlplane.api.resource;

import io.weft.controlplane.api.http.Answer;
import io.weft.controlplane.api.http.Resource;
import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.view.NodeFiles;
import io.weft.controlplane.view.NodeStatus;
import io.weft.dataplane.counters.ConductorGauge;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * {@code /livez}: whether the control plane works, so that a restart would not help. {@code /readyz}: whether this node can serve pods. Both
 * answer 200 or 503, with the reasons, and need no token, because the kubelet has none.
 */
public final class HealthResources {
    /** @param reasons why not, one line each; empty if it is */
    private record Health(boolean ok, List<String> reasons) {
        Health(List<String> reasons) {
            this(reasons.isEmpty(), reasons);
        }
    }

    private HealthResources() {
    }

    /** @param fault of the control loop, empty if there is none; any thread, does not wait for the loop */
    public static List<Resource> of(Path runDirectory, Supplier<String> fault) {
        return List.of(Resource.open("/livez", _ -> answer(new Health(lines(fault.get())))),
            Resource.open("/readyz", _ -> answer(readiness(runDirectory, fault.get()))));
    }

    private static Answer answer(Health health) {
        return Answer.json(health.ok() ? 200 : 503, health);
    }

    private static Health readiness(Path runDirectory, String fault) {
        NodeStatus status = NodeStatus.read(runDirectory);
        List<String> reasons = new ArrayList<>(lines(fault));
        if (!status.dataplane().running()) {
            reasons.add("the dataplane is down");
        }
        reasons.addAll(lines(status.dataplane().fault()));
        if (status.controlPlane().podCidr().isEmpty()) {
            reasons.add("this node's Node object or its podCIDR is not known yet");
        } else if (status.dataplane().running() && !hasAdoptedTables(runDirectory)) {
            reasons.add("the dataplane has not adopted the control plane's tables yet");
        }
        return new Health(reasons);
    }

    private static boolean hasAdoptedTables(Path runDirectory) {
        try (NodeFiles files = new NodeFiles(runDirectory)) {
            long incarnation = files.controlPlane().map(ControlPlaneStatus::tables)
                .map(ControlPlaneStatus.Tables::incarnation).orElse(0L);
            return files.counters().filter(counters -> counters.gauge(ConductorGauge.TABLES_INCARNATION) == incarnation)
                .isPresent();
        }
    }

    private static List<String> lines(String text) {
        return text.isEmpty() ? List.of() : List.of(text);
    }
}
