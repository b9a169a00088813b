package io.weft.lb.service;

import io.weft.encap.hash.FlowHash;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Which backend the clients of Services with session affinity have: (Service's port, client's address) to a backend and when the client's
 * last flow was made. All workers share it. It is read and written when a flow is made, not for its packets.
 *
 * <p>Memory is fixed: buckets of {@value #WAYS} entries, 32 bytes each. In a full bucket the oldest entry is replaced. Its client most likely
 * keeps its backend all the same, because the first choice depends on the client's address alone. An entry whose time is over stays until another
 * client needs it, so that its own client can get another backend then.
 *
 * <p>Lock-free. A writer makes the entry's version odd by compare-and-set, stores, and releases the next even version. A reader that finds
 * an odd version, or another one after it has read, has found nothing. Two workers that store the same new key at once may each fill an
 * entry; later calls use the first, the other one ages.
 *
 * <p>Threads: any. Never waits. Allocation: none after construction.
 */
public final class AffinityTable {
    public static final int DEFAULT_ENTRIES = 1 << 17;
    /** No packed backend: the client had one, but too much time has passed. */
    public static final long EXPIRED = -1;

    private static final int WAYS = 8;
    private static final int WORDS = 4;
    private static final int VERSION = 0;
    private static final int ID = 1;
    /** Client 32, seconds of the last use 32. */
    private static final int CLIENT = 2;
    /** A backend's address 32 and port 16; half the timeout in seconds 16. */
    private static final int BACKEND = 3;

    private static final long BACKEND_MASK = ~0xFFFFL;
    private static final int MAX_HALF_TIMEOUT = 0xFFFF;
    private static final int NOWHERE = -1;

    private final AtomicLongArray words;
    private final int buckets;
    private final AtomicLong evicted = new AtomicLong();

    /** @param entries maximum number of entries, a power of two, at least {@value #WAYS} */
    public AffinityTable(int entries) {
        if (entries < WAYS || Integer.bitCount(entries) != 1) {
            throw new IllegalArgumentException(
                "an affinity table has a power of two of entries, at least " + WAYS + ", not " + entries);
        }
        buckets = entries / WAYS;
        words = new AtomicLongArray(entries * WORDS);
    }

    /**
     * @param id of the Service's port: {@link ServiceTable#affinityId}
     * @param timeoutSeconds since the client's last flow
     * @return the client's backend, packed without flags; {@link #EXPIRED}; {@link Backend#NONE} if the client is not known
     */
    public long find(long id, int client, int timeoutSeconds, int nowSeconds) {
        int first = bucket(id, client);
        for (int at = first; at < first + WAYS * WORDS; at += WORDS) {
            long version = words.getAcquire(at + VERSION);
            long used = words.getOpaque(at + CLIENT);
            if ((version & 1) == 0 && words.getOpaque(at + ID) == id && (int) (used >>> 32) == client) {
                long backend = words.getOpaque(at + BACKEND);
                VarHandle.acquireFence(); // no load above moves below the second look at the version
                if (words.getOpaque(at + VERSION) == version && backend != 0) {
                    return nowSeconds - (int) used > timeoutSeconds ? EXPIRED : backend & BACKEND_MASK;
                }
            }
        }
        return Backend.NONE;
    }

    /**
     * A client has made a flow to a backend: remembers the backend, from now on.
     *
     * @param backend packed; its flags are ignored
     */
    public void put(long id, int client, long backend, int timeoutSeconds, int nowSeconds) {
        int at = place(bucket(id, client), id, client, nowSeconds);
        long version = words.getAcquire(at + VERSION);
        if ((version & 1) != 0 || !words.compareAndSet(at + VERSION, version, version + 1)) {
            return; // another worker writes the entry: the next flow of this client is remembered
        }
        VarHandle.storeStoreFence(); // no store below is seen before the odd version
        if (isOther(at, id, client) && isAlive(at, nowSeconds)) {
            evicted.getAndIncrement();
        }
        words.setOpaque(at + ID, id);
        words.setOpaque(at + CLIENT, (long) client << 32 | nowSeconds & 0xFFFF_FFFFL);
        words.setOpaque(at + BACKEND,
            backend & BACKEND_MASK | Math.min((timeoutSeconds + 1) / 2, MAX_HALF_TIMEOUT));
        words.setRelease(at + VERSION, version + 2);
    }

    /** Clients whose entries were replaced before their time, since the start. */
    public long evicted() {
        return evicted.get();
    }

    private int bucket(long id, int client) {
        return (FlowHash.hash(client, id) & buckets - 1) * WAYS * WORDS;
    }

    /** The entry of the key, or else one that is free, or else the oldest. */
    private int place(int first, long id, int client, int nowSeconds) {
        int free = NOWHERE;
        int oldest = first;
        int oldestAge = Integer.MIN_VALUE;
        for (int at = first; at < first + WAYS * WORDS; at += WORDS) {
            if (words.getOpaque(at + BACKEND) != 0 && !isOther(at, id, client)) { return at; }
            if (free == NOWHERE && !isAlive(at, nowSeconds)) {
                free = at;
            }
            int age = nowSeconds - (int) words.getOpaque(at + CLIENT);
            if (age > oldestAge) {
                oldest = at;
                oldestAge = age;
            }
        }
        return free == NOWHERE ? oldest : free;
    }

    private boolean isOther(int at, long id, int client) {
        return words.getOpaque(at + ID) != id || (int) (words.getOpaque(at + CLIENT) >>> 32) != client;
    }

    private boolean isAlive(int at, int nowSeconds) {
        long backend = words.getOpaque(at + BACKEND);
        int timeout = 2 * (int) (backend & 0xFFFF);
        return backend != 0 && nowSeconds - (int) words.getOpaque(at + CLIENT) <= timeout;
    }
}
