package io.weft.dataplane.worker;

/**
 * What a worker does after an iteration without a frame: it polls on for a while, because frames come in bursts, then yields the processor
 * for a while, then sleeps in poll(2). With busy polling, or with a port that can only be polled, it never sleeps.
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

    /** Call it when there was a frame. */
    void reset() {
        idle = false;
    }

    /**
     * @param pollOnly whether a port can only be polled
     * @return whether the worker should sleep; if not, this call has waited briefly
     */
    @SuppressWarnings("ThreadPriorityCheck") // yielding is only a hint: waiting threads run first; without any this one polls on
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
