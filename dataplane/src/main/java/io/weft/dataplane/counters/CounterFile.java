package io.weft.dataplane.counters;

import static io.weft.dataplane.counters.CounterLayout.*;

import io.weft.encap.memory.Memory;
import io.weft.nativebindings.linux.MappedMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The dataplane's counters, in a file that other processes map and read while it runs. One dataplane writes it, and one thread at a time
 * writes each cell. It is written under another name and renamed when complete. So a reader sees a whole file or none, and a process that
 * has mapped the file of an earlier incarnation can still read it.
 *
 * <p>Cold code; allocates.
 */
public final class CounterFile implements AutoCloseable {
    public static final String NAME = "counters";

    private final MappedMemory memory;
    private final Path path;
    private final int workers;

    private CounterFile(MappedMemory memory, Path path, int workers) {
        this.memory = memory;
        this.path = path;
        this.workers = workers;
    }

    /**
     * Creates {@code <runDirectory>/counters}, replacing an existing file.
     *
     * @param incarnation differs between starts of the dataplane
     */
    public static CounterFile create(Path runDirectory, CounterSizing sizing, long incarnation) {
        Path path = runDirectory.resolve(NAME);
        Path unfinished = runDirectory.resolve(NAME + "." + Long.toHexString(incarnation));
        try {
            Files.deleteIfExists(unfinished);
            MappedMemory memory = MappedMemory.createFile(unfinished, sizing.fileBytes());
            format(memory.address(), sizing, incarnation);
            Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return new CounterFile(memory, path, sizing.workers());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + path + ": " + e.getMessage(), e);
        }
    }

    /** Counters in private memory, for tests and benchmarks. */
    public static CounterFile inMemory(CounterSizing sizing) {
        MappedMemory memory = MappedMemory.anonymous(sizing.fileBytes(), false);
        format(memory.address(), sizing, 1);
        return new CounterFile(memory, null, sizing.workers());
    }

    /** The cells of one worker. */
    public WorkerCounters worker(int index) {
        if (index < 0 || index >= workers) {
            throw new IndexOutOfBoundsException("worker " + index + " of " + workers);
        }
        long base = memory.address();
        return new WorkerCounters(
            base + Memory.nativeI64(base + H_WORKERS_AT) + index * Memory.nativeI64(base + H_WORKER_STRIDE),
            Memory.nativeI32(base + H_PORTS));
    }

    /** The conductor's cells and directories. */
    public ConductorCounters conductor() {
        return new ConductorCounters(memory.address());
    }

    /** A reader of this mapping; valid until {@link #close}. */
    public CounterReader reader() {
        return CounterReader.over(memory.address(), memory.size(), String.valueOf(path));
    }

    public int workers() {
        return workers;
    }

    /** Unmaps; the file stays, so that the last values can still be read. */
    @Override
    public void close() {
        memory.close();
    }

    private static void format(long at, CounterSizing sizing, long incarnation) {
        Memory.putNativeI32(at + H_VERSION, VERSION);
        Memory.putNativeI32(at + H_WORKERS, sizing.workers());
        Memory.putNativeI64(at + H_LENGTH, sizing.fileBytes());
        Memory.putNativeI64(at + H_INCARNATION, incarnation);
        Memory.putNativeI64(at + H_PID, ProcessHandle.current().pid());
        Memory.putNativeI64(at + H_STARTED_MILLIS, System.currentTimeMillis());
        Memory.putNativeI32(at + H_NODES, GraphNodeId.count());
        Memory.putNativeI32(at + H_DROPS, DropReason.count());
        Memory.putNativeI32(at + H_PORT_COUNTERS, PortCounter.count());
        Memory.putNativeI32(at + H_GAUGES, ConductorGauge.count());
        Memory.putNativeI32(at + H_TEXTS, ConductorText.count());
        Memory.putNativeI32(at + H_PORTS, sizing.ports());
        Memory.putNativeI32(at + H_ADJACENCIES, sizing.adjacencies());
        Memory.putNativeI32(at + H_PORT_DROPS, 1);
        Memory.putNativeI64(at + H_LABELS_AT, sizing.labelsAt());
        Memory.putNativeI64(at + H_CONDUCTOR_AT, sizing.conductorAt());
        Memory.putNativeI64(at + H_PORTS_AT, sizing.portsAt());
        Memory.putNativeI64(at + H_ADJACENCIES_AT, sizing.adjacenciesAt());
        Memory.putNativeI64(at + H_WORKERS_AT, sizing.workersAt());
        Memory.putNativeI64(at + H_WORKER_STRIDE, sizing.workerStride());
        Memory.putNativeI32(at + H_NODE_SAMPLES, NODE_SAMPLES);
        writeLabels(at + sizing.labelsAt());
        for (int worker = 0; worker < sizing.workers(); worker++) {
            long block = at + sizing.workersAt() + worker * sizing.workerStride();
            Memory.putNativeI64(block + W_EPOCH, WorkerCounters.ASLEEP);
        }
        Memory.setReleaseI64(at + H_MAGIC, MAGIC);
    }

    private static void writeLabels(long at) {
        List<String> labels = labels();
        for (int i = 0; i < labels.size(); i++) {
            byte[] ascii = labels.get(i).getBytes(StandardCharsets.US_ASCII);
            if (ascii.length >= LABEL_BYTES) { throw new IllegalStateException("label too long: " + labels.get(i)); }
            long slot = at + (long) i * LABEL_BYTES;
            Memory.putU8(slot, ascii.length);
            Memory.copyIn(ascii, 0, slot + 1, ascii.length);
        }
    }

    static List<String> labels() {
        List<String> labels = new ArrayList<>();
        for (GraphNodeId node : GraphNodeId.values()) {
            labels.add(node.label());
        }
        for (DropReason reason : DropReason.values()) {
            labels.add(reason.label());
        }
        for (PortCounter counter : PortCounter.values()) {
            labels.add(counter.label());
        }
        for (ConductorGauge gauge : ConductorGauge.values()) {
            labels.add(gauge.label());
        }
        for (ConductorText text : ConductorText.values()) {
            labels.add(text.label());
        }
        return labels;
    }
}
