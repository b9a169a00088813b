package io.weft.dataplane.capture;

import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.DropObserver;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.table.Overlay;
import io.weft.nativebindings.linux.MappedMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One capture that is under way: the file and each worker's part. Thread: the conductor. Cold code. */
public final class Capture implements AutoCloseable {
    private static final long LEASE_NANOS = 3_000_000_000L;

    private final CaptureFile file;
    private final long id;
    private final List<FrameCapture> workers = new ArrayList<>();

    private Capture(CaptureFile file, long id) {
        this.file = file;
        this.id = id;
    }

    /** Creates the file for a request. */
    public interface Files {
        MappedMemory replace(String name, long bytes);
    }

    /**
     * @param pools of the workers
     * @throws IOException if there is no request, or it cannot be read
     * @throws IllegalArgumentException if the request is wrong
     */
    public static Capture begin(Path runDirectory, Files files, List<FramePool> pools, Overlay overlay, long nowNanos)
        throws IOException {
        CaptureRequest request = CaptureRequest.read(runDirectory);
        MappedMemory memory = files.replace(CaptureFile.NAME, CaptureFile.sizeFor(pools.size(), request.ringBytes()));
        Capture capture = new Capture(CaptureFile.create(memory, pools.size(), request, nowNanos), request.id());
        FrameFilter filter = new FrameFilter(request.filter(), overlay);
        for (int worker = 0; worker < pools.size(); worker++) {
            capture.workers.add(new FrameCapture(capture.file, worker, pools.get(worker), request, filter));
        }
        return capture;
    }

    public long id() {
        return id;
    }

    /** The port as the worker uses it while the capture is under way. */
    public Port decorate(int worker, Port port) {
        return new CapturePort(port, workers.get(worker));
    }

    public DropObserver drops(int worker) {
        return workers.get(worker);
    }

    /** Whether who asked for the capture is gone. */
    public boolean isAbandoned(long nowNanos) {
        return nowNanos - file.seenNanos() > LEASE_NANOS;
    }

    /** Once no worker uses it any more. */
    @Override
    public void close() {
        file.end();
        file.close();
    }
}
