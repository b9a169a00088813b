package io.weft.lb.nat;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * How many SNAT ports each pod uses per destination, and all pods together, so that one pod cannot use them all. A pod may acquire another
 * port while it has fewer than {@link #PER_FREE_PORT} for each port that is still free. This is the dynamic threshold of shared packet
 * buffers (Choudhury and Hahne, 1998). A pod alone gets four fifths of the ports, a second one then four fifths of the rest. If k pods want
 * as many as they can get, each has 4/(4k + 1) of the ports once earlier flows have ended. A pod with few flows is served while any port is
 * free. No pod is limited while ports are plenty.
 *
 * <p>The counts are in two rows of hashed counters; the smaller of the two is right or too high (a count-min sketch). So memory and work do
 * not depend on the number of pods and destinations. Counts are too high by about one for each 32,768 masqueraded flows. The hash has a
 * secret, so that no pod can make its flows count for the destination of another.
 *
 * <p>Threads: any. If two ask at once, both may get the last port allowed. Allocation: none.
 */
final class SnatShares {
    /** Ports that a pod may have at a destination for each port that is free there. */
    static final int PER_FREE_PORT = 4;
    /** Smaller pools have no shares: with them, counts that are slightly too high would refuse free ports. */
    static final int MIN_PORTS = 64;

    private static final int EVERY_POD = 0;
    private static final int ROW = 1 << 16;
    private static final int ROW_SHIFT = 16;
    private static final long MULTIPLIER = 0xD6E8_FEB8_6659_FD93L;

    private final boolean shared;
    private final AtomicIntegerArray counts;
    private final long secret = ThreadLocalRandom.current().nextLong();

    /** @param poolSize number of ports in the pool */
    SnatShares(int poolSize) {
        shared = poolSize >= MIN_PORTS;
        counts = new AtomicIntegerArray(shared ? 2 * ROW : 0);
    }

    /**
     * Whether a pod may acquire one more port.
     *
     * @param pod its address
     * @param destination address, port and protocol in any form, equal for equal destinations
     * @param ports number of ports that flows to one destination can use
     */
    boolean mayAcquire(int pod, long destination, int ports) {
        if (!shared) { return true; }
        int taken = count(hash(pod, destination));
        return taken == 0 || taken < PER_FREE_PORT * Math.max(0, ports - count(hash(EVERY_POD, destination)));
    }

    /** Counts a port that is acquired, by 1, or released, by -1. */
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
