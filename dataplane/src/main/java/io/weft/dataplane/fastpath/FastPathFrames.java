package io.weft.dataplane.fastpath;

import io.weft.dataplane.frame.FrameBatch;

/**
 * What the stages of the fast path know of a batch's frames: a struct of arrays and frame masks. It is how one stage hands its results to the next.
 *
 * <p><b>Struct of arrays.</b> {@link #words} holds {@value #ARRAYS} arrays of 64 words of 64 bits, one after the other; word {@code ARRAY + frame} belongs to
 * the frame with that index in the {@link FrameBatch}. So a vector register loads the same word of 8 frames at once (4 with 256 bits), and what a stage
 * needs of a frame is in the nearest cache. It is one Java array, because the JIT keeps a register for each array that a loop uses.
 *
 * <pre>
 *   frame                     0      1      2     ...     7      8     ...     63
 *                          ┌──────┬──────┬──────┬───────┬──────┬──────┬───────┬──────┐
 *   UNEXPECTED       0     │      │      │      │  ...  │      │      │  ...  │      │  by EthernetInputStage, TunnelDecapStage
 *   IP              64     │      │      │      │       │      │      │       │      │
 *   REMAINING      128     │      │      │      │       │      │      │       │      │
 *   INGRESS        192     │      │      │      │       │      │      │       │      │
 *   HEADER0 .. 4   256     │      │      │      │       │      │      │       │      │
 *   ADDRESS_SUM .. TRAITS  │      │      │      │       │      │      │       │      │  by Ip4InputStage
 *   FLOW, HOME_K1          │      │      │      │       │      │      │       │      │  by Ip4InputStage, FlowLookupStage
 *   FLOW_K0 .. OUTER_UDP   │      │      │      │       │      │      │       │      │  by FlowResolveStage
 *                          └──────┴──────┴──────┴───────┴──────┴──────┴───────┴──────┘
 *                          └──── one vector of 512 bits ───────┘
 *
 *   ready, tunnel, local, ...   one bit for each frame: bit 0 is frame 0, bit 63 is frame 63
 *
 *   HEADER0 .. HEADER4 hold the first 40 bytes of the (inner) packet:
 *
 *   byte of the packet   0       4       8       12      16      20      24      28      32      36      40
 *                        ├───────┴───────┼───────┴───────┼───────┴───────┼───────┴───────┼───────┴───────┤
 *                        │    HEADER0    │    HEADER1    │    HEADER2    │    HEADER3    │    HEADER4    │
 *                        └───────────────┴───────────────┴───────────────┴───────────────┴───────────────┘
 *                         version, length, TTL,   source, destination │ ports and the rest of UDP or TCP
 *                         protocol, checksum
 * </pre>
 *
 * <p><b>Frame masks.</b> A set of frames is a {@code long} with a bit for each. A stage that works on some frames only walks through the bits of a mask.
 *
 * <p>Stages compute on whole vectors, so beyond the batch's size they compute on what earlier batches left; no mask contains those frames.
 * Header words, checksums, and TTL and protocol are in network byte order, as they lie in memory.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
final class FastPathFrames {
    /** Protocol 255 in a zone that is not used: no flow has this key. */
    static final long INELIGIBLE = -1;
    static final long NO_FLOW = 0;

    static final int HASH_SHIFT = 32;
    static final int L4_CHECKSUM_SHIFT = 32;
    static final int LENGTH_SHIFT = 48;
    static final int INGRESS_MASK = 0xFFFF;
    static final int ECN_SHIFT = 16;
    static final int PARTIAL = 1 << 18;
    static final int TCP_FLAGS_SHIFT = 24;

    // -- of each frame, by EthernetInputStage or TunnelDecapStage ------------------------------------------------------------------------

    /** 0 when the Ethernet headers, and those of a tunnel, are what a fast-path frame has. */
    static final int UNEXPECTED = 0;
    /** First byte of the (inner) IPv4 header. */
    static final int IP = 1 * FrameBatch.CAPACITY;
    /** Bytes of the frame from there on. */
    static final int REMAINING = 2 * FrameBatch.CAPACITY;
    /** Port or peer, as flows see it. */
    static final int INGRESS = 3 * FrameBatch.CAPACITY;
    /** The (inner) IPv4 header's first five words of 64 bits; the L4 header begins in the third. */
    static final int HEADER0 = 4 * FrameBatch.CAPACITY;
    static final int HEADER1 = 5 * FrameBatch.CAPACITY;
    static final int HEADER2 = 6 * FrameBatch.CAPACITY;
    static final int HEADER3 = 7 * FrameBatch.CAPACITY;
    static final int HEADER4 = 8 * FrameBatch.CAPACITY;

    // -- of each frame, by Ip4InputStage ----------------------------------------------------------------------------------------

    /** The sum of both addresses as 32-bit words, and the total length: from one loop of {@link Ip4InputStage} to the next. */
    static final int ADDRESS_SUM = 9 * FrameBatch.CAPACITY;
    static final int TOTAL_LENGTH = 10 * FrameBatch.CAPACITY;
    /** Negative when the frame is not eligible. */
    static final int VERDICT = 11 * FrameBatch.CAPACITY;
    /** Flow key; the second word is {@link #INELIGIBLE} for a slow-path frame. */
    static final int K0 = 12 * FrameBatch.CAPACITY;
    static final int K1 = 13 * FrameBatch.CAPACITY;
    /** Highest bits first: total length 16 | L4 checksum 16 | IPv4 checksum 16 | protocol 8 | TTL 8. */
    static final int DIGEST = 14 * FrameBatch.CAPACITY;
    /** Highest bits first: hash 32 | TCP flags 8 (of UDP: anything) | 0 5 | partial checksum 1 | ECN 2 | ingress 16. */
    static final int TRAITS = 15 * FrameBatch.CAPACITY;

    // -- of each frame, by FlowLookupStage; then of those in one of the masks -----------------------------------------------------

    /** Address of the flow's entry, or {@link #NO_FLOW}. */
    static final int FLOW = 16 * FrameBatch.CAPACITY;

    /** The second word of the key in the flow's home slot. */
    static final int HOME_K1 = 17 * FrameBatch.CAPACITY;

    /** Eligible, of a known flow: finished on the fast path. */
    long ready;
    /** Received from the uplink. */
    long uplink;
    /** Ready, to leave through the tunnel. */
    long tunnel;
    /** Ready, to leave to a pod. */
    long local;
    /** Ready, to leave through the uplink without a tunnel. */
    long underlay;
    /** Ready, of TCP. */
    long segments;
    /** Ready, of a UDP flow whose state they may change: its first reply, and all until it is a stream. */
    long youngDatagrams;
    /** Ready, to leave through the uplink, with a partial checksum, which lacks the payload. */
    long incomplete;
    /** Ready, to leave to a pod, with a partial checksum. */
    long requests;

    /** By LocalRewriteStage: how many pods the local frames leave to, and the port and frames of each. */
    int localPorts;
    final int[] localPort = new int[FrameBatch.CAPACITY];
    final long[] localFrames = new long[FrameBatch.CAPACITY];

    // -- of ready frames, by FlowResolveStage -----------------------------------------------------------------------------------------

    /** Words of the flow's entry: {@code FlowEntry}. */
    static final int FLOW_K0 = 18 * FrameBatch.CAPACITY;
    static final int NEW_ADDRESSES = 19 * FrameBatch.CAPACITY;
    static final int PORTS_AND_DELTAS = 20 * FrameBatch.CAPACITY;
    /** Egress in the lower half, the flow's meta word in the upper. */
    static final int EGRESS_AND_META = 21 * FrameBatch.CAPACITY;
    /** The new words of the IPv4 header from TTL on, of 8 bytes each: the second one ends with the ports. */
    static final int NEW_HEADER1 = 22 * FrameBatch.CAPACITY;
    static final int NEW_HEADER2 = 23 * FrameBatch.CAPACITY;
    /** Where the L4 checksum is, and what it will be. */
    static final int CHECKSUM_AT = 24 * FrameBatch.CAPACITY;
    static final int NEW_CHECKSUM = 25 * FrameBatch.CAPACITY;
    /** The parts of a tunnel's headers that each packet has of its own: {@code TunnelHeaders.write}. */
    static final int OUTER_IPV4 = 26 * FrameBatch.CAPACITY;
    static final int OUTER_UDP = 27 * FrameBatch.CAPACITY;

    static final int ARRAYS = 28;

    /** All arrays: {@code words[ARRAY + frame]}. */
    final long[] words = new long[ARRAYS * FrameBatch.CAPACITY];

    /** Of a rewriting stage: the frames that it has not finished yet, in order; the first is the one it works on. Set by {@link #begin}. */
    long pending;
    /** Of a rewriting stage that works through its frames in groups: those of later groups. */
    long later;

    /** The frames of a batch. */
    static long all(int size) {
        return size == 0 ? 0 : -1L >>> -size;
    }

    static long bit(int frame) {
        return 1L << frame;
    }

    /** The first frame of a mask that is not empty. */
    static int first(long mask) {
        return Long.numberOfTrailingZeros(mask);
    }

    static long withoutFirst(long mask) {
        return mask & mask - 1;
    }

    /**
     * A rewriting stage begins, or begins again for what is left of its frames.
     *
     * @return those that it has to work through
     */
    long begin(long due) {
        pending = (pending | later) & due;
        later = 0;
        return pending;
    }

    /** The stage goes on to a group of its frames; others come after it. */
    void beginGroup(long group, long others) {
        pending = group;
        later = others;
    }

    /**
     * The stage has finished the first of {@code rest}.
     *
     * @return the others
     */
    long next(long rest) {
        pending = withoutFirst(rest);
        return pending;
    }

    /** No frame is ready. */
    void clearMasks() {
        localPorts = 0;
        ready = 0;
        tunnel = 0;
        local = 0;
        underlay = 0;
        segments = 0;
        youngDatagrams = 0;
        incomplete = 0;
        requests = 0;
    }

    /** A frame that was ready is so no longer. */
    void takeOut(int frame) {
        long others = ~bit(frame);
        pending &= others;
        later &= others;
        ready &= others;
        tunnel &= others;
        local &= others;
        underlay &= others;
        segments &= others;
        youngDatagrams &= others;
        incomplete &= others;
        requests &= others;
    }

    static int length(long digest) {
        return (int) (digest >>> LENGTH_SHIFT);
    }

    static int protocol(long digest) {
        return (int) digest >>> 8 & 0xFF;
    }
}
