package io.weft.dataplane.trace.command;

import io.weft.dataplane.capture.RingFile;
import io.weft.dataplane.capture.command.RingSession;
import io.weft.dataplane.trace.TraceReader;
import io.weft.dataplane.trace.TracedFrame;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;

/** Takes traced frames out of the rings and writes them, until there are enough. Thread: one. */
final class TraceFrames implements RingSession.Frames {
    private final TraceReader reader;
    private final OutputStream out;
    private final Function<TracedFrame, String> format;
    private final int count;
    private int written;

    TraceFrames(RingFile file, OutputStream out, Function<TracedFrame, String> format, int count) {
        reader = new TraceReader(file);
        this.out = out;
        this.format = format;
        this.count = count;
    }

    int written() {
        return written;
    }

    @Override
    public boolean take() throws IOException {
        List<TracedFrame> frames = reader.read();
        for (TracedFrame frame : frames) {
            if (!isEnough()) {
                written++;
                out.write(format.apply(frame).getBytes(StandardCharsets.UTF_8));
            }
        }
        return !frames.isEmpty();
    }

    @Override
    public boolean isEnough() { return written >= count; }

    @Override
    public void flush() throws IOException {
        out.flush();
    }
}
