package io.weft.lb.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.memory.Memory;
import io.weft.lb.TestMemory;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PublishedMapTest {
    private static final int SIZE = 1 << 22;
    private static final int ROOT = 64;
    private final TestMemory memory = new TestMemory();
    private final long base = memory.allocate(SIZE);
    private final TableArena arena = new TableArena(base, 128, SIZE);
    private final PublishedMap map = new PublishedMap(arena, ROOT, 4);
    private final PublishedMap.Reader reader = new PublishedMap.Reader(base, SIZE, ROOT);

    @AfterEach
    void free() {
        memory.close();
    }

    @Test
    void keyZeroAndValueZeroAreAllowed() {
        assertEquals(PublishedMap.MISSING, reader.get(0));
        assertEquals(PublishedMap.MISSING, map.put(0, 0));
        assertEquals(0, reader.get(0));
        assertEquals(0, map.put(0, 5));
        assertEquals(5, reader.get(0));
        assertEquals(5, map.remove(0));
        assertEquals(PublishedMap.MISSING, reader.get(0));
        assertEquals(PublishedMap.MISSING, map.remove(0));
        assertEquals(0, map.size());
    }

    @Test
    void aRootOutsideTheRegionIsAnEmptyMap() {
        map.put(1, 1);
        for (long root : new long[]{-1, (long) SIZE << 8 | 3, 64L << 8 | 31, 64L << 8 | 30, 72L << 8 | 1, 0}) {
            Memory.setReleaseI64(base + ROOT, root);
            assertEquals(PublishedMap.MISSING, reader.get(1));
            reader.forEach((key, value) -> {
                throw new AssertionError("a root outside the region has pairs");
            });
        }
    }

    @Test
    void aClosedMapIsEmptyAndFreesItsMemory() {
        long before = arena.freeBytes();
        PublishedMap other = new PublishedMap(arena, 72, 1000);
        other.put(3, 4);
        other.close();
        assertEquals(PublishedMap.MISSING, new PublishedMap.Reader(base, SIZE, 72).get(3));
        arena.reclaim(Long.MAX_VALUE);
        assertEquals(before, arena.freeBytes());
    }

    @Test
    void itEqualsAHashMapAfterAnyChanges() {
        Map<Long, Long> expected = new HashMap<>();
        Random random = new Random(2);
        for (int i = 0; i < 200_000; i++) {
            long key = keyOf(random.nextInt(2000));
            if (random.nextInt(5) < 3) {
                long value = random.nextLong() >>> 1 & ~1;
                Long before = expected.put(key, value);
                assertEquals(before == null ? PublishedMap.MISSING : before, map.put(key, value));
            } else {
                Long before = expected.remove(key);
                assertEquals(before == null ? PublishedMap.MISSING : before, map.remove(key));
            }
            if (i % 1000 == 0) {
                assertSame(expected);
                arena.reclaim(Long.MAX_VALUE);
            }
        }
        assertSame(expected);
    }

    private void assertSame(Map<Long, Long> expected) {
        assertEquals(expected.size(), map.size());
        Map<Long, Long> read = new HashMap<>();
        reader.forEach((key, value) -> assertNull(read.put(key, value)));
        assertEquals(expected, read);
        for (int i = 0; i < 2000; i++) {
            long value = expected.getOrDefault(keyOf(i), PublishedMap.MISSING);
            assertEquals(value, reader.get(keyOf(i)));
            assertEquals(value, map.get(keyOf(i)));
        }
    }

    /** Addresses and small numbers, like the keys of the tables; 0 is one of them. */
    private static long keyOf(int i) {
        return i % 2 == 0 ? (long) (0x0A60_0000 + i) << 32 | 80 << 16 | 6 << 8 : i / 2;
    }

    @Test
    void aConcurrentReaderSeesOnlyPairsThatWereWritten() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<String> wrong = new AtomicReference<>();
        map.put(5000, 5000 * 7 + 1);
        Thread thread = new Thread(() -> {
            PublishedMap.Reader mine = new PublishedMap.Reader(base, SIZE, ROOT);
            Random random = new Random(3);
            while (!stop.get()) {
                long key = random.nextInt(64);
                long value = mine.get(key);
                if (value != PublishedMap.MISSING && value % 7 != 1 || value > 0 && value / 7 % 64 != key) {
                    wrong.compareAndSet(null, "key " + key + " had value " + value);
                }
                if (mine.get(5000) != 5000 * 7 + 1) {
                    wrong.compareAndSet(null, "the key that was always there was missing");
                }
            }
        });
        thread.start();
        Random random = new Random(4);
        for (int i = 0; i < 1_000_000; i++) {
            long key = random.nextInt(64);
            if (random.nextBoolean()) {
                map.put(key, (key + 64L * random.nextInt(1000)) * 7 + 1);
            } else {
                map.remove(key);
            }
        }
        stop.set(true);
        thread.join();
        assertNull(wrong.get());
        assertTrue(map.size() <= 65);
    }
}
