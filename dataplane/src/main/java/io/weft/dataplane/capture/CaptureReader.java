package io.weft.dataplane.capture;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;

/** Takes captured frames out of the rings. Thread: one, of the command line. */
public final class CaptureReader {
    private static final int LIMIT = 256;

    private final List<OneToOneRingBuffer> rings = new ArrayList<>();

    /** A captured frame. */
    @FunctionalInterface
    public interface Consumer {
        /**
         * @param timeNanos since 1970
         * @param direction {@link CaptureMessage#IN} or {@link CaptureMessage#OUT}
         * @param reason ordinal of the {@link io.weft.dataplane.counters.DropReason}, or -1
         * @param length bytes that the frame has
         * @param bytes those that were captured
         */
        void accept(long timeNanos, int port, int direction, int reason, int length, byte[] bytes);
    }

    public CaptureReader(RingFile file) {
        for (int worker = 0; worker < file.workers(); worker++) {
            rings.add(file.ring(worker));
        }
    }

    /** @return how many frames there were; each worker's are in order */
    public int read(Consumer consumer) {
        int count = 0;
        for (OneToOneRingBuffer ring : rings) {
            count += ring.read((type, buffer, index, length) -> {
                byte[] bytes = new byte[length - CaptureMessage.BYTES];
                buffer.getBytes(index + CaptureMessage.BYTES, bytes);
                consumer.accept(buffer.getLong(index + CaptureMessage.TIME), buffer.getInt(index + CaptureMessage.PORT),
                    buffer.getInt(index + CaptureMessage.DIRECTION), buffer.getInt(index + CaptureMessage.REASON),
                    buffer.getInt(index + CaptureMessage.LENGTH), bytes);
            }, LIMIT);
        }
        return count;
    }
}
