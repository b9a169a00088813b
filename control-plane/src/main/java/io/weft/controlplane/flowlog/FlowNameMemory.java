package io.weft.controlplane.flowlog;

import io.weft.controlplane.view.FlowNames;
import io.weft.controlplane.view.NodeFiles;
import io.weft.lb.service.ServiceKey;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Names of pods and Services, also of those that are gone: a flow ends after its pod, and is recorded then. An address has the name of the pod
 * or Service that had it last. One thread.
 */
final class FlowNameMemory {
    private static final int MAX_NAMES = 65_536;
    private static final long SERVICES_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Path runDirectory;
    private final Supplier<Map<String, String>> podNames;
    private final Map<String, String> pods = bounded();
    private final Map<ServiceKey, String> services = bounded();
    private Map<String, String> lastPods = Map.of();
    private long servicesNanos = System.nanoTime() - SERVICES_NANOS;

    /** @param podNames of this node's pods now, by address */
    FlowNameMemory(Path runDirectory, Supplier<Map<String, String>> podNames) {
        this.runDirectory = runDirectory;
        this.podNames = podNames;
    }

    private static <K> Map<K, String> bounded() {
        return new LinkedHashMap<>() {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, String> eldest) {
                return size() > MAX_NAMES;
            }
        };
    }

    /** Notes the pods that there are now: to be called often. */
    void notePods() {
        Map<String, String> now = podNames.get();
        if (!now.equals(lastPods)) {
            lastPods = now;
            pods.putAll(now);
        }
    }

    /** The names for records that have come now. */
    FlowNames names() {
        notePods();
        if (System.nanoTime() - servicesNanos >= SERVICES_NANOS) {
            try (NodeFiles files = new NodeFiles(runDirectory)) {
                services.putAll(FlowNames.services(files));
            }
            servicesNanos = System.nanoTime();
        }
        return new FlowNames(pods, services);
    }
}
