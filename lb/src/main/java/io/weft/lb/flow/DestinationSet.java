package io.weft.lb.flow;

import java.util.Arrays;

/**
 * A set of destination addresses in the form in which the flow table can be searched for them: the table has a 16-bit tag of each flow's
 * destination ({@link #tag}), and this is a set of tags. It may contain more addresses than were added, so the caller compares those of the
 * flows that it finds.
 *
 * <p>Its 8 KiB stay in the L1 cache during a search. Mutable. Thread: one. Allocation: once.
 */
public final class DestinationSet {
    static final int TAG_BITS = 16;
    static final int TAG_MASK = (1 << TAG_BITS) - 1;
    private static final int SPREAD = 0x9E37_79B9; // 2^32 over the golden ratio
    private static final int LOOPBACK = 127;
    private static final int LOOPBACK_TAG = 1;
    private static final int FIRST_TAG = 2;
    private static final int NO_TAG = 0;

    private final long[] tags = new long[(1 << TAG_BITS) / Long.SIZE];

    /**
     * The tag of an address, 1 to 65,535. All of 127.0.0.0/8 has the same: a hostPort may serve every one of these addresses. 0 is the tag of
     * a slot that no flow's forward entry has used yet.
     */
    static int tag(int address) {
        return address >>> Integer.SIZE - Byte.SIZE == LOOPBACK ? LOOPBACK_TAG
            : Math.max(FIRST_TAG, address * SPREAD >>> Integer.SIZE - TAG_BITS);
    }

    public void add(int address) {
        int tag = tag(address);
        tags[tag >>> 6] |= 1L << tag;
    }

    public void addEverything() {
        Arrays.fill(tags, -1);
        tags[0] &= ~(1L << NO_TAG);
    }

    public void clear() {
        Arrays.fill(tags, 0);
    }

    /** @param tag in the lower 16 bits */
    boolean containsTag(int tag) {
        return (bit(tag) & 1) != 0;
    }

    /**
     * Whether any of four tags in a word is in the set. Without branches: which slots have tags is random, and a mispredicted branch costs as
     * much as ten of these tests.
     */
    boolean containsAny(long four) {
        long bits = bit((int) four) | bit((int) (four >>> TAG_BITS)) | bit((int) (four >>> 2 * TAG_BITS))
            | bit((int) (four >>> 3 * TAG_BITS));
        return (bits & 1) != 0;
    }

    /** In the lowest bit; the others are random. */
    private long bit(int tag) {
        return tags[(tag & TAG_MASK) >>> 6] >>> tag;
    }
}
