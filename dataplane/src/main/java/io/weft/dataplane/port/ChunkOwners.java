package io.weft.dataplane.port;

import io.weft.dataplane.frame.FramePool;

/**
 * Which port of a worker holds each chunk of its frame memory, on one of its rings or in its device. A closed port leaves chunks in all of
 * these, and the rings do not show which; this index finds them.
 *
 * <p>Thread: the worker. Allocation: none after construction.
 */
public final class ChunkOwners {
    private static final short NO_OWNER = 0;

    private final short[] owner;
    private final FramePool pool;

    public ChunkOwners(FramePool pool) {
        owner = new short[pool.chunks()];
        this.pool = pool;
    }

    /** The port takes the chunk that contains {@code address}. */
    public void take(long address, int port) {
        owner[index(address)] = (short) (port + 1);
    }

    /** The port passes on the chunk that contains {@code address}. */
    public void release(long address) {
        owner[index(address)] = NO_OWNER;
    }

    /** Whether {@code address}, which may be any number, lies in a chunk that the port owns. */
    public boolean has(long address, int port) {
        int index = index(address);
        return index >= 0 && index < owner.length && owner[index] == port + 1
            && Long.compareUnsigned(address - pool.chunkAt(index), pool.layout().stride()) < 0;
    }

    /**
     * Frees all chunks of a closed port.
     *
     * @return the number of chunks freed
     */
    public int reclaim(int port) {
        int found = 0;
        for (int i = 0; i < owner.length; i++) {
            if (owner[i] == port + 1) {
                owner[i] = NO_OWNER;
                pool.free(pool.chunkAt(i));
                found++;
            }
        }
        return found;
    }

    private int index(long address) {
        return pool.index(address);
    }
}
