package io.weft.perf.micro;

import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.detached.DetachedNode;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.graph.ForwardingGraph;
import io.weft.dataplane.graph.NodeObserver;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.worker.Epochs;

/**
 * One worker of a benchmark: frames of its own (4,096 in rotation, in chunks of 2 KiB), ports of its own, the product's graph.
 *
 * <p>Thread: one. Allocation: none in {@link #arm}, {@link #process} and {@link #forward}.
 */
final class Lane {
    private static final int FRAMES = 4096;
    private static final ChunkLayout LAYOUT = ChunkLayout.spread(2048);

    private final FramePool pool;
    private final ForwardingGraph graph;
    private final FrameBatch batch = new FrameBatch();
    private final WorkerCounters counters;
    private final Epochs epochs;
    private final int index;
    private Frames frames;
    private FlowOrder order;
    private int batchSize = FrameBatch.CAPACITY;
    private int nextFrame;

    Lane(int index, DetachedNode node, WorkerCounters counters, Epochs epochs, NodeObserver observer) {
        this.index = index;
        this.counters = counters;
        this.epochs = epochs;
        pool = new FramePool(node.map(LAYOUT.bytes(FRAMES)), FRAMES, LAYOUT);
        graph = node.graph(counters, pool, observer);
        Port[] ports = new Port[NodeSetup.PORTS];
        for (int id = PortId.UPLINK; id < ports.length; id++) {
            ports[id] = new MemoryPort(id, pool, counters, MemoryPort.Sent.FORGOTTEN, 1);
        }
        graph.use(ports);
        // Frames are identified by their place in the rotation; the pool only frees dropped ones.
        while (pool.free() > 0) {
            pool.allocate();
        }
    }

    /** Sets the contents of the next batches. */
    void use(Frames newFrames, FlowOrder newOrder, int newBatchSize) {
        frames = newFrames;
        order = newOrder;
        batchSize = newBatchSize;
    }

    int batchSize() {
        return batchSize;
    }

    FlowOrder order() {
        return order;
    }

    WorkerCounters counters() {
        return counters;
    }

    /** Writes the next batch and runs the graph on it. */
    int forward() {
        arm();
        return process();
    }

    /** Writes the next batch. */
    int arm() {
        batch.clear();
        for (int i = 0; i < batchSize; i++) {
            frames.add(batch, at(nextFrame), order.next());
            nextFrame = nextFrame + 1 & FRAMES - 1;
        }
        return batch.size;
    }

    /** Runs the graph on the batch. */
    int process() {
        int size = batch.size;
        epochs.enter(index);
        graph.process(batch, System.nanoTime());
        return size;
    }

    /** Where the {@code n}th last frame was written; 1 is the last. */
    long before(int n) {
        return at(nextFrame - n & FRAMES - 1);
    }

    private long at(int frame) {
        return pool.chunkAt(frame) + FramePool.HEADROOM;
    }
}
