package io.weft.dataplane.port.afxdp;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.PortCounter;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameChains;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.ChunkOwners;
import io.weft.dataplane.port.FrameMemory;
import io.weft.dataplane.port.PollablePort;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.xdp.CompletionRing;
import io.weft.nativebindings.xdp.FillRing;
import io.weft.nativebindings.xdp.RxRing;
import io.weft.nativebindings.xdp.TxMetadata;
import io.weft.nativebindings.xdp.TxRing;
import io.weft.nativebindings.xdp.XdpDescriptor;
import io.weft.nativebindings.xdp.XskSocket;
import io.weft.nativebindings.xdp.XskStatistics;

/**
 * A queue of a network device through an AF_XDP socket on the worker's frame memory.
 *
 * <p>The socket is bound by the conductor. Its rings belong to the worker from the moment the port is assigned to it until it has stopped
 * using it; then the conductor closes the socket ({@link #close}) and the worker takes the chunks back ({@link #reclaim}).
 *
 * <p>Thread: as said; {@link #failure} may be asked by any. Allocation: none in the worker's methods.
 */
public final class AfXdpPort implements PollablePort {
    /** A frame that the kernel did not take is offered again after this time: a wake-up may have been lost. */
    private static final long KICK_AGAIN_NANOS = 1_000_000;
    private static final long KICK_DOWN_NANOS = 100_000_000;
    private static final int MAX_DESCRIPTORS = FrameMemory.MAX_DESCRIPTORS;
    /** Chunks lent to a port that is quiet; a busy one is lent more, up to its ring's size. */
    private static final int FIRST_FILL = 512;
    private static final int MIN_FILL = 64;
    private static final int POOL_SHARE_KEPT = 4;
    private static final int POOL_SHARE_TO_GROW = 2;

    private final int id;
    private final XskSocket socket;
    private final boolean txMetadata;
    private final int maxSegments;
    private final FramePool pool;
    private final FrameChains chains;
    private final ChunkOwners owners;
    private final WorkerCounters counters;
    private final long base;
    private final FillRing fill;
    private final CompletionRing completion;
    private final RxRing rx;
    private final TxRing tx;
    private final XskStatistics statistics = new XskStatistics();
    /** Descriptors to look at for each frame that there is room for: 1 as long as no chains come. */
    private int descriptorsAFrame = 1;
    /** In the middle of a frame of too many descriptors. */
    private boolean skipping;
    private int fillTarget;
    private int filled;
    private int outstanding;
    private boolean kickDue;
    private boolean down;
    private long lastKickNanos;

    // Written by the worker, read by the conductor, who closes the port then: no order with anything else is needed.
    private volatile int failure;

