package io.weft.dataplane.capture;

import io.weft.nativebindings.linux.AtomicFiles;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

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
    public static final int MIN_RING_BYTES = 1 << 16;
    public static final int MAX_RING_BYTES = 1 << 28;
    private static final int MAX_FILE_BYTES = 4096;

    public CaptureRequest {
        require("snapLength", snapLength, MIN_SNAP_LENGTH, MAX_SNAP_LENGTH);
        require("ringBytes", ringBytes, MIN_RING_BYTES, MAX_RING_BYTES);
        if (Integer.bitCount(ringBytes) != 1) {
            throw new IllegalArgumentException("ringBytes " + ringBytes + ": must be a power of two");
        }
    }

    /** Writes the request anew and renames it into place. */
    public void write(Path runDirectory) throws IOException {
        String text = "id=" + id + "\nsnapLength=" + snapLength + "\nringBytes=" + ringBytes + "\ndropsOnly="
            + dropsOnly
            + "\n" + filter.text();
        AtomicFiles.write(runDirectory.resolve(NAME), text.getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it is wrong: one line says what
     */
    static CaptureRequest read(Path runDirectory) throws IOException {
        Path path = runDirectory.resolve(NAME);
        if (Files.size(path) > MAX_FILE_BYTES) {
            throw new IllegalArgumentException(path + ": longer than " + MAX_FILE_BYTES + " bytes");
        }
        Properties values = new Properties();
        values.load(new StringReader(Files.readString(path, StandardCharsets.US_ASCII)));
        try {
            return new CaptureRequest(Long.parseLong(values.getProperty("id")),
                Integer.parseInt(values.getProperty("snapLength")), Integer.parseInt(values.getProperty("ringBytes")),
                Boolean.parseBoolean(values.getProperty("dropsOnly")), FrameFilter.Spec.of(values));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(path + ": " + e.getMessage(), e);
        }
    }

    private static void require(String what, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(what + " " + value + ": must be from " + min + " to " + max);
        }
    }
}
