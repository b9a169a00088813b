package io.weft.lb.flow;

/**
 * Values of a slot's k1 that are not keys: the protocol is 0, the zone's bits hold the kind, the ports' bits hold a number.
 * {@link FlowTable} draws the transitions.
 */
final class SlotMark {
    private static final int CLAIMED = 1;
    private static final int DELETED = 2;
    private static final int FREE = 3;
    private static final long KIND_MASK = 0xFFFF_FFFFL;
    private static final int NUMBER_SHIFT = 32;

    private SlotMark() {
    }

    /** Claimed for a key with this fingerprint; searches do not find it yet. */
    static long claimed(int fingerprint) {
        return mark(CLAIMED, fingerprint);
    }

    /** Deleted in this epoch; 0 if the epoch is not recorded yet. */
    static long deleted(long epoch) {
        return mark(DELETED, (int) epoch);
    }

    /** Claimable; free since this epoch, 0 if the epoch is not recorded yet. */
    static long free(long epoch) {
        return mark(FREE, (int) epoch);
    }

    static boolean isKey(long word) {
        return FlowKey.protocol(word) != 0;
    }

    static boolean isDeleted(long word) {
        return (word & KIND_MASK) == DELETED;
    }

    static boolean isFree(long word) {
        return (word & KIND_MASK) == FREE;
    }

    static boolean isClaimable(long word) {
        return word == FlowTable.EMPTY || isFree(word);
    }

    static boolean hasEpoch(long word) {
        return (int) (word >>> NUMBER_SHIFT) != 0;
    }

    /** The full number of the epoch whose low 32 bits the mark holds, given the current epoch. */
    static long epoch(long word, long current) {
        return current - ((int) current - (int) (word >>> NUMBER_SHIFT) & 0xFFFF_FFFFL);
    }

    private static long mark(int kind, int number) {
        return (long) number << NUMBER_SHIFT | kind;
    }
}
