package io.weft.lb.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.memory.Memory;
import io.weft.lb.TestMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TableArenaTest {
    private static final int SIZE = 1 << 16;
    private final TestMemory memory = new TestMemory();
    private final long base = memory.allocate(SIZE);
    private final TableArena arena = new TableArena(base, 100, SIZE);

    @AfterEach
    void free() {
        memory.close();
    }

    @Test
    void blocksAreZeroedAndAlignedAfterTheReservedBytes() {
        long first = arena.allocate(65);
        long second = arena.allocate(1);
        assertEquals(128, first);
        assertEquals(256, second);
        Memory.putNativeI64(arena.address(first), -1);
        arena.free(first);
        assertEquals(first, arena.allocate(128));
        assertEquals(0, Memory.nativeI64(arena.address(first)));
    }

    @Test
    void aRetiredBlockIsNotReusedBeforeEveryReaderPassed() {
        long all = arena.freeBytes();
        long block = arena.allocate(all);
        arena.setPendingGeneration(7);
        arena.retire(block);
        assertEquals(0, arena.reclaim(6));
        assertThrows(TableFullException.class, () -> arena.allocate(1));
        assertEquals(all, arena.retiredBytes());
        assertEquals(1, arena.reclaim(7));
        assertEquals(block, arena.allocate(all));
        assertEquals(0, arena.retiredBytes());
    }

    @Test
    void aFullArenaSaysHowMuchIsFree() {
        TableFullException refused = assertThrows(TableFullException.class, () -> arena.allocate(SIZE));
        assertTrue(refused.getMessage().contains(arena.freeBytes() + " of " + SIZE + " bytes free"),
            refused.getMessage());
    }

    @Test
    void freeingTwiceIsRefused() {
        long block = arena.allocate(1);
        arena.free(block);
        assertThrows(IllegalArgumentException.class, () -> arena.free(block));
    }

    @Test
    void afterRandomUseTheFreeMemoryIsOneExtentAgain() {
        long all = arena.freeBytes();
        Random random = new Random(1);
        List<long[]> blocks = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            if (random.nextInt(3) < 2 && arena.freeBytes() > SIZE / 4) {
                long length = 1L + random.nextInt(1000);
                try {
                    blocks.add(new long[]{arena.allocate(length), length});
                } catch (TableFullException fragmented) {
                    arena.free(blocks.remove(random.nextInt(blocks.size()))[0]);
                }
            } else if (!blocks.isEmpty()) {
                arena.free(blocks.remove(random.nextInt(blocks.size()))[0]);
            }
        }
        assertDisjoint(blocks);
        blocks.forEach(block -> arena.free(block[0]));
        assertEquals(all, arena.freeBytes());
        assertEquals(128, arena.allocate(all));
    }

    private static void assertDisjoint(List<long[]> blocks) {
        blocks.sort((a, b) -> Long.compare(a[0], b[0]));
        for (int i = 1; i < blocks.size(); i++) {
            assertTrue(blocks.get(i - 1)[0] + blocks.get(i - 1)[1] <= blocks.get(i)[0]);
        }
    }
}
