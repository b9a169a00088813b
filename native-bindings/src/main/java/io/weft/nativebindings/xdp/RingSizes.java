package io.weft.nativebindings.xdp;

/**
 * Number of entries of each ring of a socket: a power of two, or 0 for a ring that is not created. A socket needs fill and completion rings
 * unless it shares a UMEM on the same device and queue. It needs a receive ring, a transmit ring, or both.
 */
public record RingSizes(int fill, int completion, int rx, int tx) {
    public RingSizes {
        requirePowerOfTwo("fill", fill);
        requirePowerOfTwo("completion", completion);
        requirePowerOfTwo("rx", rx);
        requirePowerOfTwo("tx", tx);
        if (rx == 0 && tx == 0) {
            throw new IllegalArgumentException("a socket needs an rx ring or a tx ring: both sizes are 0");
        }
    }

    /** The same size for all four rings. */
    public static RingSizes all(int entries) {
        return new RingSizes(entries, entries, entries, entries);
    }

    private static void requirePowerOfTwo(String ring, int entries) {
        if (entries < 0 || (entries & (entries - 1)) != 0) {
            throw new IllegalArgumentException("the " + ring + " ring's size must be a power of two, not " + entries);
        }
    }
}
