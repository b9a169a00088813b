package io.weft.controlplane.compiler;

import java.util.BitSet;

/** Small numbers to give and take back. One that was taken back comes round last: flows of its former owner have ended by then. */
final class IdPool {
    private final int limit;
    private final BitSet given = new BitSet();
    private int last = -1;

    /** @param limit numbers are below it */
    IdPool(int limit) {
        this.limit = limit;
    }

    /** Keeps a number for whoever had it before. */
    void reserve(int id) {
        given.set(id);
    }

    /** @return a number, at {@code limit} or above when none is left */
    int allocate() {
        int next = given.nextClearBit(last + 1);
        if (next >= limit) {
            next = given.nextClearBit(0);
        }
        if (next < limit) {
            given.set(next);
            last = next;
        }
        return next;
    }

    void release(int id) {
        given.clear(id);
    }
}
