package io.weft.dataplane.capture.command;

import io.weft.dataplane.capture.CaptureReader;
import io.weft.dataplane.capture.RingFile;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Takes captured frames out of the rings and writes them, until there are enough. Thread: one. */
final class CaptureFrames implements RingSession.Frames {
    private final CaptureReader reader;
    private final FrameOutput output;
    private final long count;
    private long written;

    CaptureFrames(RingFile file, FrameOutput output, long count) {
        reader = new CaptureReader(file);
        this.output = output;
        this.count = count;
    }

    long written() {
        return written;
    }

    @Override
    public boolean take() throws IOException {
        try {
            return reader.read((nanos, port, direction, reason, length, bytes) -> {
                if (written < count) {
                    written++;
                    write(nanos, port, direction, reason, length, bytes);
                }
            }) > 0;
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void write(long nanos, int port, int direction, int reason, int length, byte[] bytes) {
        try {
            output.frame(nanos, port, direction, reason, length, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean isEnough() { return written >= count; }

    @Override
    public void flush() throws IOException {
        output.flush();
    }
}
