package io.weft.dataplane.worker;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Tells when every worker has stopped using what was withdrawn. The conductor unlinks something, remembers the result of {@link #advance},
 * and may destroy it once that epoch has {@link #passed}. A worker enters the current epoch at the start of each loop iteration, when it
 * holds no references.
 *
 * <p>Order: a worker's entry is a release, so its reads of the iteration before are over when the entry is visible. It reads the epoch by
 * acquire, so it sees what was unlinked before that epoch began. A worker that wakes up publishes its entry with a full fence before it
 * reads anything; until then it counts as having passed.
 *
 * <p>Threads: one conductor, the workers. Allocation: none.
 */
public final class Epochs implements io.weft.lb.flow.Epochs {
    /** The entry of a worker that sleeps, has not started or has ended. */
    private static final long ASLEEP = Long.MAX_VALUE;

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

    @Override
    public long current() {
        return current.get();
    }

    /**
     * Begins the next epoch. Must be called periodically, so that epochs remembered from {@link #current} pass too.
     *
     * @return the epoch that ends
     */
    public long advance() {
        return current.getAndIncrement();
    }

    /** Whether every worker has entered a later epoch than this, or sleeps. */
    @Override
    public boolean passed(long epoch) {
        for (int worker = 0; worker < workers; worker++) {
            if (entered.getAcquire(at(worker)) <= epoch) { return false; }
        }
        return true;
    }

    // -- workers -----------------------------------------------------------------------------------------------------

    /** Start of a loop iteration. */
    public void enter(int worker) {
        long epoch = current.getAcquire();
        long before = entered.getPlain(at(worker));
        if (before == epoch) { return; }
        entered.setRelease(at(worker), epoch);
        if (before == ASLEEP) {
            VarHandle.fullFence();
        }
    }

    /** The worker holds no references until it enters again. */
    public void sleep(int worker) {
        entered.setRelease(at(worker), ASLEEP);
    }

    private static int at(int worker) {
        return (worker + 1) * STRIDE;
    }
}
