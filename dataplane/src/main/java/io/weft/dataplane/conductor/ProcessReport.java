package io.weft.dataplane.conductor;

import com.sun.management.ThreadMXBean;
import io.weft.dataplane.counters.ConductorCounters;
import io.weft.dataplane.counters.ConductorGauge;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.util.Arrays;
import java.util.List;

/**
 * Reports the collections and the allocation of the dataplane's process in the counters.
 *
 * <p>Thread: the conductor. When the JVM is first asked, it loads hundreds of classes, so a thread of its own does that and then ends. Cold code.
 */
final class ProcessReport {
    private final ConductorCounters counters;
    private final long[] workers;
    /** Written once by the thread that loads the classes, read by the conductor; a record, so volatile is enough. Null until then. */
    private volatile Sources sources;

    /** @param workers ids of the workers' threads */
    ProcessReport(ConductorCounters counters, long... workers) {
        this.counters = counters;
        this.workers = workers.clone();
        Thread.ofPlatform().daemon().name("weft-process-report").start(this::load);
    }

    private void load() {
        if (ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads) {
            Sources loaded = new Sources(ManagementFactory.getGarbageCollectorMXBeans(), threads,
                ManagementFactory.getMemoryMXBean());
            loaded.read(workers);
            sources = loaded;
        }
    }

    /** Called once a second. */
    void refresh() {
        Sources loaded = sources;
        if (loaded != null) {
            loaded.read(workers).report(counters);
        }
    }

    private record Sources(List<GarbageCollectorMXBean> collectors, ThreadMXBean threads, MemoryMXBean memory) {
        Figures read(long... workers) {
            return new Figures(
                collectors.stream().mapToLong(collector -> Math.max(0, collector.getCollectionCount())).sum(),
                collectors.stream().mapToLong(collector -> Math.max(0, collector.getCollectionTime())).sum(),
                threads.getTotalThreadAllocatedBytes(),
                Arrays.stream(threads.getThreadAllocatedBytes(workers)).map(bytes -> Math.max(0, bytes)).sum(),
                memory.getHeapMemoryUsage().getUsed(), threads.getThreadCount());
        }
    }

    private record Figures(long collections, long collectionMillis, long allocatedBytes, long workerAllocatedBytes,
        long heapUsedBytes, long threads) {
        void report(ConductorCounters counters) {
            counters.set(ConductorGauge.GC_COLLECTIONS, collections);
            counters.set(ConductorGauge.GC_MILLIS, collectionMillis);
            counters.set(ConductorGauge.ALLOCATED_BYTES, allocatedBytes);
            counters.set(ConductorGauge.WORKER_ALLOCATED_BYTES, workerAllocatedBytes);
            counters.set(ConductorGauge.HEAP_USED_BYTES, heapUsedBytes);
            counters.set(ConductorGauge.THREADS, threads);
        }
    }
}
