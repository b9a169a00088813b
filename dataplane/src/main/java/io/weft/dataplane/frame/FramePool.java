package io.weft.dataplane.frame;

import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.tunnel.Encapsulation;

/**
 * The free chunks of one worker's frame memory, last in, first out, so that the next frame uses a chunk that is still in the cache. The
 * address of its first byte identifies a chunk; any address inside can be converted to it.
 *
 * <p>Thread: one worker. Allocation: none after construction. Errors: {@link #free} throws if more chunks are freed than exist, because
 * then one was freed twice.
 */
public final class FramePool {
    /**
     * Headroom with which a UMEM is registered, in addition to the kernel's: the most that a tunnel adds in front of a frame. So outer headers fill one whole cache
     * line, which reception has already touched, and the IPv4 header of a pod's packet starts the next.
     */
    public static final int EXTRA_HEADROOM = Encapsulation.MAX_LENGTH - EthernetHeader.LENGTH;
    /** Bytes before a received frame: XDP_PACKET_HEADROOM, {@code <linux/bpf.h>}, and {@link #EXTRA_HEADROOM}. */
    public static final int HEADROOM = 256 + EXTRA_HEADROOM;

    private final long[] free;
    private final long base;
    private final ChunkLayout layout;
    private final long stride;
    /**
     * 2^64 / stride, rounded up. The upper half of an offset times this is exactly the chunk's number, because the offset is less than 2^64
     * / stride.
     */
    private final long reciprocal;
    private final FrameChains chains;
    private int size;

    /**
     * Contains all chunks of a region.
     *
     * @param base aligned to the chunk size
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

    /** @return a chunk's first byte, or 0 if none is free */
    public long allocate() {
        return size == 0 ? 0 : free[--size];
    }

    /** Frees the chunk that contains {@code address}. The chunk must not be part of a chain. */
    public void free(long address) {
        free[size++] = chunk(address);
    }

    /** First byte of the chunk that contains {@code address}. */
    public long chunk(long address) {
        return chunkAt(index(address));
    }

    /** Number of the chunk that contains {@code address}, from 0. */
    public int index(long address) {
        return (int) Math.multiplyHigh(address - base, reciprocal);
    }

    /** First byte of a chunk, given its number. */
    public long chunkAt(int index) {
        return base + index * stride;
    }

    /** Whether the {@code bytes} before {@code address} are in the same chunk. */
    public boolean hasHeadroom(long address, int bytes) {
        return address - chunk(address) >= bytes;
    }

    /** The chains of frames that are longer than a chunk. */
    public FrameChains chains() {
        return chains;
    }

    public int free() {
        return size;
    }

    public int chunks() {
        return free.length;
    }

    /** Bytes of a chunk that the kernel may use. */
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
