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

    public void clear() {
        size = 0;
    }
}
