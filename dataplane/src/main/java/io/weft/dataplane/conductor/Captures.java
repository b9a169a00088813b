package io.weft.dataplane.conductor;

import io.weft.dataplane.capture.Capture;
import io.weft.dataplane.capture.CaptureFile;
import io.weft.dataplane.capture.CaptureRequest;
import io.weft.dataplane.table.Overlay;
import java.io.File;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;

/**
 * Begins a capture when the run directory has a request for one, and ends it when the request is withdrawn or replaced, or when who asked for
 * it has not been seen for a while. No failure of a capture ends the dataplane.
 *
 * <p>Thread: the conductor. Cold code.
 */
final class Captures implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Captures.class.getName());
    private static final long NONE = 0;

    private final Path runDirectory;
    private final File request;
    private final Devices devices;
    private final WorkerPool workers;
    private Capture capture;
    /** When the request was written that was looked at last. */
    private long seen = NONE;

    Captures(Path runDirectory, Devices devices, WorkerPool workers) {
        this.runDirectory = runDirectory;
        request = runDirectory.resolve(CaptureRequest.NAME).toFile();
        this.devices = devices;
        this.workers = workers;
    }

    /** To be called several times a second. */
    void pass(long nowNanos, Overlay overlay) {
        long written = request.lastModified();
        if (capture != null && capture.isAbandoned(nowNanos)) {
            LOG.log(Level.WARNING, "the capture has ended, because the command that asked for it is gone");
            delete(request);
            written = NONE;
        }
        if (written == seen) { return; }
        seen = written;
        end();
        if (written != NONE) {
            begin(nowNanos, overlay);
        }
    }

    private void begin(long nowNanos, Overlay overlay) {
        try {
            capture = Capture.begin(runDirectory, (name, bytes) -> RunDirectory.replaceFile(runDirectory, name, bytes),
                workers.memories().stream().map(memory -> memory.memory().pool()).toList(), overlay, nowNanos);
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.WARNING, "no capture: {0}", e.getMessage());
            return;
        }
        workers.capture(capture);
        devices.reassign();
        LOG.log(Level.INFO, "capturing");
    }

    private void end() {
        if (capture == null) { return; }
        workers.capture(null);
        devices.reassign();
        capture.close();
        capture = null;
        delete(runDirectory.resolve(CaptureFile.NAME).toFile());
        LOG.log(Level.INFO, "captures no more");
    }

    private static void delete(File file) {
        if (!file.delete() && file.exists()) {
            LOG.log(Level.WARNING, "cannot delete {0}", file);
        }
    }

    @Override
    public void close() {
        end();
    }
}
