package io.weft.lb.service;

import io.weft.encap.hash.FlowHash;
import java.util.Arrays;

/**
 * Maglev hashing (Eisenbud et al., NSDI 2016, section 3.4): a lookup table of prime size that the backends fill in rotation, each in the
 * order of its own permutation. Shares differ by at most one entry, and removing a backend moves few entries of the others.
 *
 * <p>The size is at least 100 times the number of backends (shares within 1 %) up to 655, and the largest above. There are only two sizes,
 * because a change of size moves nearly every entry and must be rare: it happens between 163 and 164 backends.
 *
 * <p>Threads: one per instance (scratch arrays). Allocation: when a service is larger than any before.
 */
final class Maglev {
    static final int MAX_BACKENDS = 65_521;

    private static final int[] SIZES = {16_381, MAX_BACKENDS};
    private static final int ENTRIES_PER_BACKEND = 100;
    private static final char FREE = 0xFFFF;
    static final long SKIP_SEED = 0x5851_F42D_4C95_7F2DL;

    private char[] table = new char[0];
    private int[] position = new int[0];
    private int[] skip = new int[0];

    /** Size of the table for a number of backends, at least one. */
    static int tableSize(int backends) {
        for (int size : SIZES) {
            if (size >= (long) backends * ENTRIES_PER_BACKEND) { return size; }
        }
        return SIZES[SIZES.length - 1];
    }

    /**
     * @param identities one number per backend, all different, in the order in which the backends are numbered
     * @return the table; each entry is the number of a backend. Only the first {@link #tableSize} entries are valid, until the next call
     */
    char[] fill(long[] identities) {
        int backends = identities.length;
        int size = tableSize(backends);
        reserve(backends, size);
        Arrays.fill(table, 0, size, FREE);
        for (int b = 0; b < backends; b++) {
            position[b] = Integer.remainderUnsigned(FlowHash.hash(identities[b], 0), size);
            skip[b] = 1 + Integer.remainderUnsigned(FlowHash.hash(identities[b], SKIP_SEED), size - 1);
        }
        int filled = 0;
        while (filled < size) {
            for (int b = 0; b < backends && filled < size; b++, filled++) {
                table[nextFree(b, size)] = (char) b;
            }
        }
        return table;
    }

    private int nextFree(int backend, int size) {
        int step = skip[backend];
        int at = position[backend];
        while (table[at] != FREE) {
            at = advance(at, step, size);
        }
        position[backend] = advance(at, step, size);
        return at;
    }

    private static int advance(int at, int step, int size) {
        int next = at + step;
        return next >= size ? next - size : next;
    }

    private void reserve(int backends, int size) {
        if (table.length < size) {
            table = new char[size];
        }
        if (position.length < backends) {
            position = new int[backends];
            skip = new int[backends];
        }
    }
}
