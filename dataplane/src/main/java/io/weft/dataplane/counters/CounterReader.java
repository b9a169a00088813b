package io.weft.dataplane.counters;

import static io.weft.dataplane.counters.CounterLayout.*;

import io.weft.encap.memory.Memory;
import io.weft.nativebindings.linux.MappedMemory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads a dataplane's counters, from any process, while they change. It checks each length and offset from the file against the file's
 * size. It takes counts and labels from the file, so that it can read what another build wrote.
 *
 * <p>Cold code; allocates. Any thread.
 */
public final class CounterReader implements AutoCloseable {
    private static final long MAX_CELLS = 1 << 24;

    private final long file;
    private final long length;
    private final String name;
    private final MappedMemory mapping;
    private final int workers;
    private final int nodes;
    private final int drops;
    private final int portCounters;
    private final int portDrops;
    private final int nodeSamples;
    private final int gauges;
    private final int texts;
    private final int ports;
    private final int adjacencies;
    private final long workersAt;
    private final long workerStride;
    private final long conductorAt;
    private final long portsAt;
    private final long adjacenciesAt;
    private final List<String> labels;

    private CounterReader(long file, long length, String name, MappedMemory mapping) {
        this.file = file;
        this.length = length;
        this.name = name;
        this.mapping = mapping;
        requireHeader();
        workers = count(H_WORKERS);
        nodes = count(H_NODES);
        drops = count(H_DROPS);
        portCounters = count(H_PORT_COUNTERS);
        gauges = count(H_GAUGES);
        texts = count(H_TEXTS);
        ports = count(H_PORTS);
        adjacencies = count(H_ADJACENCIES);
        long labelCount = (long) nodes + drops + portCounters + gauges + texts;
        long labelsAt = section(H_LABELS_AT, labelCount * LABEL_BYTES);
        conductorAt = section(H_CONDUCTOR_AT, (long) gauges * CELL + (long) texts * TEXT_STRIDE);
        portsAt = section(H_PORTS_AT, (long) ports * PORT_STRIDE);
        adjacenciesAt = section(H_ADJACENCIES_AT, (long) adjacencies * ADJACENCY_STRIDE);
        workerStride = Memory.nativeI64(file + H_WORKER_STRIDE);
        portDrops = Memory.nativeI32(file + H_PORT_DROPS) == 1 ? drops : 0;
        nodeSamples = Memory.nativeI32(file + H_NODE_SAMPLES) == NODE_SAMPLES ? NODE_SAMPLES : 0;
        long min = W_CELLS
            + (nodes * (1L + nodeSamples) + drops + (long) ports * (portCounters + portDrops)) * CELL;
        if (workerStride < min || workerStride > length) {
            throw corrupt("worker blocks of " + workerStride + " bytes");
        }
        workersAt = section(H_WORKERS_AT, workers * workerStride);
        labels = readLabels(labelsAt, (int) labelCount);
    }

    /** @throws CounterFileException when there is no such file, or it is not one that this build can read */
    public static CounterReader open(Path runDirectory) {
        Path path = runDirectory.resolve(CounterFile.NAME);
        MappedMemory mapping = map(path);
        try {
            return new CounterReader(mapping.address(), mapping.size(), path.toString(), mapping);
        } catch (CounterFileException e) {
            mapping.close();
            throw e;
        }
    }

    static CounterReader over(long address, long length, String name) {
        return new CounterReader(address, length, name, null);
    }

    private static MappedMemory map(Path path) {
        try {
            return MappedMemory.openFileReadOnly(path);
        } catch (RuntimeException e) {
            throw new CounterFileException("no counters at " + path + " (is the dataplane running?): " + e.getMessage(),
                e);
        }
    }

    public long incarnation() {
        return Memory.nativeI64(file + H_INCARNATION);
    }

    /** Process id of the dataplane that wrote the file; it may have ended since. */
    public long pid() {
        return Memory.nativeI64(file + H_PID);
    }

    public long startedMillis() {
        return Memory.nativeI64(file + H_STARTED_MILLIS);
    }

    public int workers() {
        return workers;
    }

    public List<String> nodeLabels() {
        return labels.subList(0, nodes);
    }

