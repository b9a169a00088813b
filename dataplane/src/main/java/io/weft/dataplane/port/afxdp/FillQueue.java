package io.weft.dataplane.port.afxdp;

import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.ChunkOwners;
import io.weft.nativebindings.xdp.FillRing;
import io.weft.nativebindings.xdp.XskSocket;

/**
 * The chunks that a port lends to the kernel to receive into, and how many: few while it is quiet, more while it is busy, up to its ring's size, and
 * always so that the worker's other ports find some.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
final class FillQueue {
    /** Chunks lent to a port that is quiet. */
    private static final int FIRST_FILL = 512;
    /** Chunks lent to any port while the pool runs low. */
    private static final int MIN_FILL = 64;
    private static final int POOL_SHARE_KEPT = 4;
    private static final int POOL_SHARE_TO_GROW = 2;

    private final int port;
    private final XskSocket socket;
    private final FillRing ring;
    private final FramePool pool;
    private final ChunkOwners owners;
    private final long base;
    private int target;
    private int filled;

    FillQueue(int port, XskSocket socket, FramePool pool, ChunkOwners owners) {
        this.port = port;
        this.socket = socket;
        this.pool = pool;
        this.owners = owners;
        base = socket.umem().address();
        ring = socket.fill();
        target = Math.min(ring.size(), FIRST_FILL);
    }

    /** Keeps the ring at its level, or, when the pool runs low, at one that leaves something for the other ports. */
    void refill() {
        boolean plenty = pool.free() > pool.chunks() / POOL_SHARE_KEPT;
        int wanted = Math.min((plenty ? target : Math.min(target, MIN_FILL)) - filled, pool.free());
        if (wanted <= 0) { return; }
        int slots = ring.reserve(wanted);
        for (int i = 0; i < slots; i++) {
            long chunk = pool.allocate();
            owners.take(chunk, port);
            ring.put(i, chunk - base);
        }
        ring.submit(slots);
        filled += slots;
        if (ring.needWakeup()) {
            socket.wakeReceive();
        }
    }

    /** So many chunks have come back with frames in them. */
    void used(int chunks) {
        filled -= chunks;
    }

    /**
     * More is waiting than a batch holds: TCP keeps a receive window under way (thousands of frames), and nothing but a drop would tell
     * it to send less, so a busy port gets room for it.
     */
    void grow() {
        if (target < ring.size() && pool.free() > pool.chunks() / POOL_SHARE_TO_GROW) {
            target = Math.min(ring.size(), target * 2);
        }
    }
}
