package io.weft.dataplane.trace;

import io.weft.dataplane.capture.FrameFilter;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.port.DropObserver;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.worker.BatchProcessor;
import io.weft.dataplane.worker.Faults;

/**
 * Stands before a worker's graph while frames are traced. A frame that matches is processed alone, after those that were received before it and
 * before those that came later, so that frames keep their order. What the node counters say then is about this frame, whether the fast path or
 * the nodes have counted; which frames left, {@link TracePort} says. All other frames go on in as many batches as that needs, and once the
 * worker has traced its number of frames, in batches as they were received.
 *
 * <p>An exception of the tracer costs a record, not a frame.
 *
 * <p>Thread: one worker. Allocation: none after construction, unless something is thrown.
 */
final class FrameTracer implements BatchProcessor, DropObserver {
    private static final GraphNodeId[] NODES = GraphNodeId.values();
    private static final int TRACED = 0;

    private final BatchProcessor graph;
    private final WorkerCounters counters;
    private final FrameFilter filter;
    private final TraceRecord message;
    private final FrameBatch part = new FrameBatch();
    private final long[] framesBefore = new long[NODES.length];
    private long fastPathBefore;
    private int remaining;
    /** Whether what happens now happens to the frame that {@link #message} is about. */
    private boolean recording;

    /** @param count frames to trace */
    FrameTracer(BatchProcessor graph, WorkerCounters counters, FrameFilter filter, int count, TraceRecord message) {
        this.graph = graph;
        this.counters = counters;
        this.filter = filter;
        this.message = message;
        remaining = count;
    }

    @Override
    public void process(FrameBatch batch, long nowNanos) {
        int first = 0;
        for (int frame = 0; frame < batch.size && remaining > 0; frame++) {
            if (matches(batch, frame)) {
                handOn(batch, first, frame, nowNanos);
                first = frame + 1;
                remaining--;
                trace(batch, frame, nowNanos);
            }
        }
        if (first == 0) {
            graph.process(batch, nowNanos);
        } else {
            handOn(batch, first, batch.size, nowNanos);
            batch.clear();
        }
    }

    private boolean matches(FrameBatch batch, int frame) {
        try {
            return filter.matches(batch.port[frame], batch.at[frame], batch.contiguous(frame));
        } catch (RuntimeException | AssertionError | InternalError e) {
            faults().add(e);
            return false;
        }
    }

    /** Lets the graph process the frames of a batch from {@code first} to before {@code end}. */
    private void handOn(FrameBatch batch, int first, int end, long nowNanos) {
        if (first == end) { return; }
        part.clear();
        part.chains = batch.chains;
        for (int frame = first; frame < end; frame++) {
            part.add(batch.at[frame], batch.length[frame], batch.port[frame]);
        }
        graph.process(part, nowNanos);
    }

    private void trace(FrameBatch batch, int frame, long nowNanos) {
        recording = begin(batch, frame, nowNanos);
        handOn(batch, frame, frame + 1, nowNanos);
        if (recording) {
            recording = false;
            end();
        }
    }

    private boolean begin(FrameBatch batch, int frame, long nowNanos) {
        try {
            for (int node = 0; node < NODES.length; node++) {
                framesBefore[node] = counters.frames(NODES[node]);
            }
            fastPathBefore = graph.fastPathFrames();
            message.begin(batch.port[frame], batch.at[frame], batch.length[frame], batch.contiguous(frame), nowNanos);
            return true;
        } catch (RuntimeException | AssertionError | InternalError e) {
            failed(e);
            return false;
        }
    }

    private void end() {
        try {
            long visited = 0;
            for (int node = 0; node < NODES.length; node++) {
                visited |= counters.frames(NODES[node]) > framesBefore[node] ? 1L << node : 0;
            }
            message.end(visited, graph.fastPathFrames() > fastPathBefore);
        } catch (RuntimeException | AssertionError | InternalError e) {
            failed(e);
        }
    }

    private void failed(Throwable fault) {
        faults().add(fault);
        message.countLost();
    }

    /** Whether the frames that a port sends now come from the traced frame. */
    boolean isRecording() {
        return recording;
    }

    /** A frame that a port has sent meanwhile. Does not throw. */
    void sent(int port, long at, int length, int contiguous, boolean checksumRequested) {
        try {
            message.sent(port, at, length, contiguous, checksumRequested);
        } catch (RuntimeException | AssertionError | InternalError e) {
            recording = false;
            failed(e);
        }
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the very batch
    public void dropped(FrameBatch batch, int frame, DropReason reason, boolean answered) {
        if (recording && batch == part && frame == TRACED) {
            message.dropped(reason.ordinal());
        }
    }

    // -- the graph's -------------------------------------------------------------------------------------------------

    @Override
    public void use(Port[] portsById) {
        graph.use(portsById);
    }

    @Override
    public void observe(DropObserver observer) {
        graph.observe(observer);
    }

    @Override
    public boolean resume(FrameBatch batch, long nowNanos) {
        return graph.resume(batch, nowNanos);
    }

    @Override
    public Faults faults() {
        return graph.faults();
    }

    @Override
    public long fastPathFrames() {
        return graph.fastPathFrames();
    }

    @Override
    public int held() {
        return graph.held();
    }

    @Override
    public long newestHeldNanos() {
        return graph.newestHeldNanos();
    }
}
