package io.weft.dataplane.port.afxdp;

import io.weft.dataplane.counters.PortCounter;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameChains;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.ChunkOwners;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.xdp.CompletionRing;
import io.weft.nativebindings.xdp.TxMetadata;
import io.weft.nativebindings.xdp.TxRing;
import io.weft.nativebindings.xdp.XdpDescriptor;
import io.weft.nativebindings.xdp.XskSocket;

/**
 * The transmit side of a port. It turns frames into descriptors, notifies the kernel once per batch, and frees completed chunks.
 *
 * <p>Thread: one worker; any thread may call {@link #failure} and {@link #outstanding}. Allocation: none after construction.
 */
final class TxQueue {
    /** Time after which a frame that the kernel did not take is offered again, because a wake-up may have been lost. */
    private static final long KICK_AGAIN_NANOS = 1_000_000;
    private static final long KICK_DOWN_NANOS = 100_000_000;

    private final int port;
    private final XskSocket socket;
    private final TxRing ring;
    private final CompletionRing completion;
    private final boolean txMetadata;
    private final FramePool pool;
    private final FrameChains chains;
    private final ChunkOwners owners;
    private final WorkerCounters counters;
    private final long base;
    /** Descriptors that were submitted and not yet completed. */
    private int outstanding;
    private boolean kickDue;
    private boolean down;
    private long lastKickNanos;
    /** Thrown after frames were accepted, so it waits for {@link #flush}; usually null. */
    private Throwable deferred;

    // Written by the worker, read by the conductor, which then closes the port. No other data depends on it, so it needs no order.
    private volatile int failure;

    /** @param txMetadata whether the UMEM was registered for checksum requests */
    TxQueue(int port, XskSocket socket, boolean txMetadata, FramePool pool, ChunkOwners owners,
        WorkerCounters counters) {
        this.port = port;
        this.socket = socket;
        this.txMetadata = txMetadata;
        this.pool = pool;
        this.owners = owners;
        this.counters = counters;
        chains = pool.chains();
        base = socket.umem().address();
        ring = socket.tx();
        completion = socket.completion();
    }

    /** The positive errno that showed that the device is gone (ENXIO, ENODEV), or 0. */
    int failure() {
        return failure;
    }

    /** Chunks that were submitted and not yet completed. */
    int outstanding() {
        return outstanding;
    }

    boolean hasUnsent() {
        return outstanding > 0 && failure == 0 && !down && ring.outstanding() > 0;
    }

    // -- transmit ----------------------------------------------------------------------------------------------------

    /** See {@link io.weft.dataplane.port.Port#transmit}. */
    int transmit(FrameBatch batch, FrameList frames) {
        int accepted = batch.chains == null ? transmitWhole(batch, frames) : transmitChains(batch, frames);
        counters.port(port, PortCounter.TX_FRAMES, accepted);
        counters.port(port, PortCounter.TX_REFUSED, frames.size - accepted);
        return accepted;
    }

    private int transmitWhole(FrameBatch batch, FrameList frames) {
        int slots = failure == 0 ? ring.reserve(frames.size) : 0;
        long bytes = 0;
        int accepted = 0;
        try {
            while (accepted < slots) {
                int frame = frames.index[accepted];
                long at = batch.at[frame];
                int length = batch.length[frame];
                ring.put(accepted, at - base, length, options(at, length, batch.checksum[frame]));
                owners.take(at, port);
                bytes += length;
                accepted++;
            }
        } catch (RuntimeException | AssertionError | InternalError e) {
            defer(e, accepted);
        }
        submit(accepted, bytes);
        return accepted;
    }