    public List<String> dropLabels() {
        return labels.subList(nodes, nodes + drops);
    }

    public List<String> portCounterLabels() {
        return labels.subList(nodes + drops, nodes + drops + portCounters);
    }

    public List<String> gaugeLabels() {
        int from = nodes + drops + portCounters;
        return labels.subList(from, from + gauges);
    }

    /** Sum over all workers. */
    public long total(FrameTotal total) {
        long sum = 0;
        for (int worker = 0; worker < workers; worker++) {
            sum += total(worker, total);
        }
        return sum;
    }

    public long total(int worker, FrameTotal total) {
        return Memory.getOpaqueI64(block(worker) + W_TOTALS + (long) total.ordinal() * CELL);
    }

    /** Frames that a node has processed, summed over all workers; the index is that of {@link #nodeLabels}. */
    public long node(int index) {
        return sum(index, nodes, W_CELLS);
    }

    /** Nanoseconds that a node has taken in the batches that were sampled, summed over all workers; 0 in a file of an earlier version. */
    public long sampledNanos(int node) {
        return nodeSample(node, 0);
    }

    /** Frames that a node has processed in the batches that were sampled, as {@link #sampledNanos}. */
    public long sampledFrames(int node) {
        return nodeSample(node, 1);
    }

    /** Frames dropped for a reason, summed over all workers; the index is that of {@link #dropLabels}. */
    public long drop(int index) {
        return sum(index, drops, W_CELLS + (long) nodes * CELL);
    }

    /** By this build's list of reasons; 0 if the file does not have the reason. */
    public long drop(DropReason reason) {
        int index = dropLabels().indexOf(reason.label());
        return index < 0 ? 0 : drop(index);
    }

    /**
     * Frames received by a port and dropped for a reason, summed over all workers; 0 in a file of an earlier version.
     *
     * @param reason index in {@link #dropLabels}
     */
    public long portDrop(int portId, int reason) {
        if (portId < 0 || portId >= ports || reason < 0 || reason >= portDrops) { return 0; }
        return sumAt(W_CELLS + (nodes + drops + (long) ports * portCounters + (long) portId * drops + reason) * CELL);
    }

    /** Sum over all workers. */
    public long port(int portId, PortCounter counter) {
        int index = portCounterLabels().indexOf(counter.label());
        if (index < 0 || portId < 0 || portId >= ports) { return 0; }
        return sumAt(W_CELLS + (nodes + drops + (long) portId * portCounters + index) * CELL);
    }

    /** {@code System.nanoTime} of the worker's last loop iteration. */
    public long heartbeat(int worker) {
        return Memory.getOpaqueI64(block(worker) + W_HEARTBEAT);
    }

    /** The generation that a worker uses, or {@link WorkerCounters#ASLEEP}. Acquire: what the worker did before is visible. */
    public long epoch(int worker) {
        return Memory.getAcquireI64(block(worker) + W_EPOCH);
    }

    public long gauge(ConductorGauge gauge) {
        int index = gaugeLabels().indexOf(gauge.label());
        return index < 0 ? 0 : Memory.getOpaqueI64(file + conductorAt + (long) index * CELL);
    }

    public String text(ConductorText text) {
        int index = labels.subList(labels.size() - texts, labels.size()).indexOf(text.label());
        if (index < 0) { return ""; }
        long at = file + conductorAt + (long) gauges * CELL + (long) index * TEXT_STRIDE;
        return SequencedBlock.read(at, block -> SequencedBlock.text(block + TEXT_AT, TEXT_BYTES));
    }

    /** The port with an id, or empty if it is gone. */
    public Optional<PortStatus> port(int id) {
        if (id < 0 || id >= ports) { return Optional.empty(); }
        PortStatus status = SequencedBlock.read(file + portsAt + (long) id * PORT_STRIDE, at -> portStatus(id, at));
        return status.state() == PortState.GONE ? Optional.empty() : Optional.of(status);
    }

    /** All ports that are not gone, by id. */
    public List<PortStatus> ports() {
        List<PortStatus> found = new ArrayList<>();
        for (int id = 0; id < ports; id++) {
            port(id).ifPresent(found::add);
        }
        return found;
    }

