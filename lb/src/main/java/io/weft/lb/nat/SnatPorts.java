package io.weft.lb.nat;

import io.weft.encap.memory.Memory;
import io.weft.encap.packet.IpProtocol;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The ports (ICMP: identifiers) of the node's address that masqueraded flows may use, and how many flows use each. The mapping is
 * endpoint-dependent: one port serves any number of flows to different remote ends, because the flow table's reverse key tells them apart.
 *
 * <p>The ports in use lie in memory that an XDP program also reads: three bitmaps of 65,536 bits (TCP, UDP, ICMP), as 64-bit words in
 * machine order. Port p of bitmap b is bit {@code p % 64} of word {@code b * 1024 + p / 64}. A bit is set before the first flow of its port
 * sends a packet, and cleared after the last one ended. The counts are private.
 *
 * <p>The pool may have gaps. Ports of the node's own processes are blocked; {@link #available} leaves a blocked port out as soon as no flow
 * uses it.
 *
 * <p>Threads: any. Never waits: a port whose bit another thread is changing counts as not available. Allocation: none.
 */
public final class SnatPorts {
    /** Bytes of the bitmaps. */
    public static final int BITMAPS_LENGTH = 3 * 65_536 / 8;

    private static final int WORDS_PER_BITMAP = 65_536 / Long.SIZE;
    private static final int BITMAPS = 3;
    /** Result of {@link #unused}: every port of the pool is in use, or blocked. */
    public static final int NONE = -1;

    /** Count of a port whose bit is being set or cleared. Only the thread that stored it may replace it. */
    private static final int CHANGING = -1;

    private final long bitmaps;
    private final char[] ports; // ascending
    private final long[] pool = new long[WORDS_PER_BITMAP];
    private final char[] index = new char[WORDS_PER_BITMAP]; // per word of the pool: ports in the words before it
    private final int firstWord;
    private final int words;
    private final AtomicIntegerArray flows;
    private final AtomicLongArray blocked = new AtomicLongArray(BITMAPS * WORDS_PER_BITMAP);
    private final AtomicIntegerArray unavailable = new AtomicIntegerArray(BITMAPS);
    private final SnatShares shares;

    /**
     * @param bitmaps address of {@link #BITMAPS_LENGTH} bytes, a multiple of 8; cleared here
     * @param first port of the pool
     * @param last port of the pool, inclusive; all ports between belong to it
     */
    public SnatPorts(long bitmaps, int first, int last) {
        this(bitmaps, range(first, last));
    }

    /**
     * @param bitmaps address of {@link #BITMAPS_LENGTH} bytes, a multiple of 8; cleared here
     * @param pool its ports, 1 to 65,535, at least one
     */
    public SnatPorts(long bitmaps, BitSet pool) {
        if (pool.isEmpty() || pool.get(0) || pool.length() > 0x1_0000) {
            throw new IllegalArgumentException("the SNAT ports must be from 1 to 65535, and at least one, not " + pool);
        }
        this.bitmaps = bitmaps;
        ports = new char[pool.cardinality()];
        int next = 0;
        for (int port = pool.nextSetBit(0); port >= 0; port = pool.nextSetBit(port + 1)) {
            this.pool[port / Long.SIZE] |= bit(port);
            ports[next++] = (char) port;
        }
        for (int word = 1; word < WORDS_PER_BITMAP; word++) {
            index[word] = (char) (index[word - 1] + Long.bitCount(this.pool[word - 1]));
        }
        firstWord = ports[0] / Long.SIZE;
        words = ports[ports.length - 1] / Long.SIZE - firstWord + 1;
        flows = new AtomicIntegerArray(BITMAPS * ports.length);
        shares = new SnatShares(ports.length);
        Memory.zero(bitmaps, BITMAPS_LENGTH);
    }

    private static BitSet range(int first, int last) {
        if (first < 1 || last > 0xFFFF || first > last) {
            throw new IllegalArgumentException(
                "the SNAT ports must be a range from 1 to 65535, not %d-%d".formatted(first, last));
        }
        BitSet ports = new BitSet();
        ports.set(first, last + 1);
        return ports;
    }

    /** Ports in the pool, per protocol, including blocked ones. */
    public int size() {
        return ports.length;
    }

    /** Whether a port belongs to the pool. */
    boolean has(int port) {
        return (pool[port / Long.SIZE] & bit(port)) != 0;
    }

    /** Ports of the pool that are not blocked for a protocol, plus blocked ones that flows still use, as of the last {@link #recount}. */
    public int available(int protocol) {
        return ports.length - unavailable.getOpaque(bitmap(protocol));
    }

