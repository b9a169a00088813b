package io.weft.lb.table;

import io.weft.encap.memory.Memory;

/**
 * Hash map from any {@code long} to a non-negative {@code long} (a block's offset or a packed word) in shared memory: one writer, any
 * number of wait-free readers, also in other processes.
 *
 * <p>A <i>root</i> word in the region names the current table: its offset and the binary logarithm of its capacity. A table is an array of
 * slots of 16 bytes, key then value, probed linearly. A value is stored plus one, so that zeroed memory is empty:
 *
 * <pre>
 *   stored value   0 never used    -1 removed    else value + 1
 * </pre>
 *
 * <p><b>No torn pairs.</b> The key of a slot is written once in the life of its table, before the value is released: only the same key may
 * reuse a removed slot. So a reader that sees a value also sees its key. When three quarters of a table are used up, the pairs in use are
 * copied to a new table, which the root then publishes; the old one is retired to the arena. So a table always has never-used slots, where
 * a search ends. Amortised cost of a change: O(1).
 *
 * <p>This class is the writer. Threads: one. Allocation: in the arena only. See {@link Reader}.
 */
public final class PublishedMap {
    /** Result of a lookup for a key that is absent. */
    public static final long MISSING = -1;

    /** Bytes of the root word. */
    public static final int ROOT_LENGTH = Long.BYTES;

    private static final int SLOT_LENGTH = 16;
    private static final int VALUE_OFFSET = 8;
    private static final long EMPTY = 0;
    private static final long REMOVED = -1;
    private static final int CAPACITY_BITS = 8;
    private static final int MIN_CAPACITY = 8;
    private static final int MAX_LOG_CAPACITY = 30;

    private final TableArena arena;
    private final long rootAt;
    private long tableOffset;
    private int capacity;
    private int size;
    private int used;

    /**
     * Makes an empty map and publishes it.
     *
     * @param rootOffset offset in the arena's region of the root word, a multiple of 8, outside the arena's blocks or in a block
     * @param expectedSize pairs that fit without a new table
     */
    public PublishedMap(TableArena arena, long rootOffset, int expectedSize) {
        this.arena = arena;
        rootAt = arena.address(rootOffset);
        allocateTable(capacityFor(expectedSize));
        publish();
    }

    public int size() {
        return size;
    }

    /** @return the value, or {@link #MISSING} */
    public long get(long key) {
        return Math.max(storedValue(slotOf(key)) - 1, MISSING);
    }

    /**
     * Adds or replaces a pair; readers see the change at once and as a whole.
     *
     * @param value 0 to {@code Long.MAX_VALUE - 1}
     * @return the value before, or {@link #MISSING}
     * @throws TableFullException when a larger table is needed and does not fit; nothing is changed then
     */
    public long put(long key, long value) {
        if (value < 0 || value == Long.MAX_VALUE) {
            throw new IllegalArgumentException("the value must be 0 to 2^63 - 2, not " + value);
        }
        long slot = slotOf(key);
        long before = storedValue(slot);
        if (before == EMPTY && used + 1 > capacity / 4 * 3) {
            rebuild(size + 1);
            slot = slotOf(key);
        }
        write(slot, key, value + 1);
        if (before > EMPTY) { return before - 1; }
        size++;
        used += before == EMPTY ? 1 : 0;
        return MISSING;
    }

    /** @return the value removed, or {@link #MISSING} */
    public long remove(long key) {
        long slot = slotOf(key);
        long before = storedValue(slot);
        if (before <= EMPTY) { return MISSING; }
        Memory.setReleaseI64(slot + VALUE_OFFSET, REMOVED);
        size--;
        return before - 1;
    }

    /** Withdraws the map: readers find it empty. The arena frees its memory once the readers have moved on. */
    public void close() {
        Memory.setReleaseI64(rootAt, 0);
        arena.retire(tableOffset);
    }

    private void rebuild(int expectedSize) {
        long oldTable = arena.address(tableOffset);
        long oldOffset = tableOffset;
        int oldCapacity = capacity;
        allocateTable(capacityFor(expectedSize));
        for (int i = 0; i < oldCapacity; i++) {
            long old = oldTable + (long) i * SLOT_LENGTH;
            long stored = storedValue(old);
            if (stored > EMPTY) {
                long key = Memory.nativeI64(old);
                write(slotOf(key), key, stored);
            }
        }
        used = size;
        publish();
        arena.retire(oldOffset);
    }

    private void allocateTable(int newCapacity) {
        tableOffset = arena.allocate((long) newCapacity * SLOT_LENGTH);
        capacity = newCapacity;
    }

