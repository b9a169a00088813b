package io.weft.encap.hash;

/**
 * Hash of a flow key. All 32 bits are usable: the low ones as a table index, all of them to choose a backend, 14 of them for a tunnel's
 * source port. The two directions of a flow have different hashes. The hash is the same on every node and after a restart.
 *
 * <p>One multiplication spreads the addresses, then the SplitMix64 finaliser mixes them with the ports. Its first xor-shift is needed
 * because source ports are the top bits of {@code k1}: a multiplication alone would leave them there. Each step is a bijection of the
 * 64-bit state, so keys that differ only in {@code k0} or only in {@code k1} have different states. Java has no way to use the CRC32
 * instruction for a few bytes.
 */
public final class FlowHash {
    /** The three factors of {@link #hash}, for code that computes it in vector lanes. */
    public static final long GOLDEN_RATIO = 0x9E37_79B9_7F4A_7C15L;
    public static final long MIX_1 = 0xBF58_476D_1CE4_E5B9L;
    public static final long MIX_2 = 0x94D0_49BB_1331_11EBL;

    private FlowHash() {
    }

    /**
     * @param k0 addresses
     * @param k1 ports, protocol, zone
     */
    public static int hash(long k0, long k1) {
        long h = k0 * GOLDEN_RATIO;
        h ^= h >>> 32 ^ k1;
        h = (h ^ h >>> 30) * MIX_1;
        h = (h ^ h >>> 27) * MIX_2;
        return (int) (h >>> 32);
    }
}