    /**
     * @param socket bound, with all four rings, on a UMEM of the pool's memory
     * @param txMetadata whether that UMEM was registered for checksum requests
     * @param multiBuffer whether the socket was bound for frames of several descriptors
     */
    public AfXdpPort(int id, XskSocket socket, boolean txMetadata, boolean multiBuffer, FramePool pool,
        ChunkOwners owners, WorkerCounters counters) {
        this.id = id;
        this.socket = socket;
        this.txMetadata = txMetadata;
        this.pool = pool;
        maxSegments = multiBuffer ? MAX_DESCRIPTORS : 1;
        chains = pool.chains();
        this.owners = owners;
        this.counters = counters;
        base = socket.umem().address();
        fill = socket.fill();
        fillTarget = Math.min(fill.size(), FIRST_FILL);
        completion = socket.completion();
        rx = socket.rx();
        tx = socket.tx();
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public int descriptor() {
        return socket.fd();
    }

    @Override
    public int outstanding() {
        return outstanding;
    }

    @Override
    public int maxSegments() {
        return maxSegments;
    }

    @Override
    public boolean hasUnsent() {
        return outstanding > 0 && failure == 0 && !down && tx.outstanding() > 0;
    }

    /** 0, or the positive errno with which the device ended: ENXIO, ENODEV. */
    public int failure() {
        return failure;
    }

    // -- receive -----------------------------------------------------------------------------------------------------

    @Override
    public int receive(FrameBatch into) {
        refill();
        int available = rx.peek(into.room() * descriptorsAFrame);
        if (available == 0) { return 0; }
        descriptorsAFrame = 1;
        int taken = 0;
        int frames = 0;
        long bytes = 0;
        while (taken < available && into.room() > 0) {
            if (isWhole(taken)) {
                bytes += accept(into, taken);
                taken++;
                frames++;
                continue;
            }
            descriptorsAFrame = MAX_DESCRIPTORS;
            available = rx.peek(taken + (into.room() + 1) * MAX_DESCRIPTORS);
            int descriptors = chainLength(taken, available);
            if (descriptors == 0) {
                break; // its end has not been seen yet
            }
            frames += skipping ? 0 : 1;
            bytes += acceptChain(into, taken, descriptors);
            taken += descriptors;
        }
        rx.release(taken);
        filled -= taken;
        if (into.room() == 0) {
            growFill();
        }
        counters.port(id, PortCounter.RX_FRAMES, frames);
        counters.port(id, PortCounter.RX_BYTES, bytes);
        return frames;
    }

    /** Where the part of a frame lies that a descriptor tells. */
    private long received(int descriptor) {
        return base + XdpDescriptor.unalignedOffset(rx.address(descriptor));
    }

    private boolean isWhole(int descriptor) {
        return (rx.options(descriptor) & XdpDescriptor.XDP_PKT_CONTD) == 0 && !skipping;
    }

    /** Descriptors of the frame that begins at {@code first}, and at most those that a frame may have; 0 when its end is not there yet. */
    private int chainLength(int first, int available) {
        int end = Math.min(available, first + MAX_DESCRIPTORS);
        for (int i = first; i < end; i++) {
            if ((rx.options(i) & XdpDescriptor.XDP_PKT_CONTD) == 0) { return i - first + 1; }
        }
        return end - first == MAX_DESCRIPTORS ? MAX_DESCRIPTORS : 0;
    }

    private int accept(FrameBatch into, int descriptor) {
        long at = received(descriptor);
        int length = rx.length(descriptor);
        owners.release(at);
        into.add(at, length, id);
        return length;
    }

    private int acceptChain(FrameBatch into, int first, int descriptors) {
        boolean cut = (rx.options(first + descriptors - 1) & XdpDescriptor.XDP_PKT_CONTD) != 0;
        if (cut || skipping || rx.length(first) < FrameChains.MIN_HEAD) {
            int bytes = refuse(first, descriptors);
            skipping = cut;
            return bytes;
        }
        long head = received(first);
        int bytes = rx.length(first);
        owners.release(head);
        chains.begin(head, bytes);
        long last = head;
        for (int i = first + 1; i < first + descriptors; i++) {
            long at = received(i);
            owners.release(at);
            chains.append(last, at, rx.length(i));
            bytes += rx.length(i);
            last = at;
        }
        into.addChain(head, bytes, id, chains);
        return bytes;
    }

    /** Drops a frame, or the rest of one. */
    private int refuse(int first, int descriptors) {
        int bytes = 0;
        for (int i = first; i < first + descriptors; i++) {
            long at = received(i);
            bytes += rx.length(i);
            owners.release(at);
            pool.free(at);
        }
        if (!skipping) {
            counters.add(FrameTotal.RECEIVED, 1);
            counters.drop(DropReason.TOO_BIG, 1);
            counters.port(id, PortCounter.RX_DROPPED, 1);
        }
        return bytes;
    }

    /**
     * More is waiting than a batch holds: TCP keeps a receive window under way (thousands of frames), and nothing but a drop would tell
     * it to send less, so a busy port gets room for it.
     */
    private void growFill() {
        if (fillTarget < fill.size() && pool.free() > pool.chunks() / POOL_SHARE_TO_GROW) {
            fillTarget = Math.min(fill.size(), fillTarget * 2);
        }
    }

    /** Keeps the fill ring at its level, or, when the pool runs low, at one that leaves something for the other ports. */
    private void refill() {
        boolean plenty = pool.free() > pool.chunks() / POOL_SHARE_KEPT;
        int wanted = Math.min((plenty ? fillTarget : Math.min(fillTarget, MIN_FILL)) - filled, pool.free());
        if (wanted <= 0) { return; }
        int slots = fill.reserve(wanted);
        for (int i = 0; i < slots; i++) {
            long chunk = pool.allocate();
            owners.take(chunk, id);
            fill.put(i, chunk - base);
        }
        fill.submit(slots);
        filled += slots;
        if (fill.needWakeup()) {
            socket.wakeReceive();
        }
    }

    // -- transmit ----------------------------------------------------------------------------------------------------

    @Override
    public int transmit(FrameBatch batch, FrameList frames) {
        int accepted = batch.chains == null ? transmitWhole(batch, frames) : transmitChains(batch, frames);
        counters.port(id, PortCounter.TX_FRAMES, accepted);
        counters.port(id, PortCounter.TX_REFUSED, frames.size - accepted);
        return accepted;
    }

    private int transmitWhole(FrameBatch batch, FrameList frames) {
        int slots = failure == 0 ? tx.reserve(frames.size) : 0;
        long bytes = 0;
        for (int i = 0; i < slots; i++) {
            int frame = frames.index[i];
            long at = batch.at[frame];
            int length = batch.length[frame];
            tx.put(i, at - base, length, options(at, length, batch.checksum[frame]));
            owners.take(at, id);
            bytes += length;
        }
        submit(slots, bytes);
        return slots;
    }

    /** As {@link #transmitWhole}; a frame has room for all of its segments or is not accepted. */
    private int transmitChains(FrameBatch batch, FrameList frames) {
        int slots = failure == 0 ? tx.reserve(tx.size()) : 0;
        int used = 0;
        int accepted = 0;
        long bytes = 0;
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
        submit(used, bytes);
        return accepted;
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
            tx.put(slot++, segment - base, bytes, headOptions | (remaining > 0 ? XdpDescriptor.XDP_PKT_CONTD : 0));
            owners.take(segment, id);
            headOptions = 0;
            segment = following;
        }
        if (segment != 0) {
            chains.free(segment);
        }
    }

