package io.weft.dataplane.trace;

import io.weft.dataplane.capture.FrameFilter;
import io.weft.dataplane.capture.RequestFile;
import io.weft.dataplane.capture.RingFile;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Which frames a trace should follow: the file by which the command line asks the conductor for one.
 *
 * @param id chosen at random by who asks; the ring file repeats it
 * @param count frames that each worker traces at most, 1 to {@link #MAX_COUNT}
 */
public record TraceRequest(long id, int count, FrameFilter.Spec filter) {
    /** In the run directory. */
    public static final String NAME = "trace.request";
    public static final int MAX_COUNT = 1000;

    public TraceRequest {
        RequestFile.require("count", count, 1, MAX_COUNT);
    }

    /** Writes the request anew and renames it into place. */
    public void write(Path runDirectory) throws IOException {
        RequestFile.write(runDirectory.resolve(NAME), "id=" + id + "\ncount=" + count + "\n" + filter.text());
    }

    /**
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it is wrong: one line says what
     */
    static TraceRequest read(Path runDirectory) throws IOException {
        return RequestFile.read(runDirectory.resolve(NAME),
            values -> new TraceRequest(Long.parseLong(values.getProperty("id")),
                Integer.parseInt(values.getProperty("count")), FrameFilter.Spec.of(values)));
    }

    /** Of a worker's ring: room for all frames that it traces. */
    int ringBytes() {
        int needed = Integer.highestOneBit(2 * count * (TraceMessage.MAX_LENGTH + Long.BYTES) - 1);
        return Math.max(RingFile.MIN_RING_BYTES, needed);
    }
}
