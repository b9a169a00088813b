package io.weft.nativebindings.xdp;

/**
 * Entries of each ring of a socket: powers of two, or 0 for a ring that is not made. A socket needs fill and completion rings
 * unless it shares a UMEM on the same device and queue, and receive or transmit or both.
 */
public record RingSizes(int fill, int completion, int rx, int tx) {
    public RingSizes {
        requirePowerOfTwo("fill", fill);
        requirePowerOfTwo("completion", completion);
        requirePowerOfTwo("rx", rx);
        requirePowerOfTwo("tx", tx);
        if (rx == 0 && tx == 0) { throw new IllegalArgumentException("a socket needs an rx or a tx ring"); }
    }

    /** All four of one size. */
    public static RingSizes all(int entries) {
        return new RingSizes(entries, entries, entries, entries);
    }

    private static void requirePowerOfTwo(String ring, int entries) {
        if (entries < 0 || (entries & (entries - 1)) != 0) {
            throw new IllegalArgumentException("the " + ring + " ring's size is not a power of two: " + entries);
        }
    }
}
