package io.weft.dataplane.capture;

import java.io.IOException;
import java.nio.file.Path;

/**
 * What a capture should contain: the file by which the command line asks the conductor for one.
 *
 * @param id chosen at random by who asks; the ring file repeats it
 * @param snapLength bytes of each frame to keep, 64 to {@link #MAX_SNAP_LENGTH}
 * @param ringBytes of each worker's ring, a power of two
 * @param dropsOnly only frames that are dropped
 */
public record CaptureRequest(long id, int snapLength, int ringBytes, boolean dropsOnly, FrameFilter.Spec filter) {
    /** In the run directory. */
    public static final String NAME = "capture.request";
    public static final int MIN_SNAP_LENGTH = 64;
    public static final int MAX_SNAP_LENGTH = 4096;

    public CaptureRequest {
        RequestFile.require("snapLength", snapLength, MIN_SNAP_LENGTH, MAX_SNAP_LENGTH);
        RequestFile.require("ringBytes", ringBytes, RingFile.MIN_RING_BYTES, RingFile.MAX_RING_BYTES);
        if (Integer.bitCount(ringBytes) != 1) {
            throw new IllegalArgumentException("ringBytes " + ringBytes + ": must be a power of two");
        }
    }

    /** Writes the request anew and renames it into place. */
    public void write(Path runDirectory) throws IOException {
        RequestFile.write(runDirectory.resolve(NAME), "id=" + id + "\nsnapLength=" + snapLength + "\nringBytes="
            + ringBytes + "\ndropsOnly=" + dropsOnly + "\n" + filter.text());
    }

    /**
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it is wrong: one line says what
     */
    static CaptureRequest read(Path runDirectory) throws IOException {
        return RequestFile.read(runDirectory.resolve(NAME),
            values -> new CaptureRequest(Long.parseLong(values.getProperty("id")),
                Integer.parseInt(values.getProperty("snapLength")), Integer.parseInt(values.getProperty("ringBytes")),
                Boolean.parseBoolean(values.getProperty("dropsOnly")), FrameFilter.Spec.of(values)));
    }
}
