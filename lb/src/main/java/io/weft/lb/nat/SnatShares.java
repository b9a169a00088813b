package io.weft.lb.nat;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * How many SNAT ports each pod has for each destination, and all pods together, so that one pod cannot take them all: a pod may take another port
 * while it has fewer than {@link #PER_FREE_PORT} for each that is still free. It is the dynamic threshold of shared packet buffers (Choudhury and
 * Hahne, 1998): alone a pod gets four fifths of the ports, a second one then four fifths of the rest; with k pods that want all they can get, each
 * has 4/(4k + 1) of the ports as soon as earlier flows have ended; and a pod with few flows is served while there is a port at all. Nobody is
 * limited while ports are plenty.
 *
 * <p>Counts lie in two rows of hashed counters, of which the smaller is right or too high (a count-min sketch): memory and work are fixed, whatever the
 * number of pods and destinations. They are too high by about one for each 32,768 flows that are masqueraded. The hash has a secret, so that no pod can make its
 * flows count for another's destination.
 *
 * <p>Threads: any; of two that ask at once both may be allowed the last one. Allocation: none.
 */
final class SnatShares {
    /** Ports of one destination that a pod may have for each that is free there. */
    static final int PER_FREE_PORT = 4;
    /** Fewer are not shared out: counts that are too high by a few would refuse what there is. */
    static final int MIN_PORTS = 64;

    private static final int EVERY_POD = 0;
    private static final int ROW = 1 << 16;
    private static final int ROW_SHIFT = 16;
    private static final long MULTIPLIER = 0xD6E8_FEB8_6659_FD93L;

    private final boolean shared;
    private final AtomicIntegerArray counts;
    private final long secret = ThreadLocalRandom.current().nextLong();

    /** @param poolSize ports of the pool */
    SnatShares(int poolSize) {
        shared = poolSize >= MIN_PORTS;
        counts = new AtomicIntegerArray(shared ? 2 * ROW : 0);
    }

    /**
     * Whether a pod may take one more port.
     *
     * @param pod its address
     * @param destination address, port and protocol in any form, equal for equal destinations
     * @param ports that flows to one destination can have
     */
    boolean mayTake(int pod, long destination, int ports) {
        if (!shared) { return true; }
        int taken = count(hash(pod, destination));
        return taken == 0 || taken < PER_FREE_PORT * Math.max(0, ports - count(hash(EVERY_POD, destination)));
    }

    /** Counts a port taken, by 1, or released, by -1. */
    void add(int pod, long destination, int ports) {
        if (shared) {
            add(hash(pod, destination), ports);
            add(hash(EVERY_POD, destination), ports);
        }
    }

    private int count(int hash) {
        return Math.min(counts.getOpaque(first(hash)), counts.getOpaque(second(hash)));
    }

    private void add(int hash, int ports) {
        counts.getAndAdd(first(hash), ports);
        counts.getAndAdd(second(hash), ports);
    }

    private static int first(int hash) {
        return hash & ROW - 1;
    }

    private static int second(int hash) {
        return ROW + (hash >>> ROW_SHIFT);
    }

    private int hash(int pod, long destination) {
        long h = (destination ^ secret) * MULTIPLIER;
        h = (h ^ h >>> 32 ^ pod) * MULTIPLIER;
        h = (h ^ h >>> 32) * MULTIPLIER;
        return (int) (h >>> 32);
    }
}
