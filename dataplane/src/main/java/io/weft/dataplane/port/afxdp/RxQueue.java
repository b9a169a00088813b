package io.weft.dataplane.port.afxdp;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.PortCounter;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameChains;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.ChunkOwners;
import io.weft.nativebindings.xdp.RxRing;
import io.weft.nativebindings.xdp.XdpDescriptor;
import io.weft.nativebindings.xdp.XskSocket;

/**
 * The receive side of a port. It turns descriptors into frames of one or more segments, and refills the chunks that they use.
 *
 * <p>Thread: one worker; any thread may call {@link #lent}. Allocation: none after construction.
 */
final class RxQueue {
    private final int port;
    private final RxRing ring;
    private final FillQueue fill;
    private final FramePool pool;
    private final FrameChains chains;
    private final ChunkOwners owners;
    private final WorkerCounters counters;
    private final long base;
    /** Descriptors to peek per frame that fits into the batch: 1 while no chains arrive. */
    private int descriptorsPerFrame = 1;
    /** Whether the next descriptors continue a frame with too many descriptors, which is being dropped. */
    private boolean skipping;
    /** First byte of a chain that is not in the batch yet, or 0. */
    private long incomplete;

    RxQueue(int port, XskSocket socket, FramePool pool, ChunkOwners owners, WorkerCounters counters) {
        this.port = port;
        this.pool = pool;
        this.owners = owners;
        this.counters = counters;
        chains = pool.chains();
        base = socket.umem().address();
        ring = socket.rx();
        fill = new FillQueue(port, socket, pool, owners);
    }

    /** Chunks that the kernel has, to receive into. */
    int lent() {
        return fill.lent();
    }

    /** See {@link io.weft.dataplane.port.Port#receive}. */
    int receive(FrameBatch into) {
        fill.refill();
        int available = ring.peek(into.room() * descriptorsPerFrame);
        if (available == 0) { return 0; }
        descriptorsPerFrame = 1;
        int taken = 0;
        int frames = 0;
        long bytes = 0;
        try {
            while (taken < available && into.room() > 0) {
                if (isWhole(taken)) {
                    bytes += accept(into, taken);
                    taken++;
                    frames++;
                    continue;
                }
                descriptorsPerFrame = AfXdpPort.MAX_DESCRIPTORS;
                available = ring.peek(taken + (into.room() + 1) * AfXdpPort.MAX_DESCRIPTORS);
                int descriptors = chainLength(taken, available);
                if (descriptors == 0) {
                    break; // its end has not been seen yet
                }
                boolean wasSkipping = skipping;
                bytes += acceptChain(into, taken, descriptors);
                frames += wasSkipping ? 0 : 1;
                taken += descriptors;
            }
        } catch (RuntimeException | AssertionError | InternalError e) {
            frames += skipping ? 0 : 1;
            taken += discard(taken, available);
            throw e;
        } finally {
            finish(taken, frames, bytes, into);
        }
        return frames;
    }

    private void finish(int taken, int frames, long bytes, FrameBatch into) {
        ring.release(taken);
        fill.used(taken);
        if (into.room() == 0) {
            fill.grow();
        }
        counters.port(port, PortCounter.RX_FRAMES, frames);
        counters.port(port, PortCounter.RX_BYTES, bytes);
    }

    /**
     * After an exception: drops the frame that begins at {@code first}, and frees those of its chunks that are known.
     *
     * @return its descriptors
     */
    private int discard(int first, int available) {
        if (incomplete != 0) {
            chains.free(incomplete);
            incomplete = 0;
        }
        int end = first;
        boolean goesOn = true;
        while (goesOn && end < available) {
            goesOn = (ring.options(end) & XdpDescriptor.XDP_PKT_CONTD) != 0;
            long at = received(end++);
            if (owners.has(at, port)) {
                owners.release(at);
                pool.free(at);
            }
        }
        if (!skipping) {
            countDropped(DropReason.INTERNAL_ERROR);
        }
        skipping = goesOn;
        return end - first;
    }

    /** Address of a descriptor's data. */
    private long received(int descriptor) {
        return base + XdpDescriptor.unalignedOffset(ring.address(descriptor));
    }

    private boolean isWhole(int descriptor) {
        return (ring.options(descriptor) & XdpDescriptor.XDP_PKT_CONTD) == 0 && !skipping;
    }

    /**
     * Number of descriptors of the frame that starts at {@code first}, up to the maximum of a frame; 0 if its last one has not arrived yet.
     */
    private int chainLength(int first, int available) {
        int end = Math.min(available, first + AfXdpPort.MAX_DESCRIPTORS);
        for (int i = first; i < end; i++) {
            if ((ring.options(i) & XdpDescriptor.XDP_PKT_CONTD) == 0) { return i - first + 1; }
        }
        return end - first == AfXdpPort.MAX_DESCRIPTORS ? AfXdpPort.MAX_DESCRIPTORS : 0;
    }

    private int accept(FrameBatch into, int descriptor) {
        long at = received(descriptor);
        int length = ring.length(descriptor);
        owners.release(at);
        into.add(at, length, port);
        into.checkHeadroom(pool);
        return length;
    }

    private int acceptChain(FrameBatch into, int first, int descriptors) {
        boolean cut = (ring.options(first + descriptors - 1) & XdpDescriptor.XDP_PKT_CONTD) != 0;
        if (cut || skipping || ring.length(first) < FrameChains.MIN_HEAD) {
            int bytes = refuse(first, descriptors);
            skipping = cut;
            return bytes;
        }
        long head = received(first);
        int bytes = ring.length(first);
        owners.release(head);
        chains.begin(head, bytes);
        incomplete = head;
        long last = head;
        for (int i = first + 1; i < first + descriptors; i++) {
            long at = received(i);
            owners.release(at);
            chains.append(last, at, ring.length(i));
            bytes += ring.length(i);
            last = at;
        }
        incomplete = 0;
        into.addChain(head, bytes, port, chains);
        into.checkHeadroom(pool);
        return bytes;
    }

    /** Drops a frame, or the rest of a frame that was cut. */
    private int refuse(int first, int descriptors) {
        int bytes = 0;
        for (int i = first; i < first + descriptors; i++) {
            long at = received(i);
            bytes += ring.length(i);
            owners.release(at);
            pool.free(at);
        }
        if (!skipping) {
            countDropped(DropReason.TOO_BIG);
        }
        return bytes;
    }

    private void countDropped(DropReason reason) {
        counters.add(FrameTotal.RECEIVED, 1);
        counters.drop(port, reason);
        counters.port(port, PortCounter.RX_DROPPED, 1);
    }
}
