package io.weft.dataplane.worker;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * When every worker has let go of what was withdrawn: the conductor unlinks something, calls {@link #advance}, and may destroy it once
 * {@link #passed} says so. A worker enters the current epoch at the start of each turn, when it holds nothing.
 *
 * <p>Order: a worker's entry is a release, so its reads of the former turn are over before it is seen; it reads the epoch by acquire, so it
 * sees what was unlinked before. A worker that wakes publishes its entry by a full fence before it reads anything: until then it counts
 * as passed.
 *
 * <p>Threads: one conductor, the workers. Allocation: none.
 */
public final class Epochs {
    /** The entry of a worker that sleeps, has not started or has ended. */
    public static final long ASLEEP = Long.MAX_VALUE;

    private static final int STRIDE = 16; // two cache lines between the entries of two workers

    private final AtomicLong current = new AtomicLong(1);
    private final AtomicLongArray entered;
    private final int workers;

    public Epochs(int workers) {
        this.workers = workers;
        entered = new AtomicLongArray((workers + 1) * STRIDE);
        for (int worker = 0; worker < workers; worker++) {
            entered.set(at(worker), ASLEEP);
        }
    }

    // -- conductor ---------------------------------------------------------------------------------------------------

    public long current() {
        return current.get();
    }

    /** @return the epoch to be passed before what was unlinked until now may be destroyed */
    public long advance() {
        return current.incrementAndGet();
    }

    /** Whether every worker has entered this epoch or a later one, or sleeps. */
    public boolean passed(long epoch) {
        for (int worker = 0; worker < workers; worker++) {
            if (entered.getAcquire(at(worker)) < epoch) { return false; }
        }
        return true;
    }

    // -- workers -----------------------------------------------------------------------------------------------------

    /** Start of a turn. */
    void enter(int worker) {
        long epoch = current.getAcquire();
        long before = entered.getPlain(at(worker));
        if (before == ASLEEP) {
            entered.set(at(worker), epoch);
        } else if (before != epoch) {
            entered.setRelease(at(worker), epoch);
        }
    }

    /** The worker holds nothing until it enters again. */
    void sleep(int worker) {
        entered.setRelease(at(worker), ASLEEP);
    }

    private static int at(int worker) {
        return (worker + 1) * STRIDE;
    }
}
