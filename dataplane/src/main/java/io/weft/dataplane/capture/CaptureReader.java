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
         * @param direction {@link CaptureFile#IN} or {@link CaptureFile#OUT}
         * @param reason ordinal of the {@link io.weft.dataplane.counters.DropReason}, or -1
         * @param length bytes that the frame has
         * @param bytes those that were captured
         */
        void accept(long timeNanos, int port, int direction, int reason, int length, byte[] bytes);
    }

    public CaptureReader(CaptureFile file) {
        for (int worker = 0; worker < file.workers(); worker++) {
            rings.add(file.ring(worker));
        }
    }

    /** @return how many frames there were; each worker's are in order */
    public int read(Consumer consumer) {
        int count = 0;
        for (OneToOneRingBuffer ring : rings) {
            count += ring.read((type, buffer, index, length) -> {
                byte[] bytes = new byte[length - CaptureFile.BYTES];
                buffer.getBytes(index + CaptureFile.BYTES, bytes);
                consumer.accept(buffer.getLong(index + CaptureFile.TIME), buffer.getInt(index + CaptureFile.PORT),
                    buffer.getInt(index + CaptureFile.DIRECTION), buffer.getInt(index + CaptureFile.REASON),
                    buffer.getInt(index + CaptureFile.LENGTH), bytes);
            }, LIMIT);
        }
        return count;
    }
}