    /** Like {@link #transmitWhole}, for chains. A frame is accepted only if the ring has room for all its segments. */
    private int transmitChains(FrameBatch batch, FrameList frames) {
        int slots = failure == 0 ? ring.reserve(ring.size()) : 0;
        int used = 0;
        int accepted = 0;
        long bytes = 0;
        try {
            while (accepted < frames.size) {
                int frame = frames.index[accepted];
                long at = batch.at[frame];
                int length = batch.length[frame];
                int segments = chains.segments(at, length);
                if (segments > slots - used) {
                    break;
                }
                put(used, at, length, options(at, length, batch.checksum[frame]));
                used += segments;
                bytes += length;
                accepted++;
            }
        } catch (RuntimeException | AssertionError | InternalError e) {
            defer(e, accepted);
        }
        submit(used, bytes);
        return accepted;
    }

    /** Throws it when no frame was accepted; else those that were are sent, the others refused, and {@link #flush} throws. */
    private void defer(Throwable fault, int accepted) {
        deferred = fault;
        if (accepted == 0) {
            throwDeferred();
        }
    }

    private void throwDeferred() {
        Throwable fault = deferred;
        deferred = null;
        throw new IllegalStateException("port " + port + " failed to send a frame", fault);
    }

    /** What belongs to the frame goes to the ring, and what lies behind its end back to the pool. */
    private void put(int firstSlot, long at, int length, int options) {
        int slot = firstSlot;
        int remaining = length;
        int headOptions = options;
        long segment = at;
        while (remaining > 0) {
            int bytes = chains.segment(segment, remaining);
            long following = chains.unlink(segment);
            remaining -= bytes;
            ring.put(slot++, segment - base, bytes, headOptions | (remaining > 0 ? XdpDescriptor.XDP_PKT_CONTD : 0));
            owners.take(segment, port);
            headOptions = 0;
            segment = following;
        }
        if (segment != 0) {
            chains.free(segment);
        }
    }

    private void submit(int slots, long bytes) {
        ring.submit(slots);
        outstanding += slots;
        kickDue |= slots > 0;
        counters.port(port, PortCounter.TX_BYTES, bytes);
    }

    /** Options of the frame's first descriptor, for a checksum request. */
    private int options(long at, int length, long request) {
        if (request == ChecksumRequest.NONE) { return 0; }
        int start = ChecksumRequest.start(request);
        int offset = ChecksumRequest.offset(request);
        if (txMetadata) {
            TxMetadata.requestChecksum(at, start, offset);
            return XdpDescriptor.XDP_TX_METADATA;
        }
        complete(at + start, length - start, offset);
        return 0;
    }

    /** Does what the kernel would do: a sum of 0 is sent as 0xFFFF, which is the same number but not UDP's "no checksum". */
    private void complete(long l4, int length, int offset) {
        int checksum = ~InternetChecksum.fold(chains.sum(l4, length)) & 0xFFFF;
        Memory.putU16(l4 + offset, checksum == 0 ? 0xFFFF : checksum);
    }

    // -- completion --------------------------------------------------------------------------------------------------

    /** See {@link io.weft.dataplane.port.Port#flush}. */
    void flush() {
        if (outstanding == 0) { return; }
        if (kickDue || isStuck()) {
            kick();
        }
        collect();
        if (deferred != null) {
            throwDeferred();
        }
    }

    private boolean isStuck() {
        long wait = down ? KICK_DOWN_NANOS : KICK_AGAIN_NANOS;
        return failure == 0 && System.nanoTime() - lastKickNanos > wait && ring.outstanding() > 0;
    }

    private void kick() {
        kickDue = false;
        if (failure != 0 || !ring.needWakeup()) { return; }
        lastKickNanos = System.nanoTime();
        int result = socket.kick();
        if (result == -Errno.EAGAIN || result == -Errno.EBUSY || result == -Errno.ENOBUFS) {
            kickDue = true; // frames remain: the next flush continues
        } else if (result == -Errno.ENXIO || result == -Errno.ENODEV) {
            failure = -result;
        }
        down = result == -Errno.ENETDOWN;
    }

    private void collect() {
        int done = completion.peek(completion.size());
        int collected = 0;
        try {
            while (collected < done) {
                long at = base + completion.at(collected++);
                owners.release(at);
                pool.free(at);
            }
        } finally { // else they would be freed again
            completion.release(collected);
            outstanding -= collected;
        }
    }
}