    private void submit(int slots, long bytes) {
        tx.submit(slots);
        outstanding += slots;
        kickDue |= slots > 0;
        counters.port(id, PortCounter.TX_BYTES, bytes);
    }

    /** A request of the frame's first descriptor. */
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

    /** What the kernel would do: a sum of 0 is sent as 0xFFFF, which is the same number and not UDP's "no checksum". */
    private void complete(long l4, int length, int offset) {
        int checksum = ~InternetChecksum.fold(chains.sum(l4, length)) & 0xFFFF;
        Memory.putU16(l4 + offset, checksum == 0 ? 0xFFFF : checksum);
    }

    @Override
    public void flush() {
        if (outstanding == 0) { return; }
        if (kickDue || isStuck()) {
            kick();
        }
        collect();
    }

    private boolean isStuck() {
        long wait = down ? KICK_DOWN_NANOS : KICK_AGAIN_NANOS;
        return failure == 0 && System.nanoTime() - lastKickNanos > wait && tx.outstanding() > 0;
    }

    private void kick() {
        kickDue = false;
        if (failure != 0 || !tx.needWakeup()) { return; }
        lastKickNanos = System.nanoTime();
        int result = socket.kick();
        if (result == -Errno.EAGAIN || result == -Errno.EBUSY || result == -Errno.ENOBUFS) {
            kickDue = true; // more remains: the next turn goes on
        } else if (result == -Errno.ENXIO || result == -Errno.ENODEV) {
            failure = -result;
        }
        down = result == -Errno.ENETDOWN;
    }

    private void collect() {
        int done = completion.peek(completion.size());
        for (int i = 0; i < done; i++) {
            long at = base + completion.at(i);
            owners.release(at);
            pool.free(at);
        }
        completion.release(done);
        outstanding -= done;
    }

    // -- end ---------------------------------------------------------------------------------------------------------

    /** Copies the kernel's counters of the socket; the conductor's timer. */
    public void readStatistics() {
        if (statistics.read(socket) == 0) {
            counters.setPort(id, PortCounter.XDP_RX_DROPPED, statistics.rxDropped());
            counters.setPort(id, PortCounter.XDP_RX_INVALID, statistics.rxInvalidDescriptors());
            counters.setPort(id, PortCounter.XDP_TX_INVALID, statistics.txInvalidDescriptors());
            counters.setPort(id, PortCounter.XDP_RX_RING_FULL, statistics.rxRingFull());
            counters.setPort(id, PortCounter.XDP_FILL_RING_EMPTY, statistics.fillRingEmpty());
            counters.setPort(id, PortCounter.XDP_TX_RING_EMPTY, statistics.txRingEmpty());
        }
    }

    /** Conductor, once the worker does not use the port any more: releases the queue. */
    public void close() {
        socket.close();
    }

    /**
     * Worker, after {@link #close}: takes back every chunk that was on the rings or in the kernel.
     *
     * @return how many
     */
    public int reclaim() {
        outstanding = 0;
        filled = 0;
        return owners.reclaim(id);
    }
}
