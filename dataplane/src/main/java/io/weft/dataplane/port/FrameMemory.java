package io.weft.dataplane.port;

import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FramePool;
import io.weft.nativebindings.linux.MappedMemory;

/**
 * The memory of all frames of one worker: the region, its free chunks, and the owners of the others. A {@link DeviceDriver} registers it
 * with devices.
 *
 * <p>Thread: the conductor; pool and owners belong to the worker. Cold code.
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

    /** The whole region; the first chunk starts at its first byte. */
    public MappedMemory region() {
        return region;
    }

    public FramePool pool() {
        return pool;
    }

    public ChunkOwners owners() {
        return owners;
    }

    /** Length in bytes of the longest IPv4 packet that fits into this many segments, after an Ethernet header and a VLAN tag. */
    public int longestPacket(int segments) {
        long bytes = (long) segments * (pool.chunkSize() - FramePool.HEADROOM) - LINK_HEADER;
        return (int) Math.min(bytes, LONGEST_IPV4);
    }

    /** Unmaps the region. Every device that uses it must be closed. */
    @Override
    public void close() {
        region.close();
    }
}
