package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.decision.Answer;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.BatchContext;

/**
 * {@code neighbour-hold}: keeps packets of new flows, as they were received, while the kernel resolves their next hop on the underlay; {@link #release} sends them
 * through the graph again, in order, from {@code ip4-input} on, or drops and answers them after {@link #WAIT_NANOS}, as Linux does with the queue of a neighbour that fails.
 *
 * <p>Bounded as {@link HeldFrames} is, by {@link #MAX_CHUNKS}; a quarter of that for one next hop (Linux: about 100 packets, {@code unres_qlen_bytes}); {@link #HOPS} next
 * hops, a quarter of them asked for by one ingress, so that a pod that scans a subnet leaves some to others. What is beyond is dropped.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class NeighbourHold extends HoldNode {
    /** As Linux, which gives a neighbour up after {@code mcast_solicit} (3) probes, one a second ({@code retrans_time_ms}). */
    static final long WAIT_NANOS = 3_000_000_000L;

    private static final int MAX_CHUNKS = 512;
    private static final int HOP_SHARE = 4;
    private static final int HOPS = 64;
    private static final int HOPS_OF_INGRESS = HOPS / 4;
    private static final int NONE = -1;
    private static final int UNUSED = 0; // 0.0.0.0 is nobody's next hop

    private final BatchContext context;
    private final DropNode drop;
    private final Reject reject;
    private final FirstFragments firstFragments;
    private final Adjacencies adjacencies;
    private final HeldFrames held;
    private final int hopLimit;
    /** Of a frame on the list: the next hop that it waits for. */
    private final int[] wanted = new int[FrameBatch.CAPACITY];

    private final int[] hop = new int[HOPS];
    private final int[] first = new int[HOPS];
    private final int[] last = new int[HOPS];
    private final int[] chunks = new int[HOPS];
    private final int[] ingressShare = new int[HOPS];
    private final long[] sinceNanos = new long[HOPS];
    private int lastRequestSeconds;
    /** The queue that {@link #release} is at, and the frame that it has put into the batch, but on no list yet. */
    private int releasing = NONE;
    private int unlisted = NONE;

    public NeighbourHold(BatchContext context, DropNode drop, Reject reject, FirstFragments firstFragments,
        FramePool pool) {
        super(GraphNodeId.NEIGHBOUR_HOLD);
        this.context = context;
        this.drop = drop;
        this.reject = reject;
        this.firstFragments = firstFragments;
        adjacencies = context.state().adjacencies();
        held = new HeldFrames(pool, MAX_CHUNKS);
        hopLimit = held.limit() / HOP_SHARE;
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

    /** The frame waits for a next hop; nothing of it has been rewritten. */
    void add(int frame, int nextHop) {
        wanted[frame] = nextHop;
        in().add(frame);
    }

    /**
     * Whether frames to a next hop that is resolved by now are still held, so that one that has just come must not pass them.
     *
     * @param nextHop 0 for none
     */
    boolean isAhead(FrameBatch batch, int frame, int nextHop) {
        if (held.size() == 0 && in().size == 0 || (batch.flags[frame] & FrameBatch.HELD) != 0 || nextHop == UNUSED) {
            return false;
        }
        return isAwaited(nextHop);
    }

    /** Whether frames wait for a next hop already. */
    boolean isAwaited(int nextHop) {
        return find(nextHop) != NONE || isOnList(nextHop);
    }

    private boolean isOnList(int nextHop) {
        for (int n = 0; n < in().size; n++) {
            if (wanted[in().index[n]] == nextHop) { return true; }
        }
        return false;
    }

    @Override
    public void process(FrameBatch batch) {
        FrameList in = in();
        for (int n = 0; n < in.size; n++) {
            int frame = in.index[n];
            if (!hold(batch, frame)) {
                drop.add(frame, DropReason.NEIGHBOUR_UNRESOLVED);
            }
            in.ended = n + 1;
        }
    }

    private boolean hold(FrameBatch batch, int frame) {
        int segments = HeldFrames.chunks(batch, frame);
        if (segments > hopLimit || !held.hasRoom(batch.ingress[frame], segments)) { return false; }
        int queue = find(wanted[frame]);
        if (queue == NONE) {
            queue = open(wanted[frame], HeldFrames.ingressShare(batch.ingress[frame]));
        }
        if (queue == NONE || chunks[queue] + segments > hopLimit) { return false; }
        append(queue, held.put(batch, frame, segments, context.nowNanos()));
        chunks[queue] += segments;
        return true;
    }

    private void append(int queue, int slot) {
        if (first[queue] == HeldFrames.END) {
            first[queue] = slot;
        } else {
            held.setNext(last[queue], slot);
        }
        last[queue] = slot;
    }

    private int find(int nextHop) {
        for (int queue = 0; queue < HOPS; queue++) {
            if (hop[queue] == nextHop) { return queue; }
        }
        return NONE;
    }

    /** @return an empty queue, or {@link #NONE} when all are in use, or as many as one ingress may have */
    private int open(int nextHop, int share) {
        int unused = NONE;
        int ofIngress = 0;
        for (int queue = 0; queue < HOPS; queue++) {
            if (hop[queue] == UNUSED) {
                unused = queue;
            } else if (ingressShare[queue] == share) {
                ofIngress++;
            }
        }
        if (unused == NONE || ofIngress >= HOPS_OF_INGRESS) { return NONE; }
        hop[unused] = nextHop;
        first[unused] = HeldFrames.END;
        chunks[unused] = 0;
        ingressShare[unused] = share;
        sinceNanos[unused] = context.nowNanos();
        return unused;
    }

    // -- out ---------------------------------------------------------------------------------------------------------

    /** Frames whose next hop is resolved are for {@code ready}; those that have waited in vain are answered. */
    @Override
    public boolean release(FrameBatch batch, FrameList ready) {
        releasing = NONE;
        boolean ask = context.nowSeconds() != lastRequestSeconds;
        lastRequestSeconds = context.nowSeconds();
        for (int queue = 0; queue < HOPS && held.size() > 0; queue++) {
            if (hop[queue] == UNUSED) {
                continue;
            }
            releasing = queue;
            int slot = adjacencies.slotOfNextHop(hop[queue]);
            boolean resolved = slot != Adjacencies.NONE && adjacencies.isResolved(slot);
            if (resolved || context.nowNanos() - sinceNanos[queue] >= WAIT_NANOS) {
                if (!empty(queue, batch, resolved ? ready : null)) { return true; }
            } else if (ask) {
                context.state().neighbourRequests().post(hop[queue]); // the list was full, or the kernel was about to give up
            }
        }
        return false;
    }

    /** @return false when the batch is full before the last frame */
    private boolean empty(int queue, FrameBatch batch, FrameList ready) {
        while (first[queue] != HeldFrames.END) {
            if (batch.room() == 0) { return false; }
            int following = held.next(first[queue]);
            int segments = held.chunks(first[queue]);
            unlisted = held.take(batch, first[queue]);
            first[queue] = following;
            chunks[queue] -= segments;
            if (ready == null) {
                refuse(batch, unlisted);
            } else {
                ready.add(unlisted);
            }
            unlisted = NONE;
        }
        hop[queue] = UNUSED;
        return true;
    }

    @Override
    public boolean abandon(FrameBatch batch, FrameList ready) {
        if (releasing == NONE) { return false; }
        if (unlisted != NONE) {
            drop.add(unlisted, DropReason.INTERNAL_ERROR);
            unlisted = NONE;
        } else if (first[releasing] != HeldFrames.END && batch.room() > 0) {
            int slot = first[releasing];
            first[releasing] = held.next(slot);
            chunks[releasing] -= held.chunks(slot);
            drop.add(held.takeFailed(batch, slot), DropReason.INTERNAL_ERROR);
        }
        if (first[releasing] == HeldFrames.END) {
            hop[releasing] = UNUSED;
        }
        return true;
    }

    /** Of fragments only first ones are held here: the others of the datagram are dropped with them. */
    private void refuse(FrameBatch batch, int frame) {
        if ((batch.flags[frame] & FrameBatch.FRAGMENT) != 0) {
            batch.hash[frame] = 0;
            firstFragments.expect(frame);
        }
        reject.add(frame, DropReason.NEIGHBOUR_UNRESOLVED, Answer.HOST_UNREACHABLE);
    }
}
