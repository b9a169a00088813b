package io.weft.dataplane.state;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A small map of int to int for one writer and any readers, of fixed capacity, allocation-free: open addressing, one word per entry with
 * the key in its upper half. Key 0 is not allowed. Keys are never removed, only given another value; a full map accepts no new keys.
 */
final class IntMap {
    private static final int SPREAD = 0x9E37_79B9;

    private final AtomicLongArray words;
    private final int mask;

    IntMap(int capacity) {
        int length = Integer.highestOneBit(Math.max(capacity, 4) * 2 - 1) << 1;
        words = new AtomicLongArray(length);
        mask = length - 1;
    }

    int get(int key, int otherwise) {
        for (int i = start(key), n = 0; n <= mask; i++, n++) {
            long word = words.getAcquire(i & mask);
            if (word == 0) { return otherwise; }
            if ((int) (word >>> 32) == key) { return (int) word; }
        }
        return otherwise;
    }

    /** @return false if it is full */
    boolean put(int key, int value) {
        if (key == 0) { throw new IllegalArgumentException("key 0"); }
        for (int i = start(key), n = 0; n <= mask; i++, n++) {
            long word = words.getPlain(i & mask);
            if (word == 0 || (int) (word >>> 32) == key) {
                words.setRelease(i & mask, (long) key << 32 | value & 0xFFFF_FFFFL);
                return true;
            }
        }
        return false;
    }

    private static int start(int key) {
        return key * SPREAD >>> 7;
    }
}
