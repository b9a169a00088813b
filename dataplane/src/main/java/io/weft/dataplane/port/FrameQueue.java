package io.weft.dataplane.port;

/** A FIFO queue of frames with a fixed capacity. Thread: one. Allocation: none after construction. */
final class FrameQueue {
    private final long[] at;
    private final int[] length;
    private final long[] checksum;
    private final int mask;
    private int head;
    private int tail;

    FrameQueue(int capacity) {
        if (Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException("the capacity must be a power of two, not " + capacity);
        }
        at = new long[capacity];
        length = new int[capacity];
        checksum = new long[capacity];
        mask = capacity - 1;
    }

    boolean add(long frameAt, int frameLength, long request) {
        if (isFull()) { return false; }
        int slot = tail++ & mask;
        at[slot] = frameAt;
        length[slot] = frameLength;
        checksum[slot] = request;
        return true;
    }

    int size() {
        return tail - head;
    }

    boolean isFull() { return size() == at.length; }

    long at() {
        return at[head & mask];
    }

    int length() {
        return length[head & mask];
    }

    long checksum() {
        return checksum[head & mask];
    }

    void remove() {
        head++;
    }
}
