package io.weft.perf.micro;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** Measures the time of every batch through the graph, for minutes: how long a frame may have to wait. Allocation: none while it runs. */
final class Soak {
    private static final long LONGEST = TimeUnit.SECONDS.toNanos(10);
    private static final int DIGITS = 3;

    private final Histogram histogram = new Histogram(1, LONGEST, DIGITS);

    /** Nanoseconds per batch, without writing its frames. */
    record Result(long batches, double seconds, long p50, long p90, long p99, long p999, long p9999, long max,
        long allocatedBytes) {
    }

    Result run(GraphWorld world, long nanos) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        histogram.reset();
        Lane lane = world.lane();
        long allocated = threads.getCurrentThreadAllocatedBytes();
        long begin = System.nanoTime();
        long now;
        do {
            world.makeRoomForMisses();
            lane.arm();
            long from = System.nanoTime();
            lane.process();
            now = System.nanoTime();
            histogram.recordValue(Math.min(now - from, LONGEST));
        } while (now - begin < nanos);
        allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
        return new Result(histogram.getTotalCount(), (now - begin) / 1e9, percentile(50), percentile(90),
            percentile(99), percentile(99.9), percentile(99.99), histogram.getMaxValue(), allocated);
    }

    private long percentile(double percentile) {
        return histogram.getValueAtPercentile(percentile);
    }
}