    public List<AdjacencyStatus> adjacencies() {
        List<AdjacencyStatus> found = new ArrayList<>();
        for (int slot = 0; slot < adjacencies; slot++) {
            int index = slot;
            long at = file + adjacenciesAt + (long) slot * ADJACENCY_STRIDE;
            AdjacencyStatus status = SequencedBlock.read(at, block -> adjacencyStatus(index, block));
            if (status.kind() != AdjacencyKind.NONE) {
                found.add(status);
            }
        }
        return found;
    }

    @Override
    public void close() {
        if (mapping != null) {
            mapping.close();
        }
    }

    private static PortStatus portStatus(int id, long at) {
        return new PortStatus(id, PortState.of(Memory.nativeI32(at + P_STATE)), Memory.nativeI64(at + P_ATTACH_ID),
            SequencedBlock.text(at + P_NAME, P_NAME_BYTES), Memory.nativeI32(at + P_IFINDEX),
            Memory.nativeI32(at + P_QUEUES), SequencedBlock.text(at + P_MODE, P_MODE_BYTES),
            SequencedBlock.text(at + P_REASON, P_REASON_BYTES));
    }

    private static AdjacencyStatus adjacencyStatus(int slot, long at) {
        return new AdjacencyStatus(slot, AdjacencyKind.of(Memory.nativeI32(at + A_KIND)), Memory.nativeI32(at + A_IP),
            Memory.nativeI32(at + A_NEXT_HOP), Memory.nativeI32(at + A_RESOLVED) != 0,
            Memory.nativeI64(at + A_MAC), Memory.nativeI32(at + A_IFINDEX),
            SequencedBlock.text(at + A_NAME, A_NAME_BYTES));
    }

    private long block(int worker) {
        if (worker < 0 || worker >= workers) {
            throw new IndexOutOfBoundsException("worker " + worker + " of " + workers);
        }
        return file + workersAt + worker * workerStride;
    }

    private long sum(int index, int count, long cells) {
        if (index < 0 || index >= count) { throw new IndexOutOfBoundsException("counter " + index + " of " + count); }
        return sumAt(cells + (long) index * CELL);
    }

    private long nodeSample(int node, int cell) {
        if (node < 0 || node >= nodes || nodeSamples == 0) { return 0; }
        long before = nodes + drops + (long) ports * (portCounters + portDrops);
        return sumAt(W_CELLS + (before + (long) node * nodeSamples + cell) * CELL);
    }

    /** @param offset of the cell in each worker's block */
    private long sumAt(long offset) {
        long sum = 0;
        for (int worker = 0; worker < workers; worker++) {
            sum += Memory.getOpaqueI64(block(worker) + offset);
        }
        return sum;
    }

    private void requireHeader() {
        if (length < PAGE || Memory.getAcquireI64(file + H_MAGIC) != MAGIC) {
            throw new CounterFileException(name + " is not a Weft counters file", null);
        }
        int version = Memory.nativeI32(file + H_VERSION);
        if (version != VERSION) {
            throw new CounterFileException(
                name + " has layout " + version + ", this build reads " + VERSION + ": use the build of the dataplane",
                null);
        }
    }

    private int count(int headerOffset) {
        int value = Memory.nativeI32(file + headerOffset);
        if (value < 0 || value > MAX_CELLS) { throw corrupt("a count of " + value); }
        return value;
    }

    private long section(int headerOffset, long bytes) {
        long at = Memory.nativeI64(file + headerOffset);
        if (at < PAGE || (at & 7) != 0 || bytes < 0 || at > length - bytes) {
            throw corrupt("a section of " + bytes + " bytes at " + at);
        }
        return at;
    }

    private List<String> readLabels(long at, int count) {
        List<String> read = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long slot = file + at + (long) i * LABEL_BYTES;
            byte[] ascii = new byte[Math.min(Memory.u8(slot), LABEL_BYTES - 1)];
            Memory.copyOut(slot + 1, ascii, 0, ascii.length);
            read.add(new String(ascii, StandardCharsets.US_ASCII));
        }
        return List.copyOf(read);
    }

    private CounterFileException corrupt(String what) {
        return new CounterFileException(name + " is damaged: " + what + " in " + length + " bytes", null);
    }
}
