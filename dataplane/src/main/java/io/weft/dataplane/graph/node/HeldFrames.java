package io.weft.dataplane.graph.node;

import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FramePool;
import io.weft.encap.packet.Ipv4Header;

/**
 * Frames that a node holds beyond their batch, as {@code ip4-input} found them, linked into lists by the node. Bounded in chunks: by a
 * limit, or an eighth of the pool if that is less, and half of that for one ingress. A held frame counts as in flight.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
final class HeldFrames {
    /** Ends a list of slots. */
    static final int END = -1;

    private static final int POOL_SHARE = 8;
    private static final int INGRESS_SHARE = 2;
    private static final int SHARES = 256;
    private static final int SPREAD = 0x9E37_79B9;
    private static final int SPREAD_SHIFT = 24;

    private final FramePool pool;
    private final int limit;
    private final int[] next;
    private final long[] at;
    private final long[] l3;
    private final int[] length;
    private final int[] port;
    private final int[] ingress;
    private final int[] flags;
    private final int[] chunks;
    /** Chunks held, by a hash of the ingress: ingresses with the same hash share its limit. */
    private final int[] ofIngress = new int[SHARES];
    private int free;
    private int frames;
    private int heldChunks;
    private long newestNanos;

    HeldFrames(FramePool pool, int maxChunks) {
        this.pool = pool;
        limit = Math.min(maxChunks, pool.chunks() / POOL_SHARE);
        next = new int[limit];
        at = new long[limit];
        l3 = new long[limit];
        length = new int[limit];
        port = new int[limit];
        ingress = new int[limit];
        flags = new int[limit];
        chunks = new int[limit];
        for (int slot = 0; slot < limit; slot++) {
            next[slot] = slot + 1 < limit ? slot + 1 : END;
        }
        free = limit == 0 ? END : 0;
    }

    /** Maximum number of chunks held, and so of slots: 0 … limit-1. */
    int limit() {
        return limit;
    }

    /** Held frames. */
    int size() {
        return frames;
    }

    /** When the newest of them was received, {@code System.nanoTime}. */
    long newestNanos() {
        return newestNanos;
    }

    /** Chunks that a frame occupies. */
    static int chunks(FrameBatch batch, int frame) {
        return batch.chains == null ? 1 : batch.chains.chunks(batch.at[frame]);
    }

    /** Whether a frame of this many chunks may be held. */
    boolean hasRoom(int from, int segments) {
        return heldChunks + segments <= limit && ofIngress[ingressShare(from)] + segments <= limit / INGRESS_SHARE;
    }

    /** Holds a frame, for which there must be room. @return its slot, on no list */
    int put(FrameBatch batch, int frame, int segments, long nowNanos) {
        int slot = free;
        free = next[slot];
        next[slot] = END;
        at[slot] = batch.at[frame];
        l3[slot] = batch.l3[frame];
        length[slot] = batch.length[frame];
        port[slot] = batch.port[frame];
        ingress[slot] = batch.ingress[frame];
        flags[slot] = batch.flags[frame] & ~FrameBatch.AFTER_RESET | FrameBatch.HELD;
        chunks[slot] = segments;
        heldChunks += segments;
        ofIngress[ingressShare(ingress[slot])] += segments;
        frames++;
        newestNanos = nowNanos;
        return slot;
    }

    /**
     * Puts a frame into a batch that has room. After that its slot is on no list of the caller's. If this throws, it has done nothing.
     *
     * @return its index there; {@link FrameBatch#l4} and the L4 length are set, keys and hash are not
     */
    int take(FrameBatch batch, int slot) {
        int frame = batch.size;
        boolean isChain = pool.chains().isChain(at[slot]);
        batch.ingress[frame] = ingress[slot];
        batch.flags[frame] = flags[slot];
        batch.l3[frame] = l3[slot];
        batch.l4[frame] = l3[slot] + Ipv4Header.headerLength(l3[slot]);
        batch.l4Length[frame] = Ipv4Header.payloadLength(l3[slot]);
        batch.checksum[frame] = ChecksumRequest.NONE;
        return release(batch, slot, isChain);
    }

    /** Like {@link #take}, for a frame that is dropped because what the caller did with it threw: looks at nothing of it. */
    int takeFailed(FrameBatch batch, int slot) {
        return release(batch, slot, chunks[slot] > 1);
    }

    private int release(FrameBatch batch, int slot, boolean isChain) {
        next[slot] = free;
        free = slot;
        frames--;
        heldChunks -= chunks[slot];
        ofIngress[ingressShare(ingress[slot])] -= chunks[slot];
        int frame = batch.size;
        batch.add(at[slot], length[slot], port[slot]);
        if (isChain) {
            batch.chains = pool.chains();
        }
        return frame;
    }

    int next(int slot) {
        return next[slot];
    }

    void setNext(int slot, int following) {
        next[slot] = following;
    }

    long l3(int slot) {
        return l3[slot];
    }

    int ingress(int slot) {
        return ingress[slot];
    }

    int chunks(int slot) {
        return chunks[slot];
    }

    static int ingressShare(int ingress) {
        return ingress * SPREAD >>> SPREAD_SHIFT;
    }
}
