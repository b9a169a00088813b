package io.weft.dataplane.state;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Next hops that workers need resolved, for the conductor, which asks the kernel to resolve them. Each address is listed at most once. If
 * there is no room it is not listed, and the next frame to it asks again.
 *
 * <p>Threads: workers {@link #post}, the conductor {@link #take}s. Lock-free, no allocation.
 */
public final class NeighbourRequests {
    private static final int CAPACITY = 64;
    private static final int TRIES = 8;
    private static final int SPREAD = 0x9E37_79B9;
    private static final int EMPTY = 0; // 0.0.0.0 is never a next hop

    private final AtomicIntegerArray addresses = new AtomicIntegerArray(CAPACITY);

    /** @return false if there was no room */
    public boolean post(int address) {
        int start = address * SPREAD >>> 26;
        for (int i = 0; i < TRIES; i++) {
            int at = (start + i) & (CAPACITY - 1);
            int present = addresses.getAcquire(at);
            if (present == address || present == EMPTY && addresses.compareAndSet(at, EMPTY, address)) { return true; }
        }
        return false;
    }

    /** @return an address to be resolved, now no longer listed, or 0 */
    public int take() {
        for (int at = 0; at < CAPACITY; at++) {
            if (addresses.getAcquire(at) != EMPTY) { return addresses.getAndSet(at, EMPTY); }
        }
        return EMPTY;
    }
}
