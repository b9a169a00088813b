package io.weft.dataplane.frame;

/**
 * How chunks lie in a worker's frame memory.
 *
 * <p>A cache finds the set of a line by the address's lower bits: 6 to 11 in a first-level cache of 64 sets, as x86 and ARM processors have it. The kernel
 * puts every frame at the same place of its chunk; if chunks begin at multiples of 2048 or 4096 bytes, the headers of a whole batch compete for two
 * sets or one, of 8 or 12 lines each, and drive each other out between one stage and the next. {@link #spread} chunks begin two lines further
 * each, so that a batch's headers use all sets.
 *
 * @param chunkSize bytes that the kernel may use of a chunk: 2048 or 4096
 * @param stride bytes from one chunk's beginning to the next one's
 */
public record ChunkLayout(int chunkSize, int stride) {
    /** Strides are multiples of 2^7 bytes. */
    public static final int UNIT_SHIFT = 7;

    /** The line with a tunnel's outer headers, and the one with IPv4 and L4 headers ({@link FramePool#EXTRA_HEADROOM}). */
    private static final int HEADER_LINES = 1 << UNIT_SHIFT;

    public ChunkLayout {
        if (Integer.bitCount(chunkSize) != 1 || stride < chunkSize || stride % HEADER_LINES != 0) {
            throw new IllegalArgumentException("chunks of " + chunkSize + " bytes, " + stride + " apart");
        }
    }

    /** What devices without copies need: a chunk is in one page. */
    public static ChunkLayout aligned(int chunkSize) {
        return new ChunkLayout(chunkSize, chunkSize);
    }

    /** For sockets that copy; a UMEM has to be registered for unaligned chunks (Linux 5.4). */
    public static ChunkLayout spread(int chunkSize) {
        return new ChunkLayout(chunkSize, chunkSize + HEADER_LINES);
    }

    public boolean isAligned() { return stride == chunkSize; }

    /** Whole chunks in so many bytes. */
    public int chunksIn(long bytes) {
        return Math.toIntExact(bytes / stride);
    }

    /** Bytes that so many chunks take. */
    public long bytes(int chunks) {
        return (long) chunks * stride;
    }
}
