package io.weft.dataplane.port;

import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FramePool;
import io.weft.nativebindings.linux.MappedMemory;

/**
 * The memory that all frames of one worker lie in, its free chunks, and who holds the others. A {@link DeviceDriver} makes it known to the
 * devices.
 *
 * <p>Thread: the conductor; pool and owners are the worker's. Cold code.
 */
public final class FrameMemory implements AutoCloseable {
    private static final int LINK_HEADER = 18;
    private static final int LONGEST_IPV4 = 0xFFFF;

    private final MappedMemory region;
    private final FramePool pool;
    private final ChunkOwners owners;

    private FrameMemory(MappedMemory region, int chunks, ChunkLayout layout) {
        this.region = region;
        pool = new FramePool(region.address(), chunks, layout);
        owners = new ChunkOwners(pool);
    }

    public static FrameMemory allocate(int chunks, ChunkLayout layout) {
        return new FrameMemory(MappedMemory.anonymous(layout.bytes(chunks), true), chunks, layout);
    }

    /** All of it; the first chunk begins at its first byte. */
    public MappedMemory region() {
        return region;
    }

    public FramePool pool() {
        return pool;
    }

    public ChunkOwners owners() {
        return owners;
    }

    /** Bytes of the longest IPv4 packet that so many segments hold, behind an Ethernet header and a tag. */
    public int longestPacket(int segments) {
        long bytes = (long) segments * (pool.chunkSize() - FramePool.HEADROOM) - LINK_HEADER;
        return (int) Math.min(bytes, LONGEST_IPV4);
    }

    /** Once every device is closed that knows it. */
    @Override
    public void close() {
        region.close();
    }
}