    /** Updates {@link #available}. Call it periodically, because flows may use blocked ports for a while. Takes microseconds. */
    public void recount(int protocol) {
        int bitmap = bitmap(protocol);
        int count = 0;
        for (int word = firstWord; word < firstWord + words; word++) {
            count += Long.bitCount(pool[word] & blocked.getOpaque(bitmap * WORDS_PER_BITMAP + word)
                & ~Memory.getOpaqueI64(wordAt(bitmap, word * Long.SIZE)));
        }
        unavailable.setOpaque(bitmap, count);
    }

    SnatShares shares() {
        return shares;
    }

    /** Whether flows of this protocol can be masqueraded. */
    public static boolean supports(int protocol) {
        return bitmap(protocol) >= 0;
    }

    /** The port to try at an attempt, 0 to {@code size() - 1}. The attempts visit the whole pool once, starting where the hash says. */
    public int candidate(int hash, int attempt) {
        int start = (int) ((hash & 0xFFFF_FFFFL) * ports.length >>> 32);
        return ports[(start + attempt) % ports.length];
    }

    /**
     * A port of the pool that no flow uses to any destination and that is not blocked. The hash says where the search starts; it covers the
     * whole pool, 64 ports at a time. Another thread may acquire the port at any time.
     *
     * @return the port, or {@link #NONE}
     */
    public int unused(int protocol, int hash) {
        int bitmap = bitmap(protocol);
        int start = (int) ((hash & 0xFFFF_FFFFL) * words >>> 32);
        for (int i = 0; i < words; i++) {
            int word = firstWord + (start + i) % words;
            long free = pool[word] & ~blocked.getOpaque(bitmap * WORDS_PER_BITMAP + word)
                & ~Memory.getOpaqueI64(wordAt(bitmap, word * Long.SIZE));
            if (free != 0) {
                int rotated = Long.numberOfTrailingZeros(Long.rotateRight(free, hash));
                return word * Long.SIZE + (rotated + hash & Long.SIZE - 1);
            }
        }
        return NONE;
    }

    /**
     * Acquires a port for one flow.
     *
     * @param protocol one that is {@linkplain #supports supported}
     * @param port of the pool
     * @return false if the port is blocked, or another thread is changing its bit
     */
    public boolean acquire(int protocol, int port) {
        int bitmap = bitmap(protocol);
        if (isBlockedIn(bitmap, port)) { return false; }
        int index = index(bitmap, port);
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

    /** Releases a port for one flow that uses it. */
    public void release(int protocol, int port) {
        int bitmap = bitmap(protocol);
        int index = index(bitmap, port);
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

    /** Reserves a port for the node itself: new flows do not get it; flows that use it keep it. */
    public void block(int protocol, int port) {
        setBlocked(bitmap(protocol), port, true);
    }

    /** Undoes {@link #block}. */
    public void unblock(int protocol, int port) {
        setBlocked(bitmap(protocol), port, false);
    }

    private void setBlocked(int bitmap, int port, boolean wanted) {
        int word = bitmap * WORDS_PER_BITMAP + port / Long.SIZE;
        blocked.getAndUpdate(word, bits -> wanted ? bits | bit(port) : bits & ~bit(port));
    }

    /** Whether the port is reserved for the node itself. */
    boolean isBlocked(int protocol, int port) {
        return isBlockedIn(bitmap(protocol), port);
    }

    /** Whether a masqueraded flow uses this port, which is what the XDP program asks about a frame. */
    public boolean isInUse(int protocol, int port) {
        return (Memory.getAcquireI64(wordAt(bitmap(protocol), port)) & bit(port)) != 0;
    }

    /** Ports that flows use, of all protocols together; a port that TCP and UDP flows use counts twice. Reads three bitmaps: microseconds. */
    public int inUse() {
        int count = 0;
        for (int bitmap = 0; bitmap < BITMAPS; bitmap++) {
            for (int word = firstWord; word < firstWord + words; word++) {
                count += Long.bitCount(Memory.getOpaqueI64(wordAt(bitmap, word * Long.SIZE)));
            }
        }
        return count;
    }

    /** Flows that use a port. */
    public int flows(int protocol, int port) {
        return Math.max(0, flows.get(index(bitmap(protocol), port)));
    }

    private int index(int bitmap, int port) {
        int word = port / Long.SIZE;
        return bitmap * ports.length + index[word] + Long.bitCount(pool[word] & bit(port) - 1);
    }

    private boolean isBlockedIn(int bitmap, int port) {
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
