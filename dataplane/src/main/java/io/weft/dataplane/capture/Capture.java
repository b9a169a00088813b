package io.weft.dataplane.capture;

import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.DropObserver;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.table.Overlay;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One capture that is under way: the file and each worker's part. Thread: the conductor. Cold code. */
public final class Capture extends RingObservation {
    private final List<FrameCapture> workers = new ArrayList<>();

    private Capture(RingFile file) {
        super(file);
    }

    /**
     * @param pools of the workers
     * @throws IOException if there is no request, or it cannot be read
     * @throws IllegalArgumentException if the request is wrong
     */
    public static Capture begin(Path runDirectory, RingFile.Files files, List<FramePool> pools, Overlay overlay,
        long nowNanos) throws IOException {
        CaptureRequest request = CaptureRequest.read(runDirectory);
        RingFile file = RingFile.create(files, CaptureMessage.KIND, pools.size(), request.ringBytes(), request.id(),
            nowNanos);
        Capture capture = new Capture(file);
        FrameFilter filter = new FrameFilter(request.filter(), overlay);
        for (int worker = 0; worker < pools.size(); worker++) {
            capture.workers.add(new FrameCapture(file, worker, pools.get(worker), request, filter));
        }
        return capture;
    }

    @Override
    public Port decorate(int worker, Port port) {
        return new CapturePort(port, workers.get(worker));
    }

    @Override
    public DropObserver drops(int worker) {
        return workers.get(worker);
    }
}