    /** Release: a reader that sees the new root sees the pairs of its table. */
    private void publish() {
        Memory.setReleaseI64(rootAt, tableOffset << CAPACITY_BITS | Integer.numberOfTrailingZeros(capacity));
    }

    private static void write(long slot, long key, long stored) {
        Memory.setOpaqueI64(slot, key);
        Memory.setReleaseI64(slot + VALUE_OFFSET, stored);
    }

    private static long storedValue(long slot) {
        return Memory.nativeI64(slot + VALUE_OFFSET);
    }

    /** Address of the key's slot, or of the never-used slot where it belongs. */
    private long slotOf(long key) {
        long table = arena.address(tableOffset);
        for (int i = mix(key) & capacity - 1;; i = i + 1 & capacity - 1) {
            long slot = table + (long) i * SLOT_LENGTH;
            if (storedValue(slot) == EMPTY || Memory.nativeI64(slot) == key) { return slot; }
        }
    }

    /** A rebuilt table is half full: at least a quarter of the capacity must change before the next rebuild. */
    private static int capacityFor(int expectedSize) {
        long min = Math.max(MIN_CAPACITY, 2L * expectedSize);
        if (min > 1L << MAX_LOG_CAPACITY) {
            throw new TableFullException("a map of " + expectedSize + " pairs is too large");
        }
        return (int) (Long.highestOneBit(min - 1) << 1);
    }

    /** Multiply and fold: keys are addresses and ports, whose low bits alone are a poor hash. */
    private static int mix(long key) {
        long h = (key ^ key >>> 32) * 0x9E37_79B9_7F4A_7C15L;
        h = (h ^ h >>> 29) * 0xBF58_476D_1CE4_E5B9L;
        return (int) (h >>> 32);
    }

    /** Receives the pairs of {@link Reader#forEach}. */
    @FunctionalInterface
    public interface PairConsumer {
        void accept(long key, long value);
    }

    /**
     * A reader's view. Lookups are wait-free, bounded by the capacity, and consistent for one key: they return a value that the key had at
     * some moment during the call. Blocks that values refer to stay intact until the reader moves to a newer generation.
     *
     * <p>Threads: any. Allocation: none. A root that refers to memory outside the region is an empty map, so that a mistake of another
     * process does not become a wild access.
     */
    public static final class Reader {
        private final long base;
        private final long size;
        private final long rootAt;

        /**
         * @param base address of the region in this process
         * @param size of the region in bytes
         * @param rootOffset offset of the root word
         */
        public Reader(long base, long size, long rootOffset) {
            if (rootOffset < 0 || rootOffset > size - ROOT_LENGTH) {
                throw new IllegalArgumentException(
                    "the root at offset %d is outside the region of %d bytes".formatted(rootOffset, size));
            }
            this.base = base;
            this.size = size;
            this.rootAt = base + rootOffset;
        }

        /** @return the value, or {@link #MISSING} */
        public long get(long key) {
            long root = Memory.getAcquireI64(rootAt);
            long table = base + (root >>> CAPACITY_BITS);
            int last = mask(root);
            int i = mix(key) & last;
            for (int probes = 0; probes <= last; probes++) {
                long slot = table + (long) i * SLOT_LENGTH;
                long stored = Memory.getAcquireI64(slot + VALUE_OFFSET);
                if (stored == EMPTY) { return MISSING; }
                if (Memory.getOpaqueI64(slot) == key) { return stored > EMPTY ? stored - 1 : MISSING; }
                i = i + 1 & last;
            }
            return MISSING;
        }

        /** Visits every pair of the current table. Pairs that change meanwhile are seen before or after the change. For dumps. */
        public void forEach(PairConsumer consumer) {
            long root = Memory.getAcquireI64(rootAt);
            long table = base + (root >>> CAPACITY_BITS);
            int last = mask(root);
            for (int i = 0; i <= last; i++) {
                long slot = table + (long) i * SLOT_LENGTH;
                long stored = Memory.getAcquireI64(slot + VALUE_OFFSET);
                if (stored > EMPTY) {
                    consumer.accept(Memory.getOpaqueI64(slot), stored - 1);
                }
            }
        }

        /** Number of slots minus one; -1, which means no slots, for a root that names no table inside the region. */
        private int mask(long root) {
            long offset = root >>> CAPACITY_BITS;
            int logCapacity = (int) (root & (1 << CAPACITY_BITS) - 1);
            boolean inside = offset != 0 && offset % SLOT_LENGTH == 0 && logCapacity <= MAX_LOG_CAPACITY
                && offset <= size - ((long) SLOT_LENGTH << logCapacity);
            return inside ? (1 << logCapacity) - 1 : -1;
        }
    }
}
