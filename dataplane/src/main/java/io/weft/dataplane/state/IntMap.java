package io.weft.dataplane.state;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A small map of int to int for one writer and any readers: open addressing, one word per entry with the key in its upper half. Key 0 is
 * not allowed. A full map accepts no new keys.
 *
 * <p>A removed key keeps its word until the writer copies the others into a new array, which costs an allocation once in many removals; a
 * reader that is still in the old array finds what was true before. Reading and changing values does not allocate.
 */
final class IntMap {
    private static final int SPREAD = 0x9E37_79B9;
    /** Value of a removed key. */
    private static final int REMOVED = Integer.MIN_VALUE;

    private final int capacity;
    private final int mask;
    /** The writer replaces the array; volatile publishes its contents. */
    private volatile AtomicLongArray words;
    private int used;
    private int removed;

    IntMap(int capacity) {
        this.capacity = capacity;
        int length = Integer.highestOneBit(Math.max(capacity, 4) * 2 - 1) << 1;
        words = new AtomicLongArray(length);
        mask = length - 1;
    }

    int get(int key, int otherwise) {
        AtomicLongArray current = words;
        for (int i = start(key), n = 0; n <= mask; i++, n++) {
            long word = current.getAcquire(i & mask);
            if (word == 0) { return otherwise; }
            if ((int) (word >>> 32) == key) { return (int) word == REMOVED ? otherwise : (int) word; }
        }
        return otherwise;
    }

    /** @return false if it is full */
    boolean put(int key, int value) {
        if (key == 0) { throw new IllegalArgumentException("key 0"); }
        int at = find(key);
        long before = words.getPlain(at);
        if (before == 0 && used == capacity) {
            if (removed == 0) { return false; }
            withoutRemoved();
            at = find(key);
        }
        if (before == 0) {
            used++;
        } else if ((int) before == REMOVED) {
            removed--;
        }
        words.setRelease(at, word(key, value));
        return true;
    }

    void remove(int key) {
        int at = find(key);
        long word = words.getPlain(at);
        if (word != 0 && (int) word != REMOVED) {
            words.setRelease(at, word(key, REMOVED));
            removed++;
        }
    }

    /** The key's word, or the free one where it belongs. There is one, because the array is longer than the capacity. */
    private int find(int key) {
        int i = start(key) & mask;
        while (words.getPlain(i) != 0 && (int) (words.getPlain(i) >>> 32) != key) {
            i = i + 1 & mask;
        }
        return i;
    }

    private void withoutRemoved() {
        AtomicLongArray before = words;
        AtomicLongArray after = new AtomicLongArray(before.length());
        for (int i = 0; i <= mask; i++) {
            long word = before.getPlain(i);
            if (word != 0 && (int) word != REMOVED) {
                int at = start((int) (word >>> 32)) & mask;
                while (after.getPlain(at) != 0) {
                    at = at + 1 & mask;
                }
                after.setPlain(at, word);
            }
        }
        words = after;
        used -= removed;
        removed = 0;
    }

    private static long word(int key, int value) {
        return (long) key << 32 | value & 0xFFFF_FFFFL;
    }

    private static int start(int key) {
        return key * SPREAD >>> 7;
    }
}
