package io.weft.dataplane.frame;

/**
 * The free chunks of one worker's frame memory, last in, first out, so that the next frame lies in a chunk that is still in the cache.
 * A chunk is known by the address of its first byte; any address inside leads back to it.
 *
 * <p>Thread: one worker. Allocation: none after construction. Errors: {@link #free} of more chunks than there are throws, because a chunk
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
    private final ChunkLayout layout;
    private final long stride;
    /** 2^64 / stride, rounded up: an offset times this is the chunk's number in its upper half, exactly, as the offset is less than 2^64 / stride. */
    private final long reciprocal;
    private final FrameChains chains;
    private int size;

    /**
     * Holds all chunks of a region.
     *
     * @param base aligned to a chunk's size
     */
    public FramePool(long base, int chunks, ChunkLayout layout) {
        if ((base & layout.chunkSize() - 1) != 0) {
            throw new IllegalArgumentException(
                "chunks of " + layout.chunkSize() + " bytes at 0x" + Long.toHexString(base));
        }
        this.base = base;
        this.layout = layout;
        stride = layout.stride();
        reciprocal = Long.divideUnsigned(-1, stride) + 1;
        free = new long[chunks];
        for (int i = chunks - 1; i >= 0; i--) {
            free[size++] = chunkAt(i);
        }
        chains = new FrameChains(this);
    }

    /** @return a chunk's first byte, or 0 when none is free */
    public long allocate() {
        return size == 0 ? 0 : free[--size];
    }

    /** Takes back the chunk that {@code address} lies in; it is no part of a chain. */
    public void free(long address) {
        free[size++] = chunk(address);
    }

    /** The first byte of the chunk that {@code address} lies in. */
    public long chunk(long address) {
        return chunkAt(index(address));
    }

    /** Number of the chunk that {@code address} lies in, from 0 on. */
    public int index(long address) {
        return (int) Math.multiplyHigh(address - base, reciprocal);
    }

    /** The first byte of a chunk, by its number. */
    public long chunkAt(int index) {
        return base + index * stride;
    }

    /** Whether {@code bytes} before {@code address} lie in the same chunk. */
    public boolean hasHeadroom(long address, int bytes) {
        return address - chunk(address) >= bytes;
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

    /** Bytes that the kernel may use of a chunk. */
    public int chunkSize() {
        return layout.chunkSize();
    }

    public ChunkLayout layout() {
        return layout;
    }

    public long base() {
        return base;
    }
}
