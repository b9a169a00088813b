package io.weft.dataplane.trace;

import io.weft.dataplane.capture.RingFile;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;

/** Takes traced frames out of the rings. Thread: one, of the command line. */
public final class TraceReader {
    private final List<OneToOneRingBuffer> rings = new ArrayList<>();

    public TraceReader(RingFile file) {
        for (int worker = 0; worker < file.workers(); worker++) {
            rings.add(file.ring(worker));
        }
    }

    /** The frames that there are now, by their time. */
    public List<TracedFrame> read() {
        List<TracedFrame> frames = new ArrayList<>();
        for (int worker = 0; worker < rings.size(); worker++) {
            int index = worker;
            rings.get(worker).read((type, buffer, offset, length) -> frames.add(frame(index, buffer, offset)));
        }
        frames.sort(Comparator.comparingLong(TracedFrame::timeNanos));
        return frames;
    }

    private static TracedFrame frame(int worker, DirectBuffer buffer, int at) {
        byte[] bytes = bytes(buffer, at + TraceMessage.HEADER, buffer.getInt(at + TraceMessage.COPIED));
        int reason = buffer.getInt(at + TraceMessage.REASON);
        List<TracedFrame.Sent> sent = new ArrayList<>();
        int next = at + TraceMessage.HEADER + TraceMessage.aligned(bytes.length);
        for (int n = 0; n < buffer.getInt(at + TraceMessage.SENT_COPIED); n++) {
            byte[] left = bytes(buffer, next + TraceMessage.SENT_HEADER,
                buffer.getInt(next + TraceMessage.SENT_BYTES_COPIED));
            sent.add(new TracedFrame.Sent(buffer.getInt(next + TraceMessage.SENT_PORT),
                buffer.getInt(next + TraceMessage.SENT_LENGTH), left,
                (buffer.getInt(next + TraceMessage.SENT_FLAGS) & TraceMessage.CHECKSUM_REQUESTED) != 0));
            next += TraceMessage.SENT_HEADER + TraceMessage.aligned(left.length);
        }
        return new TracedFrame(buffer.getLong(at + TraceMessage.TIME), worker, buffer.getInt(at + TraceMessage.PORT),
            buffer.getInt(at + TraceMessage.LENGTH), bytes, nodes(buffer.getLong(at + TraceMessage.NODES)),
            (buffer.getInt(at + TraceMessage.FLAGS) & TraceMessage.FAST_PATH) != 0,
            reason < 0 || reason >= DropReason.count() ? null : DropReason.of(reason),
            buffer.getInt(at + TraceMessage.SENT), sent);
    }

    private static Set<GraphNodeId> nodes(long bits) {
        Set<GraphNodeId> nodes = EnumSet.noneOf(GraphNodeId.class);
        for (GraphNodeId node : GraphNodeId.values()) {
            if ((bits >>> node.ordinal() & 1) != 0) {
                nodes.add(node);
            }
        }
        return nodes;
    }

    private static byte[] bytes(DirectBuffer buffer, int at, int length) {
        byte[] bytes = new byte[length];
        buffer.getBytes(at, bytes);
        return bytes;
    }
}
