package io.weft.dataplane.port;

import io.weft.dataplane.counters.PortCounter;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.encap.memory.Memory;

/**
 * A port whose other end is the program itself: for tests, benchmarks and the warm-up. Frames to be received are {@link #offer}ed; sent ones wait
 * to be {@link #take}n, or are gone at once.
 *
 * <p>Allocation: none, but for {@link #take}.
 */
public final class MemoryPort implements Port {
    /** What becomes of sent frames. */
    public enum Sent {
        /** They wait for {@link #take}; when {@code capacity} of them wait, no more are accepted. */
        CAPTURED,
        /** Their chunks go back to the pool at once. */
        RECYCLED,
        /** Their chunks are the caller's. */
        FORGOTTEN
    }

    /**
     * A sent frame, copied.
     *
     * @param checksum the {@link ChecksumRequest}
     */
    @SuppressWarnings("ArrayRecordComponent") // for tests, which compare the bytes by themselves
    public record SentFrame(byte[] bytes, long checksum) {
    }

    private final int id;
    private final FramePool pool;
    private final WorkerCounters counters;
    private final Sent sent;
    private final FrameQueue received;
    private final FrameQueue captured;
    private long lastChecksum;

    /** @param capacity of each direction; a power of two */
    public MemoryPort(int id, FramePool pool, WorkerCounters counters, Sent sent, int capacity) {
        this.id = id;
        this.pool = pool;
        this.counters = counters;
        this.sent = sent;
        received = new FrameQueue(capacity);
        captured = new FrameQueue(capacity);
    }

    // -- the other end -----------------------------------------------------------------------------------------------

    /**
     * Lets the port receive a copy of a frame, in a chunk from the pool.
     *
     * @return false when there is no chunk or no room
     */
    public boolean offer(byte[] frame) {
        long chunk = received.isFull() ? 0 : pool.take();
        if (chunk == 0) { return false; }
        Memory.copyIn(frame, 0, chunk + FramePool.HEADROOM, frame.length);
        return received.add(chunk + FramePool.HEADROOM, frame.length, ChecksumRequest.NONE);
    }

    /** Lets the port receive a frame that lies in a chunk already. */
    public boolean offer(long at, int length) {
        return received.add(at, length, ChecksumRequest.NONE);
    }

    /** @return the next captured frame, whose chunk goes back to the pool, or null */
    public SentFrame take() {
        if (captured.size() == 0) { return null; }
        long at = captured.at();
        byte[] bytes = new byte[captured.length()];
        Memory.copyOut(at, bytes, 0, bytes.length);
        SentFrame frame = new SentFrame(bytes, captured.checksum());
        captured.remove();
        pool.give(at);
        return frame;
    }

    /** The {@link ChecksumRequest} of the frame that was sent last. */
    public long lastChecksum() {
        return lastChecksum;
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
            into.add(received.at(), received.length(), id);
            received.remove();
        }
        counters.port(id, PortCounter.RX_FRAMES, count);
        counters.port(id, PortCounter.RX_BYTES, bytes);
        return count;
    }

    @Override
    public int transmit(FrameBatch batch, FrameList frames) {
        int accepted = 0;
        long bytes = 0;
        while (accepted < frames.size && accept(batch, frames.index[accepted])) {
            bytes += batch.length[frames.index[accepted++]];
        }
        counters.port(id, PortCounter.TX_FRAMES, accepted);
        counters.port(id, PortCounter.TX_BYTES, bytes);
        counters.port(id, PortCounter.TX_REFUSED, frames.size - accepted);
        return accepted;
    }

    private boolean accept(FrameBatch batch, int frame) {
        lastChecksum = batch.checksum[frame];
        if (sent == Sent.CAPTURED) { return captured.add(batch.at[frame], batch.length[frame], batch.checksum[frame]); }
        if (sent == Sent.RECYCLED) {
            pool.give(batch.at[frame]);
        }
        return true;
    }

    @Override
    public void flush() {
        // Nothing waits.
    }

    @Override
    public int outstanding() {
        return captured.size();
    }
}
