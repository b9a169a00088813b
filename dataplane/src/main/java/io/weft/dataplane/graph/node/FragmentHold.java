package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.decision.FlowDecision;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.FragmentDecision;
import io.weft.dataplane.state.FragmentTable;
import io.weft.encap.packet.Ipv4Header;
import java.util.Arrays;

/**
 * {@code fragment-hold}: keeps later fragments that came before their first, until that one's decision is published, by this worker or another;
 * {@link #release} then puts them into a batch of their own, and drops those that waited for {@link FragmentTable#LIFE_SECONDS}.
 *
 * <p>Bounded as {@link HeldFrames} is, by {@link #MAX_CHUNKS}; a quarter of that for one source. From the underlay, what is beyond goes to the node's own
 * stack, which reassembles its own datagrams with a bound of its own; from elsewhere it is dropped.
 *
 * <p>A decision costs a look at the fragments of its own hash chain, not at all held ones: who sends first fragments does not make others pay
 * for what is held.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class FragmentHold extends HoldNode {
    private static final int MAX_CHUNKS = 1024;
    private static final int SOURCE_SHARE = 4;
    private static final int CHAINS = 256;
    private static final int SHARES = 256;
    private static final int SPREAD = 0x9E37_79B9;
    private static final int SPREAD_SHIFT = 24;
    private static final int END = HeldFrames.END;

    private final BatchContext context;
    private final DropNode drop;
    private final Dispatch dispatch;
    private final FragmentTable table;
    private final FragmentDecision decision = new FragmentDecision();
    private final FlowDecision flowDecision;

    private final HeldFrames held;
    private final int[] first = new int[CHAINS];
    private final int[] hash;
    private final int[] sinceSeconds;
    /** Chunks held, by a hash of ingress and source: those that share a number share its limit. */
    private final int[] ofSource = new int[SHARES];
    private int lastExpirySeconds;
    private long cursor;
    /** The slot that {@link #release} is looking at, or END, and the one before it in its chain. */
    private int present = END;
    private int beforePresent = END;

    public FragmentHold(BatchContext context, DropNode drop, Dispatch dispatch, FramePool pool) {
        super(GraphNodeId.FRAGMENT_HOLD);
        this.context = context;
        this.drop = drop;
        this.dispatch = dispatch;
        table = context.state().fragments();
        flowDecision = new FlowDecision(context);
        held = new HeldFrames(pool, MAX_CHUNKS);
        hash = new int[held.limit()];
        sinceSeconds = new int[held.limit()];
        Arrays.fill(first, END);
    }

    @Override
    public int size() {
        return held.size();
    }

    @Override
    public long newestNanos() {
        return held.newestNanos();
    }

    // -- in ----------------------------------------------------------------------------------------------------------

    /** What is announced from here on has not been seen by the lookups that follow. */
    void beforeLookup() {
        if (held.size() == 0) {
            cursor = table.published();
        }
    }

    /** From the list's end, because a hash chain grows at its front; each frame is taken off the list once it is held or refused. */
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

    /** The frame that fails is the last of the list, not the first. */
    @Override
    public boolean looksFirst() {
        return true;
    }

    private void refuse(FrameBatch batch, int frame) {
        if (flowDecision.isForNode(batch.ingress[frame], Ipv4Header.destination(batch.l3[frame]))) {
            dispatch.to(batch, frame, Egress.PUNT);
        } else {
            drop.add(frame, DropReason.FRAG_FULL);
        }
    }

    private boolean hold(FrameBatch batch, int frame) {
        long ip = batch.l3[frame];
        int from = batch.ingress[frame];
        int segments = HeldFrames.chunks(batch, frame);
        int sourceShare = sourceShare(from, ip);
        if (!held.hasRoom(from, segments) || ofSource[sourceShare] + segments > held.limit() / SOURCE_SHARE) {
            return false;
        }
        ofSource[sourceShare] += segments;
        int slot = held.put(batch, frame, segments, context.nowNanos());
        hash[slot] = FragmentTable.hash(Ipv4Header.addresses(ip), FragmentTable.datagram(ip, from));
        sinceSeconds[slot] = context.nowSeconds();
        held.setNext(slot, first[chain(hash[slot])]);
        first[chain(hash[slot])] = slot;
        return true;
    }

    // -- out ---------------------------------------------------------------------------------------------------------

    /**
     * Fragments that have a decision now are for {@code decided}; those whose time is over are dropped.
     *
     * @return false: what finds no room waits for the next call
     */
    @Override
    public boolean release(FrameBatch batch, FrameList decided) {
        present = END;
        if (held.size() == 0) { return false; }
        long seen = table.announced(cursor);
        while (seen >= 0 && releaseChain(batch, decided, (int) seen)) {
            seen = table.announced(++cursor);
        }
        if (seen == FragmentTable.MISSED) {
            long latest = table.published();
            cursor = releaseAll(batch, decided) ? latest : cursor;
        }
        if (context.nowSeconds() != lastExpirySeconds && expire(batch)) {
            lastExpirySeconds = context.nowSeconds();
        }
        return false;
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
            int following = held.next(slot);
            at(slot, before);
            if (isDecided(slot)) {
                if (batch.room() == 0) { return false; }
                decided.add(remove(batch, slot, before));
            } else {
                before = slot;
            }
            slot = following;
        }
        present = END;
        return true;
    }

    private boolean isDecided(int slot) {
        long ip = held.l3(slot);
        return table.find(Ipv4Header.addresses(ip), FragmentTable.datagram(ip, held.ingress(slot)),
            context.nowSeconds(), decision);
    }

    private boolean expire(FrameBatch batch) {
        for (int chain = 0; chain < CHAINS; chain++) {
            int before = END;
            int slot = first[chain];
            while (slot != END) {
                int following = held.next(slot);
                at(slot, before);
                if (context.nowSeconds() - sinceSeconds[slot] >= FragmentTable.LIFE_SECONDS) {
                    if (batch.room() == 0) { return false; }
                    drop.add(remove(batch, slot, before), DropReason.FRAG_TIMEOUT);
                } else {
                    before = slot;
                }
                slot = following;
            }
            present = END;
        }
        return true;
    }

    private void at(int slot, int before) {
        present = slot;
        beforePresent = before;
    }

    /** @return the frame's index in the batch */
    private int remove(FrameBatch batch, int slot, int before) {
        int following = held.next(slot);
        int frame = held.take(batch, slot);
        unlink(slot, before, following);
        return frame;
    }

    private void unlink(int slot, int before, int following) {
        present = END;
        if (before == END) {
            first[chain(hash[slot])] = following;
        } else {
            held.setNext(before, following);
        }
        ofSource[sourceShare(held.ingress(slot), held.l3(slot))] -= held.chunks(slot);
    }

    @Override
    public boolean abandon(FrameBatch batch, FrameList decided) {
        if (present == END) { return false; }
        if (batch.room() > 0) {
            int slot = present;
            int following = held.next(slot);
            int frame = held.takeFailed(batch, slot);
            unlink(slot, beforePresent, following);
            drop.add(frame, DropReason.INTERNAL_ERROR);
        }
        return true;
    }

    private static int chain(int datagramHash) {
        return datagramHash & CHAINS - 1;
    }

    private static int sourceShare(int ingress, long ip) {
        return (Ipv4Header.source(ip) * SPREAD ^ ingress) * SPREAD >>> SPREAD_SHIFT;
    }
}
