package io.weft.dataplane.conductor;

import io.weft.dataplane.capture.Observation;
import io.weft.dataplane.capture.RingFile;
import io.weft.dataplane.table.Overlay;
import java.io.File;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;

/**
 * Begins a capture or a trace when the run directory has a request for one, and ends it when the request is withdrawn or replaced, or when the
 * command that asked for it has not been seen for a while. No failure of it ends the dataplane.
 *
 * <p>Thread: the conductor. Cold code.
 */
final class ObservationRequest implements AutoCloseable {
    private static final Logger LOG = System.getLogger(ObservationRequest.class.getName());
    private static final long NONE = 0;

    private final Kind kind;
    private final Path runDirectory;
    private final File request;
    private final Devices devices;
    private final WorkerPool workers;
    private Observation observation;
    /** When the request was written that was looked at last. */
    private long seen = NONE;

    /**
     * @param name for the log
     * @param doing what the workers then do, for the log
     * @param request file name in the run directory
     * @param ring file name of the rings
     */
    record Kind(String name, String doing, String request, String ring, Beginner beginner) {
    }

    /** Reads the request and creates what it needs. */
    @FunctionalInterface
    interface Beginner {
        /**
         * @throws IOException if the request cannot be read
         * @throws IllegalArgumentException if it is wrong
         */
        Observation begin(RingFile.Files files, Overlay overlay, long nowNanos) throws IOException;
    }

    ObservationRequest(Kind kind, Path runDirectory, Devices devices, WorkerPool workers) {
        this.kind = kind;
        this.runDirectory = runDirectory;
        request = runDirectory.resolve(kind.request()).toFile();
        this.devices = devices;
        this.workers = workers;
    }

    /** To be called several times a second. */
    void pass(long nowNanos, Overlay overlay) {
        long written = request.lastModified();
        if (observation != null && observation.isAbandoned(nowNanos)) {
            LOG.log(Level.WARNING, "the {0} has ended, because the command that asked for it is gone", kind.name());
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
            observation = kind.beginner().begin((name, bytes) -> RunDirectory.replaceFile(runDirectory, name, bytes),
                overlay, nowNanos);
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.WARNING, "no {0}: {1}", kind.name(), e.getMessage());
            return;
        }
        workers.add(observation);
        devices.reassign();
        LOG.log(Level.INFO, "{0}", kind.doing());
    }

    private void end() {
        if (observation == null) { return; }
        workers.remove(observation);
        devices.reassign();
        observation.close();
        observation = null;
        delete(runDirectory.resolve(kind.ring()).toFile());
        LOG.log(Level.INFO, "{0}s no more", kind.name());
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
