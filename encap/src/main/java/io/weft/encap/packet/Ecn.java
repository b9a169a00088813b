package io.weft.encap.packet;

/** The two ECN bits of the TOS byte (RFC 3168) and how a tunnel copies them (RFC 6040). */
public final class Ecn {
    public static final int NOT_ECT = 0;
    public static final int ECT_1 = 1;
    public static final int ECT_0 = 2;
    public static final int CE = 3;
    /** The ECN bits of a TOS byte. */
    public static final int MASK = 3;
    /** Result of {@link #decapsulate}: the packet met congestion, but its transport does not support ECN, so it must be dropped. */
    public static final int DROP = -1;

    /** RFC 6040 figure 4, one nibble per case at index inner * 4 + outer; 0xF stands for drop. */
    private static final long DECAPSULATED = 0x3333_3212_3111_F000L;

    private Ecn() {
    }

    public static int of(int tos) {
        return tos & MASK;
    }

    /** Outer TOS of a packet that enters a tunnel in normal mode: the inner ECN bits and the DSCP of {@code dscpTos}. */
    public static int encapsulate(int dscpTos, int innerTos) {
        return dscpTos & ~MASK | innerTos & MASK;
    }

    /**
     * ECN bits of the inner packet after decapsulation.
     *
     * @param outerTos TOS byte of the outer header; only its ECN bits count
     * @param innerTos TOS byte of the inner header; only its ECN bits count
     * @return the ECN bits to put into the inner header, or {@link #DROP}
     */
    public static int decapsulate(int outerTos, int innerTos) {
        int shift = ((innerTos & MASK) << 2 | outerTos & MASK) << 2;
        int nibble = (int) (DECAPSULATED >>> shift) & 0xF;
        return nibble == 0xF ? DROP : nibble;
    }
}
