package io.weft.dataplane.port.afxdp;

import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.ChunkOwners;
import io.weft.nativebindings.xdp.FillRing;
import io.weft.nativebindings.xdp.XskSocket;

/**
 * The chunks that a port lends to the kernel to receive into. Their number is small while the port is idle, grows up to the ring's size
 * under load, and shrinks when the pool runs low, so that the worker's other ports find free chunks.
 *
 * <p>Thread: one worker; any thread may call {@link #lent}. Allocation: none after construction.
 */
final class FillQueue {
    /** Chunks lent to an idle port. */
    private static final int FIRST_FILL = 512;
    /** Maximum number of chunks lent to a port while the pool runs low. */
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

    /** Refills the ring to its target, or, if the pool runs low, to {@link #MIN_FILL}. */
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

    /** Chunks that the kernel has now. */
    int lent() {
        return filled;
    }

    /** The kernel has returned this many chunks with frames. */
    void used(int chunks) {
        filled -= chunks;
    }

    /**
     * Raises the target because more frames wait than a batch holds. TCP keeps a whole receive window under way (thousands of frames), and
     * only drops would make it send less, so a busy port gets more chunks.
     */
    void grow() {
        if (target < ring.size() && pool.free() > pool.chunks() / POOL_SHARE_TO_GROW) {
            target = Math.min(ring.size(), target * 2);
        }
    }
}
