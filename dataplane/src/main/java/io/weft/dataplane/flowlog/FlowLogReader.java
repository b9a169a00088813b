package io.weft.dataplane.flowlog;

import io.weft.dataplane.capture.RingFile;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowRecord;
import io.weft.nativebindings.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;

/**
 * Takes flow records out of the rings of one dataplane. A record stays in its ring until it has been read, also while nobody reads; a reader
 * that is killed while it reads may leave some for its successor to read again.
 *
 * <p>Thread: one, and one in all processes. Allocation: yes.
 */
public final class FlowLogReader implements AutoCloseable {
    private static final int NANOS_PER_MILLI = 1_000_000;
    private static final int SHORT = 0xFFFF;

    private final Path path;
    private final Object fileKey;
    private final RingFile file;
    private final List<OneToOneRingBuffer> rings = new ArrayList<>();
    private final EpochOffset offset = new EpochOffset(System.currentTimeMillis(), steadyMillis());

    private FlowLogReader(Path path, Object fileKey, RingFile file) {
        this.path = path;
        this.fileKey = fileKey;
        this.file = file;
        for (int i = 0; i < file.workers(); i++) {
            rings.add(file.ring(i));
        }
    }

    /** @return empty if the dataplane keeps no flow records, or is just starting */
    public static Optional<FlowLogReader> open(Path runDirectory) {
        Path path = runDirectory.resolve(FlowLogMessage.NAME);
        try {
            Object key = key(path);
            return key == null ? Optional.empty()
                : Optional.of(new FlowLogReader(path, key, RingFile.open(runDirectory, FlowLogMessage.KIND)));
        } catch (LinuxException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Object key(Path path) {
        try {
            return Files.getAttribute(path, "unix:ino");
        } catch (IOException e) {
            return null;
        }
    }

    /** Whether the file is still that of the dataplane in the run directory. If not, read it to the end, close it, and open the next. */
    public boolean isCurrent() {
        return Objects.equals(key(path), fileKey);
    }

    /**
     * Takes records out.
     *
     * @param limit of each thread's records
     * @return how many there were; those of each thread in order
     */
    public int read(Consumer<FlowLogRecord> consumer, int limit) {
        long epochMillis = offset.at(System.currentTimeMillis(), steadyMillis());
        int count = 0;
        for (OneToOneRingBuffer ring : rings) {
            MessageHandler decoder = (type, buffer, index, length) -> {
                if (length >= FlowLogMessage.LENGTH) {
                    consumer.accept(decode(type, buffer, index, epochMillis));
                }
            };
            int read = ring.read(decoder, limit);
            count += read < limit ? read + ring.read(decoder, limit - read) : read; // a ring is read up to its end at once
        }
        return count;
    }

    private static long steadyMillis() {
        return System.nanoTime() / NANOS_PER_MILLI;
    }

    /** Records for which there was no room, since the dataplane has started. */
    public long lost() {
        return file.lost();
    }

    private static FlowLogRecord decode(int type, DirectBuffer buffer, int at, long epochMillis) {
        long k0 = buffer.getLong(at + FlowLogMessage.K0);
        long k1 = buffer.getLong(at + FlowLogMessage.K1);
        int newPorts = buffer.getInt(at + FlowLogMessage.NEW_PORTS);
        int meta = buffer.getInt(at + FlowLogMessage.META);
        long first = buffer.getLong(at + FlowLogMessage.FIRST_MILLIS);
        long last = buffer.getLong(at + FlowLogMessage.LAST_MILLIS);
        FlowRecord flow = new FlowRecord(FlowKey.protocol(k1), FlowKey.source(k0), FlowKey.sourcePort(k1),
            FlowKey.destination(k0), FlowKey.destinationPort(k1), buffer.getInt(at + FlowLogMessage.NEW_SOURCE),
            newPorts >>> 16, buffer.getInt(at + FlowLogMessage.NEW_DESTINATION), newPorts & SHORT,
            FlowEntry.stateOf(meta), FlowEntry.flagsOf(meta), buffer.getInt(at + FlowLogMessage.EGRESS),
            FlowEntry.ingressOf(meta), 0, buffer.getLong(at + FlowLogMessage.PACKETS),
            buffer.getLong(at + FlowLogMessage.BYTES));
        return new FlowLogRecord(
            type == FlowLogMessage.START ? FlowEndReason.NONE
                : FlowEndReason.of(buffer.getInt(at + FlowLogMessage.REASON)),
            first == 0 ? 0 : first + epochMillis, Math.max(first, last) + epochMillis, flow,
            buffer.getLong(at + FlowLogMessage.REPLY_PACKETS), buffer.getLong(at + FlowLogMessage.REPLY_BYTES));
    }

    @Override
    public void close() {
        file.close();
    }
}
