package io.weft.controlplane.api.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;

/** The control plane's own process: collections, allocation, memory, threads. */
final class ProcessMetrics {
    private static final double MILLIS_PER_SECOND = 1e3;

    private ProcessMetrics() {
    }

    static void add(MetricSet metrics) {
        metrics.gauge("weft_control_plane_start_time_seconds", "When the control plane started, in seconds since the"
            + " epoch.", ManagementFactory.getRuntimeMXBean().getStartTime() / MILLIS_PER_SECOND);
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            Labels labels = Labels.of("collector", collector.getName());
            metrics.counter("weft_control_plane_gc_collections", "Garbage collections.", labels,
                Math.max(0, collector.getCollectionCount()));
            metrics.counter("weft_control_plane_gc_seconds", "Time in garbage collections.", labels,
                Math.max(0, collector.getCollectionTime()) / MILLIS_PER_SECOND);
        }
        if (ManagementFactory.getThreadMXBean() instanceof com.sun.management.ThreadMXBean threads) {
            metrics.counter("weft_control_plane_allocated_bytes", "Memory allocated by all threads.",
                Math.max(0, threads.getTotalThreadAllocatedBytes()));
        }
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        metrics.gauge("weft_control_plane_heap_used_bytes", "Heap in use.", memory.getHeapMemoryUsage().getUsed());
        metrics.gauge("weft_control_plane_threads", "Platform threads.",
            ManagementFactory.getThreadMXBean().getThreadCount());
    }
}
