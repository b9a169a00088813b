package io.weft.dataplane.port;

import io.weft.dataplane.counters.PortCounter;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameChains;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.encap.memory.Memory;

/**
 * A port without a device, for tests, benchmarks and the warm-up. The program {@link #offer}s the frames to receive, and {@link #take}s
 * those sent, unless {@link Sent} says otherwise.
 *
 * <p>Allocation: only in {@link #take}.
 */
public final class MemoryPort implements Port {
    /** What happens to sent frames. */
    public enum Sent {
        /** They wait for {@link #take}. When {@code capacity} of them wait, the port accepts no more. */
        CAPTURED,
        /** Their chunks are freed at once. */
        RECYCLED,
        /** Their chunks belong to the caller. */
        FORGOTTEN
    }

    /**
     * A copy of a sent frame.
     *
     * @param checksum the {@link ChecksumRequest}
     */
    @SuppressWarnings("ArrayRecordComponent") // tests compare the bytes themselves
    public record SentFrame(byte[] bytes, long checksum) {
    }

    private final int id;
    private final FramePool pool;
    private final FrameChains chains;
    private final WorkerCounters counters;
    private final Sent sent;
    private final FrameQueue received;
    private final FrameQueue captured;
    private boolean offeredChains;
    private int maxSegments = Integer.MAX_VALUE;

    /** @param capacity of each direction; a power of two */
    public MemoryPort(int id, FramePool pool, WorkerCounters counters, Sent sent, int capacity) {
        this.id = id;
        this.pool = pool;
        chains = pool.chains();
        this.counters = counters;
        this.sent = sent;
        received = new FrameQueue(capacity);
        captured = new FrameQueue(capacity);
    }

    // -- the other end -----------------------------------------------------------------------------------------------

    /**
     * Makes the port receive a copy of a frame in chunks from the pool. As the kernel does, it leaves headroom and fills each chunk.
     *
     * @return false if there are too few chunks or no room
     */
    public boolean offer(byte[] frame) {
        int room = pool.chunkSize() - FramePool.HEADROOM;
        if (received.isFull() || pool.free() < Math.max(1, Math.ceilDiv(frame.length, room))) { return false; }
        long head = fill(frame, 0, Math.min(frame.length, room));
        if (frame.length > room) {
            offeredChains = true;
            chains.begin(head, room);
            long last = head;
            for (int from = room; from < frame.length; from += room) {
                int bytes = Math.min(frame.length - from, room);
                long at = fill(frame, from, bytes);
                chains.append(last, at, bytes);
                last = at;
            }
        }
        return received.add(head, frame.length, ChecksumRequest.NONE);
    }

    private long fill(byte[] frame, int from, int bytes) {
        long at = pool.allocate() + FramePool.HEADROOM;
        Memory.copyIn(frame, from, at, bytes);
        return at;
    }

    /** Sets {@link #maxSegments} from now on. */
    public void limitSegments(int max) {
        maxSegments = max;
    }

    /** Makes the port receive a frame that is in one chunk already. */
    public boolean offer(long at, int length) {
        return received.add(at, length, ChecksumRequest.NONE);
    }

    /** @return the next captured frame, whose chunk is freed; null if there is none */
    public SentFrame take() {
        if (captured.size() == 0) { return null; }
        long at = captured.at();
        byte[] bytes = new byte[captured.length()];
        int copied = 0;
        for (long segment = at; copied < bytes.length; segment = chains.next(segment)) {
            int count = chains.segment(segment, bytes.length - copied);
            Memory.copyOut(segment, bytes, copied, count);
            copied += count;
        }
        SentFrame frame = new SentFrame(bytes, captured.checksum());
        captured.remove();
        chains.free(at);
        return frame;
    }

    // -- Port --------------------------------------------------------------------------------------------------------

    @Override
    public int id() {
        return id;
    }

    @Override
    public int receive(FrameBatch into) {
        int count = Math.min(into.room(), received.size());
        long bytes = 0;
        for (int n = 0; n < count; n++) {
            bytes += received.length();
            receiveOne(into, received.at(), received.length());
            received.remove();
        }
        counters.port(id, PortCounter.RX_FRAMES, count);
        counters.port(id, PortCounter.RX_BYTES, bytes);
        return count;
    }

    private void receiveOne(FrameBatch into, long at, int length) {
        if (offeredChains && chains.isChain(at)) {
            into.addChain(at, length, id, chains);
        } else {
            into.add(at, length, id);
        }
        into.checkHeadroom(pool);
    }

    @Override
    public int transmit(FrameBatch batch, FrameList frames) {
        int accepted = sent == Sent.FORGOTTEN ? frames.size : accept(batch, frames);
        long bytes = 0;
        for (int n = 0; n < accepted; n++) {
            bytes += batch.length[frames.index[n]];
        }
        counters.port(id, PortCounter.TX_FRAMES, accepted);
        counters.port(id, PortCounter.TX_BYTES, bytes);
        counters.port(id, PortCounter.TX_REFUSED, frames.size - accepted);
        return accepted;
    }

    private int accept(FrameBatch batch, FrameList frames) {
        int accepted = 0;
        while (accepted < frames.size && accept(batch, frames.index[accepted])) {
            accepted++;
        }
        return accepted;
    }

    private boolean accept(FrameBatch batch, int frame) {
        if (sent == Sent.CAPTURED) { return captured.add(batch.at[frame], batch.length[frame], batch.checksum[frame]); }
        chains.free(batch.at[frame]);
        return true;
    }

    @Override
    public int maxSegments() {
        return maxSegments;
    }

    @Override
    public void flush() {
        // Nothing to flush.
    }

    @Override
    public int reclaim() {
        return reclaim(received) + reclaim(captured);
    }

    private int reclaim(FrameQueue frames) {
        int chunks = 0;
        for (; frames.size() > 0; frames.remove()) {
            chunks += chains.chunks(frames.at());
            chains.free(frames.at());
        }
        return chunks;
    }
}
