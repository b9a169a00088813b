package io.weft.dataplane.trace;

import io.weft.dataplane.capture.FrameFilter;
import io.weft.dataplane.capture.RingFile;
import io.weft.dataplane.capture.RingObservation;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.port.DropObserver;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.worker.BatchProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One trace that is under way: the file and each worker's part. Thread: the conductor. Cold code. */
public final class Trace extends RingObservation {
    private final List<FrameTracer> workers = new ArrayList<>();

    private Trace(RingFile file) {
        super(file);
    }

    /**
     * @param graphs of the workers
     * @param counters of the workers
     * @throws IOException if there is no request, or it cannot be read
     * @throws IllegalArgumentException if the request is wrong
     */
    public static Trace begin(Path runDirectory, RingFile.Files files, List<BatchProcessor> graphs,
        List<WorkerCounters> counters, Overlay overlay, long nowNanos) throws IOException {
        TraceRequest request = TraceRequest.read(runDirectory);
        RingFile file = RingFile.create(files, TraceMessage.KIND, graphs.size(), request.ringBytes(), request.id(),
            nowNanos);
        Trace trace = new Trace(file);
        FrameFilter filter = new FrameFilter(request.filter(), overlay);
        for (int worker = 0; worker < graphs.size(); worker++) {
            trace.workers.add(new FrameTracer(graphs.get(worker), counters.get(worker), filter, request.count(),
                new TraceRecord(file.ring(worker), file.lostAt(worker))));
        }
        return trace;
    }

    @Override
    public Port decorate(int worker, Port port) {
        return new TracePort(port, workers.get(worker));
    }

    @Override
    public DropObserver drops(int worker) {
        return workers.get(worker);
    }

    @Override
    public BatchProcessor processor(int worker) {
        return workers.get(worker);
    }
}
