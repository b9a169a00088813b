package io.weft.dataplane.frame;

import io.weft.dataplane.forwarding.Ingress;
import io.weft.encap.packet.L4Checksum;

/**
 * Up to 64 frames and what the nodes find out about them: a struct of arrays. A frame keeps its index from reception to its end; nodes pass
 * lists of indices ({@link FrameList}). An array element is valid from the node that sets it onwards.
 *
 * <p>All addresses are absolute. Thread: one worker. Allocation: none after construction.
 */
public final class FrameBatch {
    public static final int CAPACITY = 64;

    /** {@link #flags}: the L4 checksum field holds the folded pseudo-header sum only. */
    public static final int PARTIAL = 1;
    /** {@link #flags}: the frame came through the tunnel and its outer headers were removed. */
    public static final int FROM_TUNNEL = 1 << 1;
    /** {@link #flags}: an IPv4 fragment as it was received. */
    public static final int FRAGMENT = 1 << 2;
    /** {@link #flags}: originated by Weft from a frame that was dropped. */
    public static final int ORIGINATED = 1 << 3;
    /** {@link #flags}: a SYN whose flow's last segment before it, in this very batch, is a RST. */
    public static final int AFTER_RESET = 1 << 4;
    /** {@link #flags}: the frame has been held beyond the batch that it was received in. */
    public static final int HELD = 1 << 5;
    /** The frame goes to the node's stack with the {@link io.weft.dataplane.forwarding.ReplyMark}. */
    public static final int REPLY_MARK = 1 << 6;

    /** Frames in the batch. */
    public int size;

    /** Leads to the further segments of frames that are longer than a chunk; null if the batch has none, which is usual. */
    public FrameChains chains;

    /** Received frames that have too little room before them for a tunnel's headers, a bit for each. Set at reception; the kernel leaves enough. */
    public long withoutHeadroom;

    /** First byte of the frame; decapsulation moves it forward, a tunnel header backward. Set at reception. */
    public final long[] at = new long[CAPACITY];
    /** Bytes from {@link #at} to the frame's end, in all segments. Set at reception. */
    public final int[] length = new int[CAPACITY];
    /** Id of the port that received the frame. Set at reception. */
    public final int[] port = new int[CAPACITY];

    /** The ingress of the frame in terms of flows: {@link Ingress}. */
    public final int[] ingress = new int[CAPACITY];
    /** First byte of the (inner) IPv4 header. */
    public final long[] l3 = new long[CAPACITY];
    /** First byte of the (inner) L4 header; past the packet if it has none. */
    public final long[] l4 = new long[CAPACITY];
    /** Bytes from {@link #l4} to the end of the IPv4 packet. */
    public final int[] l4Length = new int[CAPACITY];
    public final int[] flags = new int[CAPACITY];
    /** Flow key: source address, destination address. */
    public final long[] k0 = new long[CAPACITY];
    /** Flow key: ports, protocol, zone. */
    public final long[] k1 = new long[CAPACITY];
    public final int[] hash = new int[CAPACITY];
    /** Address of the flow's entry. */
    public final long[] flow = new long[CAPACITY];
    /** Port to send to. */
    public final int[] txPort = new int[CAPACITY];
    /** Adjacency slot for the tunnel or the underlay. */
    public final int[] adjacency = new int[CAPACITY];
    /** 0, or {@link ChecksumRequest} for the sending port. */
    public final long[] checksum = new long[CAPACITY];

    /** Room for more frames. */
    public int room() {
        return CAPACITY - size;
    }

    /** Adds a received frame. The caller has checked {@link #room}. */
    public void add(long frameAt, int frameLength, int portId) {
        int i = size++;
        at[i] = frameAt;
        length[i] = frameLength;
        port[i] = portId;
    }

    /** Like {@link #add}, for a frame of several segments. */
    public void addChain(long frameAt, int frameLength, int portId, FrameChains frameChains) {
        add(frameAt, frameLength, portId);
        chains = frameChains;
    }

    /** By a port that did not choose where the frame lies: looks whether there is room before the one that was added last. */
    public void checkHeadroom(FramePool pool) {
        int last = size - 1;
        if (!pool.hasHeadroom(at[last], FramePool.EXTRA_HEADROOM)) {
            withoutHeadroom |= 1L << last;
        }
    }

    /** Bytes of a frame that are contiguous: those of its first segment. */
    public int contiguous(int frame) {
        return chains == null ? length[frame] : chains.segment(at[frame], length[frame]);
    }

    /**
     * Completes a partial checksum in software.
     *
     * @param l4At first byte of a frame's TCP or UDP header
     * @param l4Length bytes of IP payload, in whatever segments they lie
     */
    public void completeChecksum(long l4At, int l4Length, int protocol) {
        if (chains == null) {
            L4Checksum.complete(l4At, l4Length, protocol);
        } else {
            L4Checksum.complete(l4At, protocol, chains.sum(l4At, l4Length));
        }
    }

    public void clear() {
        size = 0;
        chains = null;
        withoutHeadroom = 0;
    }
}
