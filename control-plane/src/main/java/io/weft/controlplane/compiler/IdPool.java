package io.weft.controlplane.compiler;

import java.util.BitSet;

/** Allocates and frees small numbers. A freed number is reused as late as possible, when flows of its former owner have ended. */
final class IdPool {
    private final int limit;
    private final BitSet given = new BitSet();
    private int last = -1;

    /** @param limit all numbers are below it */
    IdPool(int limit) {
        this.limit = limit;
    }

    /** Reserves a number for its previous owner. */
    void reserve(int id) {
        given.set(id);
    }

    /** @return a number; {@code limit} or above if none is left */
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
