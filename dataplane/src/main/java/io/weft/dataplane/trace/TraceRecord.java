package io.weft.dataplane.trace;

import io.weft.dataplane.capture.RingFile;
import io.weft.encap.memory.Memory;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;

/**
 * The message about one frame, while it is written: in memory of its own, because a place in the ring has a fixed length.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
final class TraceRecord {
    private final OneToOneRingBuffer ring;
    private final long lostAt;
    private final UnsafeBuffer buffer = new UnsafeBuffer(
        BufferUtil.allocateDirectAligned(TraceMessage.MAX_LENGTH, Long.BYTES));
    private final long epochOffsetNanos = System.currentTimeMillis() * 1_000_000 - System.nanoTime();
    private int length;

    TraceRecord(OneToOneRingBuffer ring, long lostAt) {
        this.ring = ring;
        this.lostAt = lostAt;
    }

    /** Begins with a frame as it was received. */
    void begin(int port, long at, int frameLength, int contiguous, long nowNanos) {
        buffer.putLong(TraceMessage.TIME, epochOffsetNanos + nowNanos);
        buffer.putInt(TraceMessage.PORT, port);
        buffer.putInt(TraceMessage.REASON, TraceMessage.NOT_DROPPED);
        buffer.putInt(TraceMessage.LENGTH, frameLength);
        buffer.putInt(TraceMessage.SENT, 0);
        buffer.putInt(TraceMessage.SENT_COPIED, 0);
        int copied = copy(TraceMessage.HEADER, at, contiguous);
        buffer.putInt(TraceMessage.COPIED, copied);
        length = TraceMessage.HEADER + TraceMessage.aligned(copied);
    }

    void dropped(int reason) {
        buffer.putInt(TraceMessage.REASON, reason);
    }

    /** A frame that has left. */
    void sent(int port, long at, int frameLength, int contiguous, boolean checksumRequested) {
        buffer.putInt(TraceMessage.SENT, buffer.getInt(TraceMessage.SENT) + 1);
        if (buffer.getInt(TraceMessage.SENT_COPIED) == TraceMessage.MAX_SENT) { return; }
        buffer.putInt(TraceMessage.SENT_COPIED, buffer.getInt(TraceMessage.SENT_COPIED) + 1);
        buffer.putInt(length + TraceMessage.SENT_PORT, port);
        buffer.putInt(length + TraceMessage.SENT_FLAGS, checksumRequested ? TraceMessage.CHECKSUM_REQUESTED : 0);
        buffer.putInt(length + TraceMessage.SENT_LENGTH, frameLength);
        int copied = copy(length + TraceMessage.SENT_HEADER, at, contiguous);
        buffer.putInt(length + TraceMessage.SENT_BYTES_COPIED, copied);
        length += TraceMessage.SENT_HEADER + TraceMessage.aligned(copied);
    }

    /** @param nodes a bit for each */
    void end(long nodes, boolean fastPath) {
        buffer.putLong(TraceMessage.NODES, nodes);
        buffer.putInt(TraceMessage.FLAGS, fastPath ? TraceMessage.FAST_PATH : 0);
        if (!ring.write(TraceMessage.TYPE, buffer, 0, length)) {
            countLost();
        }
    }

    void countLost() {
        RingFile.countLost(lostAt);
    }

    private int copy(int to, long at, int contiguous) {
        int copied = Math.min(contiguous, TraceMessage.SNAP_LENGTH);
        Memory.copy(at, buffer.addressOffset() + to, copied);
        return copied;
    }
}
