package io.weft.dataplane.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.state.FragmentDecision;
import io.weft.dataplane.state.FragmentTable;
import io.weft.encap.packet.Ipv4Header;
import java.util.Arrays;

/**
 * {@code fragment-hold}: keeps later fragments that came before their first, until that one's decision is published, by this worker or another;
 * {@link #release} then puts them into a batch of their own, and drops those that waited for {@link FragmentTable#LIFE_SECONDS}.
 *
 * <p>Bounded in chunks: {@link #MAX_CHUNKS} or an eighth of the pool, whichever is less; half of that for one ingress, a quarter for one source. From the
 * underlay, what is beyond goes to the node's own stack, which reassembles its own datagrams with a bound of its own; from elsewhere it is
 * dropped. A held frame counts as in flight.
 *
 * <p>A decision costs a look at the fragments of its own hash chain, not at all held ones: who sends first fragments does not make others pay
 * for what is held.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class FragmentHold extends Node {
    private static final int MAX_CHUNKS = 1024;
    private static final int POOL_SHARE = 8;
    private static final int INGRESS_SHARE = 2;
    private static final int SOURCE_SHARE = 4;
    private static final int CHAINS = 256;
    private static final int SHARES = 256;
    private static final int SPREAD = 0x9E37_79B9;
    private static final int SPREAD_SHIFT = 24;
    private static final int END = -1;

    private final Turn turn;
    private final DropNode drop;
    private final Dispatch dispatch;
    private final FramePool pool;
    private final FragmentTable table;
    private final FragmentDecision decision = new FragmentDecision();

    private final int limit;
    private final int[] first = new int[CHAINS];
    private final int[] next;
    private final long[] at;
    private final long[] l3;
    private final int[] length;
    private final int[] port;
    private final int[] ingress;
    private final int[] flags;
    private final int[] hash;
    private final int[] chunks;
    private final int[] sinceSeconds;
    /** Chunks held, by a hash of the ingress, and of ingress and source: those that share a number share its limit. */
    private final int[] ofIngress = new int[SHARES];
    private final int[] ofSource = new int[SHARES];
    private int free;
    private int frames;
    private int heldChunks;
    private int lastExpirySeconds;
    private long newestNanos;
    private long cursor;

    public FragmentHold(Turn turn, DropNode drop, Dispatch dispatch, FramePool pool) {
        super(NodeId.FRAGMENT_HOLD);
        this.turn = turn;
        this.drop = drop;
        this.dispatch = dispatch;
        this.pool = pool;
        table = turn.state().fragments();
        limit = Math.min(MAX_CHUNKS, pool.chunks() / POOL_SHARE);
        next = new int[limit];
        at = new long[limit];
        l3 = new long[limit];
        length = new int[limit];
        port = new int[limit];
        ingress = new int[limit];
        flags = new int[limit];
        hash = new int[limit];
        chunks = new int[limit];
        sinceSeconds = new int[limit];
        Arrays.fill(first, END);
        for (int slot = 0; slot < limit; slot++) {
            next[slot] = slot + 1 < limit ? slot + 1 : END;
        }
        free = limit == 0 ? END : 0;
    }

    /** Held frames. */
    public int size() {
        return frames;
    }

    /** When the newest of them came, {@code System.nanoTime}. */
    public long newestNanos() {
        return newestNanos;
    }

    // -- in ----------------------------------------------------------------------------------------------------------

    /** What is announced from here on has not been seen by the lookups that follow. */
    void beforeLookup() {
        if (frames == 0) {
            cursor = table.published();
        }
    }

    /** From the list's end, so that a frame that is held, and on no later list, is not taken for one that is unfinished. */
    @Override
    public void process(FrameBatch batch) {
        FrameList in = in();
        while (in.size > 0) {
            int frame = in.index[in.size - 1];
            if (!hold(batch, frame)) {
                refuse(batch, frame);
            }
            in.size--;
        }
    }

    @Override
    public boolean looksFirst() {
        return true;
    }

    private void refuse(FrameBatch batch, int frame) {
        if (EgressResolver.isUnderlay(batch.ingress[frame])
            && turn.isOwnAddress(Ipv4Header.destination(batch.l3[frame]))) {
            dispatch.to(batch, frame, Egress.PUNT);
        } else {
            drop.add(frame, DropReason.FRAG_FULL);
        }
    }

    private boolean hold(FrameBatch batch, int frame) {
        long ip = batch.l3[frame];
        int from = batch.ingress[frame];
        int segments = batch.chains == null ? 1 : batch.chains.chunks(batch.at[frame]);
        int ingressShare = ingressShare(from);
        int sourceShare = sourceShare(from, ip);
        if (heldChunks + segments > limit || ofIngress[ingressShare] + segments > limit / INGRESS_SHARE
            || ofSource[sourceShare] + segments > limit / SOURCE_SHARE) {
            return false;
        }
        heldChunks += segments;
        ofIngress[ingressShare] += segments;
        ofSource[sourceShare] += segments;
        store(batch, frame, segments, FragmentTable.hash(Ipv4Header.addresses(ip), FragmentTable.datagram(ip, from)));
        return true;
    }

    private void store(FrameBatch batch, int frame, int segments, int datagramHash) {
        int slot = free;
        free = next[slot];
        next[slot] = first[chain(datagramHash)];
        first[chain(datagramHash)] = slot;
        at[slot] = batch.at[frame];
        l3[slot] = batch.l3[frame];
        length[slot] = batch.length[frame];
        port[slot] = batch.port[frame];
        ingress[slot] = batch.ingress[frame];
        flags[slot] = batch.flags[frame];
        hash[slot] = datagramHash;
        chunks[slot] = segments;
        sinceSeconds[slot] = turn.nowSeconds();
        newestNanos = turn.nowNanos();
        frames++;
    }

    // -- out ---------------------------------------------------------------------------------------------------------

    /** Fills an empty batch with fragments that have a decision now, for {@code decided}, and with those whose time is over, to be dropped. */
    public void release(FrameBatch batch, FrameList decided) {
        long seen = table.announced(cursor);
        while (seen >= 0 && releaseChain(batch, decided, (int) seen)) {
            seen = table.announced(++cursor);
        }
        if (seen == FragmentTable.MISSED) {
            long latest = table.published();
            cursor = releaseAll(batch, decided) ? latest : cursor;
        }
        if (turn.nowSeconds() != lastExpirySeconds && expire(batch)) {
            lastExpirySeconds = turn.nowSeconds();
        }
    }

    private boolean releaseAll(FrameBatch batch, FrameList decided) {
        for (int chain = 0; chain < CHAINS; chain++) {
            if (!releaseChain(batch, decided, chain)) { return false; }
        }
        return true;
    }

    /** @return false when the batch is full before the chain's end */
    private boolean releaseChain(FrameBatch batch, FrameList decided, int datagramHash) {
        int before = END;
        int slot = first[chain(datagramHash)];
        while (slot != END) {
            int following = next[slot];
            if (isDecided(slot)) {
                if (batch.room() == 0) { return false; }
                decided.add(remove(batch, slot, before));
            } else {
                before = slot;
            }
            slot = following;
        }
        return true;
    }

    private boolean isDecided(int slot) {
        return table.find(Ipv4Header.addresses(l3[slot]), FragmentTable.datagram(l3[slot], ingress[slot]),
            turn.nowSeconds(), decision);
    }

    private boolean expire(FrameBatch batch) {
        for (int chain = 0; chain < CHAINS; chain++) {
            int before = END;
            int slot = first[chain];
            while (slot != END) {
                int following = next[slot];
                if (turn.nowSeconds() - sinceSeconds[slot] >= FragmentTable.LIFE_SECONDS) {
                    if (batch.room() == 0) { return false; }
                    drop.add(remove(batch, slot, before), DropReason.FRAG_TIMEOUT);
                } else {
                    before = slot;
                }
                slot = following;
            }
        }
        return true;
    }

    /** @return the frame's index in the batch */
    private int remove(FrameBatch batch, int slot, int before) {
        if (before == END) {
            first[chain(hash[slot])] = next[slot];
        } else {
            next[before] = next[slot];
        }
        next[slot] = free;
        free = slot;
        frames--;
        heldChunks -= chunks[slot];
        ofIngress[ingressShare(ingress[slot])] -= chunks[slot];
        ofSource[sourceShare(ingress[slot], l3[slot])] -= chunks[slot];
        return restore(batch, slot);
    }

    private int restore(FrameBatch batch, int slot) {
        int frame = batch.size;
        batch.add(at[slot], length[slot], port[slot]);
        if (pool.chains().isChain(at[slot])) {
            batch.chains = pool.chains();
        }
        batch.ingress[frame] = ingress[slot];
        batch.flags[frame] = flags[slot];
        batch.l3[frame] = l3[slot];
        batch.l4[frame] = l3[slot] + Ipv4Header.headerLength(l3[slot]);
        batch.l4Length[frame] = Ipv4Header.payloadLength(l3[slot]);
        batch.checksum[frame] = ChecksumRequest.NONE;
        return frame;
    }

    private static int chain(int datagramHash) {
        return datagramHash & CHAINS - 1;
    }

    private static int ingressShare(int ingress) {
        return ingress * SPREAD >>> SPREAD_SHIFT;
    }

    private static int sourceShare(int ingress, long ip) {
        return (Ipv4Header.source(ip) * SPREAD ^ ingress) * SPREAD >>> SPREAD_SHIFT;
    }
}
