package io.weft.controlplane.compiler;

import java.util.concurrent.TimeUnit;

/**
 * Whether the control loop works: written by the loop, read by any thread, even while the loop hangs. The fields are independent of each
 * other, so volatile is enough.
 */
final class LoopHealth {
    /** Much more than a rebuild of the largest cluster takes. */
    private static final long HANGS_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long IDLE = 0;

    private volatile long taskStartNanos = IDLE;
    private volatile String stuck = "";

    void begin() {
        taskStartNanos = System.nanoTime() | 1;
    }

    void end() {
        taskStartNanos = IDLE;
    }

    /** The tables cannot be brought up to date. */
    void stuck(Throwable failure) {
        stuck = "the control loop cannot rebuild the tables: " + failure;
    }

    void well() {
        stuck = "";
    }

    boolean isStuck() { return !stuck.isEmpty(); }

    /** What is wrong, in one line; empty if nothing is. */
    String fault() {
        long start = taskStartNanos;
        return start != IDLE && System.nanoTime() - start > HANGS_NANOS
            ? "the control loop has not answered for " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start)
                + " s"
            : stuck;
    }
}
