package io.weft.dataplane.node;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;

/**
 * What the stages of the short way tell each other of each frame: eight words a frame, so that a later stage finds in the nearest cache what it
 * would have to fetch from the frame again.
 *
 * <pre>
 *   0  k0
 *   1  k1, or {@link #NOT_PLAIN}
 *   2  first byte of the (inner) IPv4 header; 0: not plain
 *   3  flow's line; 0: none
 *   4  total length 16 | L4 checksum 16 | IPv4 checksum 16 | protocol 8 | TTL 8
 *   5  hash 32 | TCP flags 8 | partial checksum 1 | ECN 2 (from bit 16) | ingress 16
 *   6  until {@link PlainInput} bytes of the frame from the (inner) IPv4 header on; from {@link PlainRewrite} on the egress' index
 * </pre>
 *
 * <p>Highest bits first; checksums, and the half of TTL and protocol, as they lie in memory. Thread: one worker. Allocation: none after
 * construction.
 */
final class PlainFrames {
    static final int WORDS = 8;
    static final int K0 = 0;
    static final int K1 = 1;
    static final int IP = 2;
    static final int FLOW = 3;
    static final int DIGEST = 4;
    static final int TRAITS = 5;
    static final int REMAINING = 6;
    static final int EGRESS = 6;

    /** Protocol 255 in no zone that is used: no key. */
    static final long NOT_PLAIN = -1;

    static final int HASH_SHIFT = 32;
    static final int L4_CHECKSUM_SHIFT = 32;
    static final int LENGTH_SHIFT = 48;
    static final int INGRESS_MASK = 0xFFFF;
    static final int ECN_SHIFT = 16;
    static final int PARTIAL_SHIFT = 18;
    static final int PARTIAL = 1 << PARTIAL_SHIFT;
    static final int TCP_FLAGS_SHIFT = 24;

    final long[] words = new long[FrameBatch.CAPACITY * WORDS];

    /** Received from the uplink. */
    final FrameList uplink = new FrameList();
    /** Rewritten, to leave through the tunnel. */
    final FrameList tunnel = new FrameList();
    /** Rewritten, to leave to a pod. */
    final FrameList local = new FrameList();
    /** Rewritten, of TCP. */
    final FrameList segments = new FrameList();
    /** Rewritten, to leave through the tunnel, with a checksum that lacks the payload. */
    final FrameList incomplete = new FrameList();

    /** What was thrown last, or null. */
    Throwable lastFailure;

    void begin() {
        uplink.clear();
        tunnel.clear();
        local.clear();
        segments.clear();
        incomplete.clear();
    }

    /** Leaves all frames to the nodes, before any was changed. */
    void refuse(int size) {
        uplink.clear();
        for (int frame = 0; frame < size; frame++) {
            words[frame * WORDS + IP] = 0;
            words[frame * WORDS + K1] = NOT_PLAIN;
        }
    }

    /** Takes out a rewritten frame that is dropped because of this. Not for a stage that works on one of these lists. */
    void fail(int frame, Throwable failure) {
        lastFailure = failure;
        tunnel.remove(frame);
        local.remove(frame);
        incomplete.remove(frame);
    }

    static int length(long digest) {
        return (int) (digest >>> LENGTH_SHIFT);
    }

    static int protocol(long digest) {
        return (int) digest >>> 8 & 0xFF;
    }
}
