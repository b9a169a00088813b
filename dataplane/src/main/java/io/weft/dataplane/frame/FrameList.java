package io.weft.dataplane.frame;

import java.util.Arrays;

/**
 * Frames of a batch, by index, on their way into a node. A frame is on at most one list. Both fields are public so that a node's loop
 * works on an array in a local.
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
    /** How many frames at the list's beginning have ended in the node itself, which put them on no other list. */
    public int ended;

    public void add(int frame) {
        index[size++] = frame;
    }

    /** Becomes the frames of a set, in order: a bit for each. */
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

    /** Searches; only used after an exception. */
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
