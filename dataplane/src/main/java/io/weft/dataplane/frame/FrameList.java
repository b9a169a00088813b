package io.weft.dataplane.frame;

import java.util.Arrays;

/**
 * Indices of a batch's frames that wait for a node. A frame is on at most one list. The fields are public so that a node's loop can work on
 * the array in a local variable.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class FrameList {
    private static final int[] ALL = new int[FrameBatch.CAPACITY];

    static {
        Arrays.setAll(ALL, frame -> frame);
    }

    public final int[] index = new int[FrameBatch.CAPACITY];
    public int size;
    /** Number of frames at the start of the list that ended in the node itself, which put them on no other list. */
    public int ended;

    public void add(int frame) {
        index[size++] = frame;
    }

    /** Replaces the list by the frames of a mask, in order. */
    public void set(long frames) {
        if ((frames & frames + 1) == 0) {
            size = Long.bitCount(frames);
            System.arraycopy(ALL, 0, index, 0, size);
            return;
        }
        int count = 0;
        for (long rest = frames; rest != 0; rest &= rest - 1) {
            index[count++] = Long.numberOfTrailingZeros(rest);
        }
        size = count;
    }

    /** Linear search; only used after an exception. */
    public boolean contains(int frame) {
        for (int n = 0; n < size; n++) {
            if (index[n] == frame) { return true; }
        }
        return false;
    }

    public void clear() {
        size = 0;
        ended = 0;
    }
}
