package io.weft.dataplane.explain;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.graph.ForwardingGraph;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.port.Port;
import io.weft.nativebindings.linux.MappedMemory;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * One frame, alone, through a graph of its own on memory ports. What the graph leaves in its counters and in the batch says where the frame
 * was and what was found.
 *
 * <p>Thread: one. Cold code.
 */
final class GraphRun implements AutoCloseable {
    private static final ChunkLayout LAYOUT = ChunkLayout.aligned(2048);
    /** For the longest packet, and its fragments. */
    private static final int CHUNKS = 256;
    private static final int PORT_CAPACITY = 128;

    /** A frame that left. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Left(int port, byte[] bytes, long checksum) {
    }

    /** The frame has the index 0 in it. */
    final FrameBatch batch = new FrameBatch();
    final List<Left> left = new ArrayList<>();
    private final NodeImage image;
    private final CounterFile counterFile;
    private final WorkerCounters counters;
    private final MappedMemory memory;
    private final FramePool pool;
    private final ForwardingGraph graph;
    private final List<MemoryPort> ports = new ArrayList<>();
    private long chunk;

    /** @param fastPath whether the frame may take the fast path; what the nodes found is in {@link #batch} only if not */
    GraphRun(NodeImage image, PrivateFlows flows, boolean fastPath) {
        this.image = image;
        counterFile = CounterFile.inMemory(new CounterSizing(1, PortId.COUNT, image.adjacencies()));
        counters = counterFile.worker(0);
        memory = MappedMemory.anonymous(LAYOUT.bytes(CHUNKS), false);
        pool = new FramePool(memory.address(), CHUNKS, LAYOUT);
        graph = fastPath ? new ForwardingGraph(image.state(), flows.table(), flows.snatPorts(), counters, pool)
            : ForwardingGraph.onSlowPath(image.state(), flows.table(), flows.snatPorts(), counters, pool);
        graph.use(openPorts());
    }

    private Port[] openPorts() {
        Port[] byId = new Port[PortId.COUNT];
        for (int id = 0; id < PortId.COUNT; id++) {
            if (image.state().ports().kind(id) != PortKind.NONE) {
                MemoryPort port = new MemoryPort(id, pool, counters, MemoryPort.Sent.CAPTURED, PORT_CAPACITY);
                ports.add(port);
                byId[id] = port;
            }
        }
        return byId;
    }

    /**
     * @param nanos {@code System.nanoTime}, or what stands for it
     * @throws IllegalArgumentException if the port is not open or the frame is longer than any packet
     */
    void run(int portId, byte[] frame, long nanos) {
        MemoryPort in = ports.stream().filter(port -> port.id() == portId).findFirst()
            .orElseThrow(() -> new IllegalArgumentException("port " + portId + " is not open"));
        if (!in.offer(frame)) {
            throw new IllegalArgumentException("a frame of " + frame.length + " bytes is longer than any packet");
        }
        in.receive(batch);
        chunk = pool.chunk(batch.at[0]);
        graph.process(batch, nanos);
        for (MemoryPort port : ports) {
            for (MemoryPort.SentFrame sent = port.take(); sent != null; sent = port.take()) {
                left.add(new Left(port.id(), sent.bytes(), sent.checksum()));
            }
        }
    }

    /** How many frames each node has processed, in the order of the nodes. */
    Map<GraphNodeId, Long> nodes() {
        Map<GraphNodeId, Long> nodes = new EnumMap<>(GraphNodeId.class);
        for (GraphNodeId node : GraphNodeId.values()) {
            if (counters.frames(node) > 0) {
                nodes.put(node, counters.frames(node));
            }
        }
        return nodes;
    }

    /** Why the frame was dropped, or null. */
    DropReason dropped() {
        for (DropReason reason : DropReason.values()) {
            if (counters.dropped(reason) > 0) { return reason; }
        }
        return null;
    }

    boolean isHeld() { return graph.held() > 0; }

    boolean tookFastPath() {
        return graph.fastPathFrames() > 0;
    }

    /** Where an address that the graph left in the batch is in the frame that was received; also before its first byte. */
    int offsetInFrame(long address) {
        return (int) (address - chunk - FramePool.HEADROOM);
    }

    @Override
    public void close() {
        counterFile.close();
        memory.close();
    }
}
