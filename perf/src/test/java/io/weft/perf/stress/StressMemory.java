package io.weft.perf.stress;

import io.weft.encap.memory.Memory;
import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Zeroed native memory for the states of a stress test, taken from a ring: a state is created for every one of millions of runs. The ring
 * is several times longer than what the states that live at once need ({@link StressIT} bounds their number).
 */
final class StressMemory {
    private static final long RING_LENGTH = 64L << 20;
    private static final long RING = Arena.global().allocate(RING_LENGTH, 4096).address();
    private static final AtomicLong NEXT = new AtomicLong();

    private StressMemory() {
    }

    /**
     * @param length a power of two, the same at every call in a process
     * @return address of zeroed memory, a multiple of the length up to 4096
     */
    static long take(int length) {
        long at = RING + (NEXT.getAndAdd(length) & RING_LENGTH - 1);
        Memory.zero(at, length);
        return at;
    }
}
