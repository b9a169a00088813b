package io.weft.perf.micro;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * Mean cost of a packet, as the C reference takes it: stretches of frames written and forwarded in turn with stretches of frames only written, so that
 * both see the same minutes; the difference of the means is the graph's.
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
     * @param armNsPerPacket of writing the frame, not in the former
     * @param allocatedBytes heap, in all
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

    /** Uses what it computes, so that none of it can be left out. */
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
