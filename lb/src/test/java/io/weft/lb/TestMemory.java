package io.weft.lb;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Zeroed native memory for a test, freed with the arena it came from. */
public final class TestMemory implements AutoCloseable {
    private final Arena arena = Arena.ofShared();

    /** @return address of zeroed memory, a multiple of 4096 */
    public long allocate(long bytes) {
        MemorySegment segment = arena.allocate(bytes, 4096);
        return segment.address();
    }

    @Override
    public void close() {
        arena.close();
    }
}
