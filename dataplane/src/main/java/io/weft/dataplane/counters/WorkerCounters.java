package io.weft.dataplane.counters;

import static io.weft.dataplane.counters.CounterLayout.*;

import io.weft.encap.memory.Memory;

/**
 * The cells of one worker. The worker writes them, by a plain read, an addition and an opaque store, with two exceptions: the conductor
 * copies the kernel's statistics of a port ({@link #setPort}), which the worker never writes, and zeroes a port's cells before it opens the
 * port ({@link #clearPort}). So each cell has one writer at a time. Readers in other threads and processes see each cell whole and late by
 * at most a store buffer. Two cells read together need not be consistent within a batch.
 *
 * <p>Thread: the worker, except as said. Allocation: none.
 */
public final class WorkerCounters {
    /** The epoch of a worker that sleeps in poll(2) or has not started: it has passed every generation. */
    public static final long ASLEEP = Long.MAX_VALUE;

    private final long block;
    private final long totals;
    private final long nodes;
    private final long drops;
    private final long ports;
    private final long portDrops;
    private final long nodeSamples;

    /** @param portCount port ids are below it */
    WorkerCounters(long block, int portCount) {
        this.block = block;
        totals = block + W_TOTALS;
        nodes = block + W_CELLS;
        drops = nodes + (long) GraphNodeId.count() * CELL;
        ports = drops + (long) DropReason.count() * CELL;
        portDrops = ports + (long) portCount * PortCounter.count() * CELL;
        nodeSamples = portDrops + (long) portCount * DropReason.count() * CELL;
    }

    public void add(FrameTotal total, long frames) {
        addTo(totals + (long) total.ordinal() * CELL, frames);
    }

    /** For {@link FrameTotal#IN_FLIGHT}. */
    public void set(FrameTotal total, long frames) {
        Memory.setOpaqueI64(totals + (long) total.ordinal() * CELL, frames);
    }

    /** Frames that a node processed. */
    public void node(GraphNodeId node, long frames) {
        addTo(nodes + (long) node.ordinal() * CELL, frames);
    }

    /** How long a node took in a sampled batch. */
    public void sampledNanos(GraphNodeId node, long nanos) {
        addTo(nodeSample(node), nanos);
    }

    /** Frames that a node processed in a sampled batch. */
    public void sampledFrames(GraphNodeId node, long frames) {
        addTo(nodeSample(node) + CELL, frames);
    }

    /**
     * Counts one frame under its reason, in {@link FrameTotal#DROPPED}, and among the drops of the port that received it. A frame that
     * outlives its port, because it was held, counts for the port that has the id by then.
     *
     * @param portId of the receiving port
     */
    public void drop(int portId, DropReason reason) {
        addTo(drops + (long) reason.ordinal() * CELL, 1);
        add(FrameTotal.DROPPED, 1);
        addTo(portDropCell(portId, reason), 1);
    }

    public void port(int portId, PortCounter counter, long amount) {
        addTo(portCell(portId, counter), amount);
    }

    /** For counters that the kernel keeps. Thread: the conductor. */
    public void setPort(int portId, PortCounter counter, long value) {
        Memory.setOpaqueI64(portCell(portId, counter), value);
    }

    /** Zeroes what an earlier port of this id counted. Thread: the conductor, while no worker has the port. */
    public void clearPort(int portId) {
        Memory.zero(portCell(portId, PortCounter.RX_FRAMES), (long) PortCounter.count() * CELL);
        Memory.zero(portDrops + (long) portId * DropReason.count() * CELL, (long) DropReason.count() * CELL);
    }

    /** @param nanos {@code System.nanoTime} */
    public void heartbeat(long nanos) {
        Memory.setOpaqueI64(block + W_HEARTBEAT, nanos);
    }

    /**
     * Publishes the generation of the tables that this worker uses from now on, or {@link #ASLEEP}. A full fence follows, so that no later
     * read of a table moves before it: the control plane reuses a block that it retired in an earlier generation only after it sees this
     * one.
     */
    public void epoch(long generation) {
        Memory.setVolatileI64(block + W_EPOCH, generation);
    }

    /** What this worker itself has counted; for tests and for checks of the worker's own equation. */
    public long total(FrameTotal total) {
        return Memory.nativeI64(totals + (long) total.ordinal() * CELL);
    }

    public long dropped(DropReason reason) {
        return Memory.nativeI64(drops + (long) reason.ordinal() * CELL);
    }

    public long frames(GraphNodeId node) {
        return Memory.nativeI64(nodes + (long) node.ordinal() * CELL);
    }

    private long portCell(int portId, PortCounter counter) {
        return ports + ((long) portId * PortCounter.count() + counter.ordinal()) * CELL;
    }

    private long portDropCell(int portId, DropReason reason) {
        return portDrops + ((long) portId * DropReason.count() + reason.ordinal()) * CELL;
    }

    private long nodeSample(GraphNodeId node) {
        return nodeSamples + (long) node.ordinal() * NODE_SAMPLES * CELL;
    }

    private static void addTo(long cell, long amount) {
        Memory.setOpaqueI64(cell, Memory.nativeI64(cell) + amount);
    }
}
