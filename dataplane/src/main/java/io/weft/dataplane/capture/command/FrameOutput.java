package io.weft.dataplane.capture.command;

import io.weft.dataplane.capture.CaptureMessage;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.explain.FrameText;
import io.weft.dataplane.explain.NodeNames;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.pcap.PcapngWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Map;

/** Where captured frames go: pcapng, with an interface for each port, or a line for each frame. Thread: one. */
abstract sealed class FrameOutput implements AutoCloseable {
    final NodeNames names;

    private FrameOutput(NodeNames names) {
        this.names = names;
    }

    static FrameOutput pcapng(OutputStream out, NodeNames names, int snapLength) throws IOException {
        return new Pcapng(new PcapngWriter(out, "weft capture", snapLength), names);
    }

    static FrameOutput text(OutputStream out, NodeNames names, FrameText text) {
        return new Lines(out, names, text);
    }

    /** @param reason ordinal of the {@link DropReason}, or negative */
    abstract void frame(long nanos, int port, int direction, int reason, int length, byte[] bytes) throws IOException;

    /** Lets a reader at the other end of a pipe see what there is. */
    abstract void flush() throws IOException;

    @Override
    public abstract void close() throws IOException;

    String device(int port) {
        return names.devices().getOrDefault(port, port == PortId.UPLINK ? "uplink" : "port" + port);
    }

    static String dropped(int reason) {
        return reason < 0 || reason >= DropReason.count() ? "" : "dropped: " + DropReason.of(reason).label();
    }

    private static final class Pcapng extends FrameOutput {
        private final PcapngWriter writer;
        private final Map<Integer, Integer> interfaces = new HashMap<>();

        Pcapng(PcapngWriter writer, NodeNames names) {
            super(names);
            this.writer = writer;
        }

        @Override
        void frame(long nanos, int port, int direction, int reason, int length, byte[] bytes) throws IOException {
            Integer known = interfaces.get(port);
            if (known == null) {
                known = writer.addInterface(device(port), names.podName(port));
                interfaces.put(port, known);
            }
            writer.frame(known, nanos, direction == CaptureMessage.IN, length, bytes, dropped(reason));
        }

        @Override
        void flush() throws IOException {
            writer.flush();
        }

        @Override
        public void close() throws IOException {
            writer.close();
        }
    }

    private static final class Lines extends FrameOutput {
        private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS")
            .withZone(ZoneId.systemDefault());
        private static final long NANOS_PER_SECOND = 1_000_000_000;

        private final OutputStream out;
        private final FrameText text;

        Lines(OutputStream out, NodeNames names, FrameText text) {
            super(names);
            this.out = out;
            this.text = text;
        }

        @Override
        void frame(long nanos, int port, int direction, int reason, int length, byte[] bytes) throws IOException {
            String pod = names.podName(port);
            String line = TIME.format(Instant.ofEpochSecond(nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND)) + ' '
                + device(port) + (pod.isEmpty() ? "" : " " + pod) + (direction == CaptureMessage.IN ? " in  " : " out ")
                + text.describe(bytes) + (reason < 0 ? "" : "  " + dropped(reason)) + '\n';
            out.write(line.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        void flush() throws IOException {
            out.flush();
        }

        @Override
        public void close() throws IOException {
            out.flush();
        }
    }
}
