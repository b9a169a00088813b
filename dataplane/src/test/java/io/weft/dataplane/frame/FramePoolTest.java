package io.weft.dataplane.frame;

import static org.junit.jupiter.api.Assertions.*;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FramePoolTest {
    private static final long BASE = 0x7F12_3460_0000L;
    private static final int CHUNKS = 70_000;
    private static final int BATCH = 64;
    private static final int SETS = 64;

    @ParameterizedTest
    @CsvSource({"2048, 2048", "4096, 4096", "2048, 2176", "4096, 4224"})
    void everyAddressIsMappedToItsChunk(int chunkSize, int stride) {
        FramePool pool = new FramePool(BASE, CHUNKS, new ChunkLayout(chunkSize, stride));
        for (int i = 0; i < CHUNKS; i++) {
            long first = BASE + (long) i * stride;
            assertEquals(first, pool.allocate());
            for (long at : new long[]{first, first + 1, first + chunkSize / 2, first + chunkSize - 1}) {
                assertEquals(i, pool.index(at));
                assertEquals(first, pool.chunk(at));
            }
            assertTrue(pool.hasHeadroom(first + 50, 50));
            assertFalse(pool.hasHeadroom(first + 49, 50));
        }
        assertEquals(0, pool.allocate());
        pool.free(BASE + stride + chunkSize - 1L);
        assertEquals(BASE + stride, pool.allocate());
    }

    @ParameterizedTest
    @CsvSource({"2048", "4096"})
    void headersOfABatchUseTheWholeCache(int chunkSize) {
        assertEquals(SETS / 2, headerSets(ChunkLayout.spread(chunkSize)));
        assertEquals(4096 / chunkSize, headerSets(ChunkLayout.aligned(chunkSize)));
    }

    private static int headerSets(ChunkLayout layout) {
        FramePool pool = new FramePool(BASE, BATCH, layout);
        Set<Long> sets = new HashSet<>();
        IntStream.range(0, BATCH).forEach(i -> sets.add((pool.allocate() + FramePool.HEADROOM + 14) / SETS % SETS));
        return sets.size();
    }

    @Test
    void refusesLayoutsThatTheKernelRefuses() {
        assertThrows(IllegalArgumentException.class, () -> new ChunkLayout(3000, 3072));
        assertThrows(IllegalArgumentException.class, () -> new ChunkLayout(4096, 2048));
        assertThrows(IllegalArgumentException.class, () -> new ChunkLayout(2048, 2112));
        assertThrows(IllegalArgumentException.class, () -> new FramePool(BASE + 64, 1, ChunkLayout.spread(2048)));
    }

    @Test
    void memoryHoldsWholeChunks() {
        ChunkLayout layout = ChunkLayout.spread(4096);
        int chunks = layout.chunksIn(256 << 20);
        assertEquals(63_550, chunks);
        assertTrue(layout.bytes(chunks) <= 256 << 20);
    }
}
