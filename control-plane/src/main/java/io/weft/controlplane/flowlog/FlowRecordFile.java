package io.weft.controlplane.flowlog;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.linux.FileErrors;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Appends flow records to a file, as lines of JSON. When it has its size, it is renamed to {@code FILE.1}, in place of the one before. What
 * cannot be written is missing in the file, and {@link #problem} says why. One thread, except where noted.
 */
final class FlowRecordFile implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final long maxBytes;
    private OutputStream out;
    private long bytes;
    private Object openKey;
    private volatile String problem = "";

    FlowRecordFile(Path file, long maxBytes) {
        this.file = file;
        this.maxBytes = maxBytes;
    }

    void append(List<NamedFlow> records) {
        try {
            if (out != null && !Objects.equals(key(), openKey)) {
                close(); // somebody else has renamed or deleted it
            }
            for (NamedFlow flow : records) {
                byte[] line = JSON.writeValueAsBytes(flow);
                open(line.length + 1L);
                out.write(line);
                out.write('\n');
                bytes += line.length + 1L;
            }
            if (out != null) {
                out.flush();
            }
            problem = "";
        } catch (IOException e) {
            problem = "flows.recordsFile: " + FileErrors.describe(e) + "; flow records are missing in the file";
            abandon();
        }
    }

    /** The file as it is there now; null if there is none. */
    private Object key() {
        try {
            return Files.getAttribute(file, "unix:ino");
        } catch (IOException e) {
            return null;
        }
    }

    /** For a line of this length. */
    private void open(long length) throws IOException {
        if (out != null && bytes + length > maxBytes) {
            close();
        }
        if (out != null) { return; }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new FileSystemException(file.toString(), null, "exists and is not a regular file");
        }
        if (!Files.exists(file)) {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----")));
        } else if (Files.size(file) + length > maxBytes) {
            Files.move(file, file.resolveSibling(file.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
            open(length);
            return;
        }
        bytes = Files.size(file);
        out = new BufferedOutputStream(Files.newOutputStream(file, StandardOpenOption.APPEND));
        openKey = key();
    }

    private void abandon() {
        try {
            close();
        } catch (IOException e) {
            out = null; // its contents are lost, which the problem says
        }
    }

    /** Why records are missing; empty if none is. Any thread. */
    Optional<String> problem() {
        return Optional.of(problem).filter(text -> !text.isEmpty());
    }

    @Override
    public void close() throws IOException {
        OutputStream closing = out;
        out = null;
        if (closing != null) {
            closing.close();
        }
    }
}
