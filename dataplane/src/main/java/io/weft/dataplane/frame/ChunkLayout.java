package io.weft.dataplane.frame;

/**
 * How chunks are laid out in a worker's frame memory.
 *
 * <p>A cache selects the set of a line by low bits of the address: bits 6 to 11 in a first-level cache of 64 sets, as in x86 and ARM
 * processors. The kernel puts every frame at the same offset in its chunk. If chunks start at multiples of 2048 or 4096 bytes, the headers
 * of a whole batch compete for two sets or one, of 8 or 12 lines each, and evict each other between one stage and the next. With
 * {@link #spread} each chunk starts two cache lines further on, so that a batch's headers use all sets.
 *
 * @param chunkSize bytes of a chunk that the kernel may use: 2048 or 4096
 * @param stride bytes from the start of one chunk to the next
 */
public record ChunkLayout(int chunkSize, int stride) {
    /** The cache line with a tunnel's outer headers, and the one with IPv4 and L4 headers ({@link FramePool#EXTRA_HEADROOM}). In bytes. */
    private static final int HEADER_LINES = 128;

    public ChunkLayout {
        if (Integer.bitCount(chunkSize) != 1 || stride < chunkSize || stride % HEADER_LINES != 0) {
            throw new IllegalArgumentException("chunks of " + chunkSize + " bytes, " + stride + " apart");
        }
    }

    /** Required by zero-copy devices: a chunk is inside one page. */
    public static ChunkLayout aligned(int chunkSize) {
        return new ChunkLayout(chunkSize, chunkSize);
    }

    /** For sockets in copy mode; the UMEM must be registered for unaligned chunks (Linux 5.4). */
    public static ChunkLayout spread(int chunkSize) {
        return new ChunkLayout(chunkSize, chunkSize + HEADER_LINES);
    }

    public boolean isAligned() { return stride == chunkSize; }

    /** Number of whole chunks in this many bytes. */
    public int chunksIn(long bytes) {
        return Math.toIntExact(bytes / stride);
    }

    /** Bytes that this many chunks occupy. */
    public long bytes(int chunks) {
        return (long) chunks * stride;
    }
}
