package io.weft.dataplane.capture;

import io.weft.nativebindings.linux.AtomicFiles;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/** A request in the run directory: lines of {@code key=value}, written anew and renamed into place. Cold code. */
public final class RequestFile {
    private static final int MAX_FILE_BYTES = 4096;

    private RequestFile() {
    }

    public static void write(Path path, String text) throws IOException {
        AtomicFiles.write(path, text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Makes a request of what a file says. */
    @FunctionalInterface
    public interface Parser<T> {
        T parse(Properties values);
    }

    /**
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it is wrong: one line says what
     */
    public static <T> T read(Path path, Parser<T> parser) throws IOException {
        if (Files.size(path) > MAX_FILE_BYTES) {
            throw new IllegalArgumentException(path + ": longer than " + MAX_FILE_BYTES + " bytes");
        }
        Properties values = new Properties();
        values.load(new StringReader(Files.readString(path, StandardCharsets.US_ASCII)));
        try {
            return parser.parse(values);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(path + ": " + e.getMessage(), e);
        }
    }

    /** @throws IllegalArgumentException if the value is out of range */
    public static void require(String what, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(what + " " + value + ": must be from " + min + " to " + max);
        }
    }
}
