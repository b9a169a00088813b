package io.weft.controlplane.operator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.journal.ChecksummedRecord;
import io.weft.nativebindings.linux.AtomicFiles;
import io.weft.nativebindings.linux.FileErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import net.openhft.chronicle.bytes.Bytes;

/**
 * The writes on disk, {@code <state>/operator.journal}: one {@link ChecksummedRecord} with a JSON document, replaced as a whole. A file that is
 * incomplete, damaged, of another version or of another node is not used at all: it is renamed to {@code operator.journal.refused}, and
 * {@link #problem} names it until that file is gone. One thread at a time, except where noted.
 */
public final class OperatorFile {
    static final int MAGIC = 0x4F464557; // "WEFO"
    static final String NAME = "operator.journal";
    private static final String REFUSED = NAME + ".refused";
    private static final int VERSION = 1;
    private static final int MAX_PAYLOAD = 1 << 22;
    private static final ObjectMapper JSON = new ObjectMapper();

    private record Contents(int version, String node, List<OperatorWrite> writes) {
    }

    private final Path file;
    private final String nodeName;
    private volatile String refusal = "";

    public OperatorFile(Path stateDirectory, String nodeName) {
        this.file = stateDirectory.resolve(NAME);
        this.nodeName = nodeName;
    }

    /** @return nothing if there is no file, or if it was refused */
    public OperatorState read() {
        try {
            return decode(Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            return OperatorState.NOTHING;
        } catch (IllegalArgumentException e) {
            refusal = e.getMessage() + setAside();
        } catch (IOException e) {
            refusal = "cannot be read: " + FileErrors.describe(e);
        }
        return OperatorState.NOTHING;
    }

    /**
     * Returns once the file is on disk.
     *
     * @throws IOException with the old file unchanged
     */
    public void write(OperatorState state) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        AtomicFiles.write(file, encode(state));
    }

    /** Why operators' earlier writes are not in force, in one line; empty if they are. Any thread. */
    public Optional<String> problem() {
        boolean kept = Files.exists(file.resolveSibling(REFUSED), LinkOption.NOFOLLOW_LINKS);
        if (refusal.isEmpty() && !kept) { return Optional.empty(); }
        String why = refusal.isEmpty() ? "was refused at an earlier start" : refusal;
        return Optional
            .of(file + ": " + why + "; the operators' writes in it (drains, pauses, static routes, log level)"
                + " are not in force" + (kept ? "; write them again, then delete " + REFUSED : ""));
    }

    private byte[] encode(OperatorState state) {
        try {
            Bytes<?> bytes = Bytes.allocateElasticOnHeap();
            ChecksummedRecord.write(bytes, MAGIC, JSON.writeValueAsBytes(new Contents(VERSION, nodeName, state.all())));
            return bytes.toByteArray();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** @throws IllegalArgumentException what is wrong with it, without its name */
    private OperatorState decode(byte[] bytes) throws IOException {
        byte[] payload = ChecksummedRecord.read(Bytes.wrapForRead(bytes), 0, MAGIC, MAX_PAYLOAD);
        if (payload == null || bytes.length != ChecksummedRecord.HEADER_LENGTH + payload.length) {
            throw new IllegalArgumentException("is incomplete or damaged");
        }
        Contents contents;
        try {
            contents = JSON.readValue(payload, Contents.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("cannot be decoded: " + e.getOriginalMessage(), e);
        }
        if (contents == null) { throw new IllegalArgumentException("cannot be decoded: null"); }
        if (contents.version != VERSION) {
            throw new IllegalArgumentException("has version " + contents.version + ", and this Weft reads " + VERSION);
        }
        if (!nodeName.equals(contents.node)) {
            throw new IllegalArgumentException("belongs to node " + contents.node + ", this is " + nodeName);
        }
        if (contents.writes == null) { throw new IllegalArgumentException("has no writes"); }
        return new OperatorState(contents.writes);
    }

    /** @return why it cannot be renamed; empty if it is */
    private String setAside() {
        try {
            Files.move(file, file.resolveSibling(REFUSED), StandardCopyOption.REPLACE_EXISTING);
            return "";
        } catch (IOException e) {
            return "; it cannot be renamed: " + FileErrors.describe(e);
        }
    }
}
