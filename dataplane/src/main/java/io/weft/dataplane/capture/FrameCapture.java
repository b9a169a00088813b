package io.weft.dataplane.capture;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.DropObserver;
import io.weft.encap.memory.Memory;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;

/**
 * Copies matching frames of one worker into its ring. A received frame is claimed in the ring at once, and committed at the end of the loop
 * iteration, so that the reason for which the graph drops it meanwhile stands in the same message. A frame for which the ring has no room is
 * counted, not waited for.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class FrameCapture implements DropObserver {
    /** More received frames than this are committed before their fate is known. */
    private static final int MAX_PENDING = 1024;

    private final FramePool pool;
    private final OneToOneRingBuffer ring;
    private final AtomicBuffer buffer;
    private final long lostAt;
    private final FrameFilter filter;
    private final int snapLength;
    private final boolean dropsOnly;
    private final long epochOffsetNanos;
    private final int[] pendingIndex = new int[MAX_PENDING];
    private final int[] pendingChunk = new int[MAX_PENDING];
    private int pending;

    /** @param worker index of the worker */
    FrameCapture(RingFile file, int worker, FramePool pool, CaptureRequest request, FrameFilter filter) {
        this.pool = pool;
        ring = file.ring(worker);
        buffer = ring.buffer();
        lostAt = file.lostAt(worker);
        this.filter = filter;
        snapLength = request.snapLength();
        dropsOnly = request.dropsOnly();
        epochOffsetNanos = System.currentTimeMillis() * 1_000_000 - System.nanoTime();
    }

    /**
     * A frame that the port has received into the batch.
     *
     * @param bytes of it that are contiguous
     */
    void received(FrameBatch batch, int frame, int bytes, long nowNanos) {
        if (!filter.matches(batch.port[frame], batch.at[frame], bytes)) { return; }
        if (pending == MAX_PENDING) {
            publish();
        }
        int index = claim(batch.port[frame], CaptureMessage.IN, batch.at[frame], batch.length[frame], bytes, nowNanos);
        if (index >= 0) {
            pendingIndex[pending] = index;
            pendingChunk[pending++] = pool.index(batch.at[frame]);
        }
    }

    /** A frame that a port has sent. */
    void sent(int port, long at, int length, int bytes, long nowNanos) {
        if (dropsOnly || !filter.matches(port, at, bytes)) { return; }
        int index = claim(port, CaptureMessage.OUT, at, length, bytes, nowNanos);
        if (index >= 0) {
            ring.commit(index);
        }
    }

    @Override
    public void dropped(FrameBatch batch, int frame, DropReason reason, boolean answered) {
        int chunk = pool.index(batch.at[frame]);
        for (int i = pending - 1; i >= 0; i--) { // the last: a chunk may have been used again within the iteration
            if (pendingChunk[i] == chunk) {
                buffer.putInt(pendingIndex[i] + CaptureMessage.REASON, reason.ordinal());
                return;
            }
        }
        if (!answered) {
            droppedLater(batch, frame, reason);
        }
    }

    /** A frame that was held, or that Weft itself has made: as it is now. */
    private void droppedLater(FrameBatch batch, int frame, DropReason reason) {
        int bytes = batch.contiguous(frame);
        if (!filter.matches(batch.port[frame], batch.at[frame], bytes)) { return; }
        int index = claim(batch.port[frame], CaptureMessage.IN, batch.at[frame], batch.length[frame], bytes,
            System.nanoTime());
        if (index >= 0) {
            buffer.putInt(index + CaptureMessage.REASON, reason.ordinal());
            ring.commit(index);
        }
    }

    /** End of an iteration: the frames that were received in it can be read. */
    void publish() {
        for (int i = 0; i < pending; i++) {
            int index = pendingIndex[i];
            if (dropsOnly && buffer.getInt(index + CaptureMessage.REASON) == CaptureMessage.NOT_DROPPED) {
                ring.abort(index);
            } else {
                ring.commit(index);
            }
        }
        pending = 0;
    }

    private int claim(int port, int direction, long at, int length, int bytes, long nowNanos) {
        int copied = Math.min(Math.min(bytes, length), snapLength);
        int index = ring.tryClaim(CaptureMessage.TYPE, CaptureMessage.BYTES + copied);
        if (index < 0) {
            RingFile.countLost(lostAt);
            return index;
        }
        buffer.putLong(index + CaptureMessage.TIME, epochOffsetNanos + nowNanos);
        buffer.putInt(index + CaptureMessage.PORT, port);
        buffer.putInt(index + CaptureMessage.DIRECTION, direction);
        buffer.putInt(index + CaptureMessage.REASON, CaptureMessage.NOT_DROPPED);
        buffer.putInt(index + CaptureMessage.LENGTH, length);
        Memory.copy(at, buffer.addressOffset() + index + CaptureMessage.BYTES, copied);
        return index;
    }
}
