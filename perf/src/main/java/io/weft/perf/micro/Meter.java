package io.weft.perf.micro;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * Mean cost of a packet, measured as the C reference does: stretches of frames written and forwarded are interleaved with stretches of
 * frames only written, so that both run under the same conditions; the difference of the means is the graph's cost.
 *
 * <p>Thread: the measured one.
 */
final class Meter {
    private static final int FRAMES_OF_STRETCH = 4096;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Lane lane;
    private final int batches;
    private int consumed;

    Meter(Lane lane) {
        this.lane = lane;
        batches = Math.max(1, FRAMES_OF_STRETCH / lane.batchSize());
    }

    /**
     * @param nsPerPacket of the graph
     * @param armNsPerPacket of writing the frame, not included in {@code nsPerPacket}
     * @param allocatedBytes heap, in total
     */
    record Cost(double nsPerPacket, double armNsPerPacket, long packets, long allocatedBytes) {
    }

    Cost run(long nanos) {
        long allocatedBefore = THREADS.getCurrentThreadAllocatedBytes();
        long forwardNanos = 0;
        long armNanos = 0;
        long stretches = 0;
        long now = System.nanoTime();
        long end = now + nanos;
        while (now < end) {
            long started = now;
            arm();
            now = System.nanoTime();
            armNanos += now - started;
            forwardNanos += forward();
            now = System.nanoTime();
            stretches++;
        }
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - allocatedBefore;
        long packets = stretches * batches * lane.batchSize();
        double arm = (double) armNanos / packets;
        return new Cost((double) forwardNanos / packets - arm, arm, packets, allocated);
    }

    /** Uses the computed value, so that the JIT cannot remove the computation. */
    int consumed() {
        return consumed;
    }

    private void arm() {
        for (int n = 0; n < batches; n++) {
            consumed += lane.arm();
        }
    }

    private long forward() {
        long started = System.nanoTime();
        for (int n = 0; n < batches; n++) {
            consumed += lane.forward();
        }
        return System.nanoTime() - started;
    }
}
