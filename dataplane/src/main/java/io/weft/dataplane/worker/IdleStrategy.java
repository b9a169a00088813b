package io.weft.dataplane.worker;

/**
 * What a worker does after a turn without a frame: polls on for a moment, because frames come in bursts, then gives the processor away for a
 * moment, then sleeps in poll(2). With busy polling, or with a port that can only be polled, it never sleeps.
 *
 * <p>Thread: one worker. Allocation: none.
 */
final class IdleStrategy {
    private static final long SPIN_NANOS = 20_000;
    private static final long YIELD_NANOS = 50_000;

    private final boolean busyPoll;
    private long idleSinceNanos;
    private boolean idle;

    IdleStrategy(boolean busyPoll) {
        this.busyPoll = busyPoll;
    }

    /** There was a frame. */
    void reset() {
        idle = false;
    }

    /**
     * @param pollOnly whether a port can only be polled
     * @return whether it is time to sleep; otherwise it has waited a little
     */
    @SuppressWarnings("ThreadPriorityCheck") // the yield is a wish: with other threads waiting they run, alone this one polls on
    boolean waitOrSleep(long nowNanos, boolean pollOnly) {
        if (!idle) {
            idle = true;
            idleSinceNanos = nowNanos;
        }
        long idleNanos = nowNanos - idleSinceNanos;
        if (busyPoll || pollOnly || idleNanos < SPIN_NANOS) {
            Thread.onSpinWait();
            return false;
        }
        if (idleNanos < YIELD_NANOS) {
            Thread.yield();
            return false;
        }
        return true;
    }
}
