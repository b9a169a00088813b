package io.weft.dataplane.state;

import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.Ipv4Header;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The decisions on first fragments of datagrams, for the fragments that follow ("shallow virtual reassembly" in VPP). Only the first
 * fragment of a datagram has ports, so only it can be looked up in the flow table. The others are identified by source, destination,
 * identification and protocol (RFC 791) and by their ingress.
 *
 * <p>All workers share it, because a NIC spreads the fragments of a datagram over its queues: the first by its ports, the others by their
 * addresses. Memory is fixed: buckets of {@value #WAYS} entries. In a full bucket the ingress that has most of the entries loses its oldest
 * one, so that one pod cannot evict the decisions of others. An entry lasts {@value #LIFE_SECONDS} s, as long as Linux reassembles
 * (ipfrag_time).
 *
 * <p>Lock-free. A writer makes the entry's version odd by compare-and-set, stores, and releases the next even version. A reader that finds
 * an odd version, or another version after it has read, has found nothing. Then the writer announces the hash in a ring, where a worker
 * that holds fragments looks for new ones ({@link #announced}). A stopped writer delays only fragments of datagrams announced after its
 * own, and only until the ring has moved on.
 *
 * <p>Threads: any worker. Allocation: none after construction.
 */
public final class FragmentTable {
    /** Linux, ipfrag_time; RFC 791 section 3.2 suggests 15 s, RFC 1122 section 3.3.2 60 to 120 s. */
    public static final int LIFE_SECONDS = 30;
    /** {@link #announced}: nothing more yet. */
    public static final long NOTHING = -1;
    /** {@link #announced}: announcements after the cursor have been overwritten. */
    public static final long MISSED = -2;

    static final int BUCKETS = 1024;
    static final int WAYS = 8;
    static final int ANNOUNCEMENTS = 1024;

    private static final int WORDS = 8;
    private static final int VERSION = 0;
    private static final int ADDRESSES = 1;
    private static final int DATAGRAM = 2;
    private static final int NEW_ADDRESSES = 3;
    /** Egress 32, address delta 16, action 8, reason 8. */
    private static final int WHAT = 4;
    /** Seconds 32, hash 32. */
    private static final int SINCE = 5;

    private static final int ATTEMPTS = 4;
    private static final int NOWHERE = -1;
    private static final int INGRESS_SHIFT = 24;
    private static final int INGRESS_MASK = 0xFFFF;
    /** Ensures that no datagram equals an entry that was never written. */
    private static final long PRESENT = 1L << 40;
    private static final long LOW_32 = 0xFFFF_FFFFL;

    private final AtomicLongArray words = new AtomicLongArray(BUCKETS * WAYS * WORDS);
    private final AtomicLong published = new AtomicLong();
    private final AtomicLongArray announcements = new AtomicLongArray(ANNOUNCEMENTS);

    /** Second word of a datagram's key; the first is {@link Ipv4Header#addresses}. */
    public static long datagram(long ip, int ingress) {
        return PRESENT | (long) ingress << INGRESS_SHIFT | (long) Ipv4Header.protocol(ip) << 16 | Ipv4Header.id(ip);
    }

    /** Hash of a datagram's key. */
    public static int hash(long addresses, long datagram) {
        return FlowHash.hash(addresses, datagram);
    }

    /** @return whether the first fragment's decision is known; then {@code into} holds it */
    public boolean find(long addresses, long datagram, int nowSeconds, FragmentDecision into) {
        int first = bucket(hash(addresses, datagram));
        for (int at = first; at < first + WAYS * WORDS; at += WORDS) {
            long version = words.getAcquire(at + VERSION);
            if (words.getOpaque(at + ADDRESSES) == addresses && words.getOpaque(at + DATAGRAM) == datagram
                && (version & 1) == 0) {
                long since = words.getOpaque(at + SINCE);
                read(at, since, into);
                VarHandle.acquireFence(); // no load above moves below the second look at the version
                if (words.getOpaque(at + VERSION) == version && isAlive(since, nowSeconds)) { return true; }
            }
        }
        return false;
    }

    private void read(int at, long since, FragmentDecision into) {
        long what = words.getOpaque(at + WHAT);
        into.newAddressesRaw = words.getOpaque(at + NEW_ADDRESSES);
        into.egress = (int) (what >>> 32);
        into.addressDelta = (int) (what >>> 16) & 0xFFFF;
        into.action = (int) (what >>> 8) & 0xFF;
        into.reason = (int) what & 0xFF;
        into.hash = (int) since;
    }

    /** @return false if other workers were writing every entry that was tried: the datagram's other fragments will time out */
    public boolean publish(long addresses, long datagram, FragmentDecision decision, int nowSeconds) {
        int hash = hash(addresses, datagram);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int at = place(bucket(hash), addresses, datagram, nowSeconds);
            long version = words.getAcquire(at + VERSION);
            if ((version & 1) == 0 && words.compareAndSet(at + VERSION, version, version + 1)) {
                VarHandle.storeStoreFence(); // no store below is seen before the odd version
                write(at, addresses, datagram, decision, nowSeconds);
                words.setRelease(at + VERSION, version + 2);
                announce(hash);
                return true;
            }
        }
        return false;
    }

    private void write(int at, long addresses, long datagram, FragmentDecision decision, int nowSeconds) {
        words.setOpaque(at + ADDRESSES, addresses);
        words.setOpaque(at + DATAGRAM, datagram);
        words.setOpaque(at + NEW_ADDRESSES, decision.newAddressesRaw);
        words.setOpaque(at + WHAT, (long) decision.egress << 32 | (long) decision.addressDelta << 16
            | (long) decision.action << 8 | decision.reason);
        words.setOpaque(at + SINCE, (long) nowSeconds << 32 | decision.hash & LOW_32);
    }

    // -- which entry -------------------------------------------------------------------------------------------------

    private static int bucket(int hash) {
        return (hash & BUCKETS - 1) * WAYS * WORDS;
    }

    private static boolean isAlive(long since, int nowSeconds) {
        return nowSeconds - (int) (since >>> 32) < LIFE_SECONDS;
    }

    private int place(int first, long addresses, long datagram, int nowSeconds) {
        int free = NOWHERE;
        for (int at = first; at < first + WAYS * WORDS; at += WORDS) {
            long present = words.getOpaque(at + DATAGRAM);
            if (present == datagram && words.getOpaque(at + ADDRESSES) == addresses) { return at; }
            if (free == NOWHERE && (present == 0 || !isAlive(words.getOpaque(at + SINCE), nowSeconds))) {
                free = at;
            }
        }
        return free == NOWHERE ? oldestOfTheLargest(first, nowSeconds) : free;
    }

    /** The ingress that has most entries of a bucket. */
    private int oldestOfTheLargest(int first, int nowSeconds) {
        int chosen = first;
        int max = 0;
        int oldest = 0;
        for (int at = first; at < first + WAYS * WORDS; at += WORDS) {
            int share = share(first, ingress(at));
            int age = nowSeconds - (int) (words.getOpaque(at + SINCE) >>> 32);
            if (share > max || share == max && age > oldest) {
                chosen = at;
                max = share;
                oldest = age;
            }
        }
        return chosen;
    }

    private int share(int first, int ingress) {
        int count = 0;
        for (int at = first; at < first + WAYS * WORDS; at += WORDS) {
            count += ingress(at) == ingress ? 1 : 0;
        }
        return count;
    }

    private int ingress(int at) {
        return (int) (words.getOpaque(at + DATAGRAM) >>> INGRESS_SHIFT) & INGRESS_MASK;
    }

    // -- announcements -----------------------------------------------------------------------------------------------

    private void announce(int hash) {
        long number = published.getAndIncrement();
        announcements.setRelease((int) number & ANNOUNCEMENTS - 1, number + 1 << 32 | hash & LOW_32);
    }

    /** Announcements so far: the cursor of a reader that has seen everything. A table lookup after this call sees what they announce. */
    public long published() {
        return published.get();
    }

    /** @return the hash at a cursor, as an unsigned number, or {@link #NOTHING}, or {@link #MISSED} */
    public long announced(long cursor) {
        long entry = announcements.getAcquire((int) cursor & ANNOUNCEMENTS - 1);
        if (entry >>> 32 == (cursor + 1 & LOW_32)) { return entry & LOW_32; }
        return published.get() - cursor > ANNOUNCEMENTS ? MISSED : NOTHING;
    }
}
