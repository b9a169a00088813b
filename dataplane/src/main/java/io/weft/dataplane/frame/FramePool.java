package io.weft.dataplane.frame;

/**
 * The free chunks of one worker's frame memory, last in, first out, so that the next frame lies in a chunk that is still in the cache.
 * A chunk is known by the address of its first byte; any address inside leads back to it by a mask.
 *
 * <p>Thread: one worker. Allocation: none after construction. Errors: {@link #give} of more chunks than there are throws, because a chunk
 * was given twice.
 */
public final class FramePool {
    /**
     * What a UMEM is registered with on top of the kernel's own: as many bytes as the outer headers of a tunnel have (RFC 7348 section 5). So these are
     * put into one whole cache line, which reception has touched already, and a pod's IPv4 header begins the next.
     */
    public static final int EXTRA_HEADROOM = 50;
    /** Bytes before a received frame: XDP_PACKET_HEADROOM, {@code <linux/bpf.h>}, and {@link #EXTRA_HEADROOM}. */
    public static final int HEADROOM = 256 + EXTRA_HEADROOM;

    private final long[] free;
    private final long base;
    private final int chunkSize;
    private final FrameChains chains;
    private int size;

    /**
     * Holds all chunks of a region.
     *
     * @param base aligned to {@code chunkSize}
     * @param chunkSize a power of two
     */
    public FramePool(long base, int chunks, int chunkSize) {
        if (Integer.bitCount(chunkSize) != 1 || (base & (chunkSize - 1)) != 0) {
            throw new IllegalArgumentException("chunks of " + chunkSize + " bytes at 0x" + Long.toHexString(base));
        }
        this.base = base;
        this.chunkSize = chunkSize;
        free = new long[chunks];
        for (int i = chunks - 1; i >= 0; i--) {
            free[size++] = base + (long) i * chunkSize;
        }
        chains = new FrameChains(this);
    }

    /** @return a chunk's first byte, or 0 when none is free */
    public long take() {
        return size == 0 ? 0 : free[--size];
    }

    /** Takes back the chunk that {@code address} lies in; it is no part of a chain. */
    public void give(long address) {
        free[size++] = address & -chunkSize;
    }

    /** The first byte of the chunk that {@code address} lies in. */
    public long chunk(long address) {
        return address & -chunkSize;
    }

    /** Frames of several chunks. */
    public FrameChains chains() {
        return chains;
    }

    public int free() {
        return size;
    }

    public int chunks() {
        return free.length;
    }

    public int chunkSize() {
        return chunkSize;
    }

    public long base() {
        return base;
    }
}
