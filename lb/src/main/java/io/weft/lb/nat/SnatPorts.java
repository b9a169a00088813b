package io.weft.lb.nat;

import io.weft.encap.memory.Memory;
import io.weft.encap.packet.IpProtocol;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The ports (ICMP: identifiers) of the node's address that masqueraded flows may have, and how many flows each one serves: mapping is
 * endpoint-dependent, so one port serves any number of flows to different remote ends; the flow table's reverse key tells them apart.
 *
 * <p>Which ports are in use lies in memory that an XDP program reads, too: three bitmaps of 65,536 bits (TCP, UDP, ICMP), as 64-bit
 * words in machine order, so that port p of bitmap b is bit {@code p % 64} of word {@code b * 1024 + p / 64}. A bit is set before
 * the first flow of its port sends a packet, and cleared after the last one ended. The counts are private.
 *
 * <p>Threads: any. No waiting: a port whose bit is just being changed by another thread counts as not available. Allocation: none.
 */
public final class SnatPorts {
    /** Bytes of the bitmaps. */
    public static final int BITMAPS_LENGTH = 3 * 65_536 / 8;

    private static final int WORDS_PER_BITMAP = 65_536 / Long.SIZE;
    private static final int BITMAPS = 3;
    /** Count of a port whose bit is being set or cleared; only the thread that stored it may replace it. */
    private static final int CHANGING = -1;

    private final long bitmaps;
    private final int first;
    private final int size;
    private final AtomicIntegerArray flows;
    private final AtomicLongArray blocked = new AtomicLongArray(BITMAPS * WORDS_PER_BITMAP);

    /**
     * @param bitmaps address of {@link #BITMAPS_LENGTH} bytes, a multiple of 8; cleared here
     * @param first port of the range
     * @param last port of the range, inclusive
     */
    public SnatPorts(long bitmaps, int first, int last) {
        if (first < 1 || last > 0xFFFF || first > last) {
            throw new IllegalArgumentException("SNAT ports %d-%d".formatted(first, last));
        }
        this.bitmaps = bitmaps;
        this.first = first;
        size = last - first + 1;
        flows = new AtomicIntegerArray(BITMAPS * size);
        Memory.zero(bitmaps, BITMAPS_LENGTH);
    }

    /** Ports in the range, for each protocol. */
    public int size() {
        return size;
    }

    /** Whether the protocol has ports to be masqueraded with. */
    public static boolean supports(int protocol) {
        return bitmap(protocol) >= 0;
    }

    /** The port to try at an attempt, 0 to {@code size() - 1}: the whole range once, from a place the hash chooses. */
    public int candidate(int hash, int attempt) {
        int start = (int) ((hash & 0xFFFF_FFFFL) * size >>> 32);
        return first + (start + attempt) % size;
    }

    /**
     * Takes a port for one flow.
     *
     * @param protocol one that is {@linkplain #supports supported}
     * @param port of the range
     * @return false when it is blocked, or its bit is just changing
     */
    public boolean acquire(int protocol, int port) {
        int bitmap = bitmap(protocol);
        if (isBlocked(bitmap, port)) { return false; }
        int index = bitmap * size + port - first;
        for (;;) {
            int count = flows.get(index);
            if (count == CHANGING) { return false; }
            if (count > 0 && flows.compareAndSet(index, count, count + 1)) { return true; }
            if (count == 0 && flows.compareAndSet(index, 0, CHANGING)) {
                setBit(bitmap, port);
                flows.set(index, 1);
                return true;
            }
        }
    }

    /** Gives a port back for one flow that has it. */
    public void release(int protocol, int port) {
        int bitmap = bitmap(protocol);
        int index = bitmap * size + port - first;
        for (;;) {
            int count = flows.get(index);
            if (count <= 0) {
                throw new IllegalStateException("SNAT port %d of protocol %d is not in use".formatted(port, protocol));
            }
            if (count > 1 && flows.compareAndSet(index, count, count - 1)) { return; }
            if (count == 1 && flows.compareAndSet(index, 1, CHANGING)) {
                clearBit(bitmap, port);
                flows.set(index, 0);
                return;
            }
        }
    }

    /** Keeps a port for the node itself: new flows do not get it, those that have it keep it. */
    public void block(int protocol, int port) {
        int word = bitmap(protocol) * WORDS_PER_BITMAP + port / Long.SIZE;
        blocked.getAndUpdate(word, bits -> bits | bit(port));
    }

    /** Undoes {@link #block}. */
    public void unblock(int protocol, int port) {
        int word = bitmap(protocol) * WORDS_PER_BITMAP + port / Long.SIZE;
        blocked.getAndUpdate(word, bits -> bits & ~bit(port));
    }

    /** Whether a frame to this port is a masqueraded flow's: what the XDP program asks. */
    public boolean isInUse(int protocol, int port) {
        return (Memory.getAcquireI64(wordAt(bitmap(protocol), port)) & bit(port)) != 0;
    }

    /** Flows that have a port. */
    public int flows(int protocol, int port) {
        return Math.max(0, flows.get(bitmap(protocol) * size + port - first));
    }

    private boolean isBlocked(int bitmap, int port) {
        return (blocked.getOpaque(bitmap * WORDS_PER_BITMAP + port / Long.SIZE) & bit(port)) != 0;
    }

    private void setBit(int bitmap, int port) {
        long at = wordAt(bitmap, port);
        long bits = Memory.getVolatileI64(at);
        while (!Memory.compareAndSetI64(at, bits, bits | bit(port))) {
            bits = Memory.getVolatileI64(at);
        }
    }

    private void clearBit(int bitmap, int port) {
        long at = wordAt(bitmap, port);
        long bits = Memory.getVolatileI64(at);
        while (!Memory.compareAndSetI64(at, bits, bits & ~bit(port))) {
            bits = Memory.getVolatileI64(at);
        }
    }

    private long wordAt(int bitmap, int port) {
        return bitmaps + ((long) bitmap * WORDS_PER_BITMAP + port / Long.SIZE) * Long.BYTES;
    }

    private static long bit(int port) {
        return 1L << port % Long.SIZE;
    }

    private static int bitmap(int protocol) {
        return switch (protocol) {
            case IpProtocol.IPPROTO_TCP -> 0;
            case IpProtocol.IPPROTO_UDP -> 1;
            case IpProtocol.IPPROTO_ICMP -> 2;
            default -> -1;
        };
    }
}
