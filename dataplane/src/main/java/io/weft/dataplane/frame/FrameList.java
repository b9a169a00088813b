package io.weft.dataplane.frame;

/**
 * Frames of a batch, by index, on their way into a node. A frame is on at most one list. Both fields are public so that a node's loop
 * works on an array in a local.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class FrameList {
    public final int[] index = new int[FrameBatch.CAPACITY];
    public int size;

    public void add(int frame) {
        index[size++] = frame;
    }

    /** Searches; for the way after an exception. */
    public boolean contains(int frame) {
        for (int n = 0; n < size; n++) {
            if (index[n] == frame) { return true; }
        }
        return false;
    }

    public void clear() {
        size = 0;
    }
}
