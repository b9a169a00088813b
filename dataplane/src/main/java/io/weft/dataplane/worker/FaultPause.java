package io.weft.dataplane.worker;

import java.util.concurrent.locks.LockSupport;

/**
 * Keeps a worker that meets exception after exception from using a whole processor for them: a few pass at once, more than that cost a pause each.
 *
 * <p>Thread: one worker. Allocation: none.
 */
final class FaultPause {
    /** In a second. */
    private static final int MAX_WITHOUT_PAUSE = 16;
    private static final long SECOND_NANOS = 1_000_000_000;
    private static final long PAUSE_NANOS = 1_000_000;

    private long secondBegan = System.nanoTime();
    private int faults;

    /** To be called after each exception. @return whether it has paused */
    boolean pause() {
        long now = System.nanoTime();
        if (now - secondBegan >= SECOND_NANOS) {
            secondBegan = now;
            faults = 0;
        }
        faults++;
        if (faults <= MAX_WITHOUT_PAUSE) { return false; }
        LockSupport.parkNanos(PAUSE_NANOS);
        return true;
    }
}
