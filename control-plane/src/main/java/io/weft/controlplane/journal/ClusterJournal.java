package io.weft.controlplane.journal;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.source.Throttle;
import io.weft.nativebindings.linux.AtomicFiles;
import io.weft.nativebindings.linux.FileErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.openhft.chronicle.bytes.Bytes;

/**
 * The cluster objects on disk, {@code <state>/cluster.journal}, so that a node that starts without its source of objects forwards as before.
 *
 * <p>The file is one {@link ChecksummedRecord}: version, node name, time, objects. It is replaced as a whole. A file that is incomplete, damaged, of
 * another version or of another node is not used at all: it is renamed to {@code cluster.journal.refused}, and {@link #problems} names the reason.
 * One thread at a time, except where noted.
 */
public final class ClusterJournal {
    /** Must change with what {@link ObjectCodec} writes. */
    static final int VERSION = 3;
    private static final String NAME = "cluster.journal";
    static final int MAGIC = 0x4A464557; // "WEFJ"
    private static final int MAX_PAYLOAD = 1 << 29;

    /** @param asOf when the objects were last known to be right */
    public record Contents(Instant asOf, List<ClusterObject> objects) {
    }

    private final Path file;
    private final String nodeName;
    private volatile String refusal = "";
    private volatile String writeFailure = "";

    public ClusterJournal(Path stateDirectory, String nodeName) {
        this.file = stateDirectory.resolve(NAME);
        this.nodeName = nodeName;
    }

    /** @return empty if there is no file, or if it was refused */
    public Optional<Contents> read() {
        try {
            return Optional.of(decode(Files.readAllBytes(file)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (RefusedException e) {
            refusal = file + ": " + e.getMessage() + "; it is not used" + setAside();
        } catch (IOException e) {
            refusal = "cannot be read and is not used: " + FileErrors.describe(e);
        }
        return Optional.empty();
    }

    /**
     * Replaces the file.
     *
     * @return its length in bytes
     * @throws IOException with the old file unchanged; {@link #problems} names it until the next call succeeds
     */
    public int write(Contents contents) throws IOException {
        byte[] bytes = encode(contents);
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            AtomicFiles.write(file, bytes);
            writeFailure = "";
        } catch (IOException e) {
            writeFailure = file + ": cannot be written: " + FileErrors.describe(e);
            throw e;
        }
        return bytes.length;
    }

    /** Why the file was refused, and why it cannot be written, one line each. Any thread. */
    public List<String> problems() {
        return List.of(refusal, writeFailure).stream().filter(problem -> !problem.isEmpty()).toList();
    }

    private byte[] encode(Contents contents) {
        Throttle throttle = new Throttle();
        JournalOutput out = new JournalOutput();
        out.number(VERSION);
        out.text(nodeName);
        out.number(contents.asOf().toEpochMilli());
        out.number(contents.objects().size());
        for (ClusterObject object : contents.objects()) {
            ObjectCodec.write(object, out);
            throttle.pause();
        }
        Bytes<?> bytes = Bytes.allocateElasticOnHeap();
        ChecksummedRecord.write(bytes, MAGIC, out.toByteArray());
        return bytes.toByteArray();
    }

    private Contents decode(byte[] bytes) throws RefusedException {
        byte[] payload = ChecksummedRecord.read(Bytes.wrapForRead(bytes), 0, MAGIC, MAX_PAYLOAD);
        if (payload == null || bytes.length != ChecksummedRecord.HEADER_LENGTH + payload.length) {
            throw new RefusedException("is incomplete or damaged");
        }
        try {
            return decodePayload(new JournalInput(payload));
        } catch (RuntimeException e) {
            throw new RefusedException("cannot be decoded: " + e);
        }
    }

    private Contents decodePayload(JournalInput in) throws RefusedException {
        long version = in.number();
        if (version != VERSION) {
            throw new RefusedException("has version " + version + ", and this Weft reads version " + VERSION);
        }
        String owner = in.text();
        if (!owner.equals(nodeName)) {
            throw new RefusedException("belongs to node " + owner + ", this is " + nodeName);
        }
        Instant asOf = Instant.ofEpochMilli(in.number());
        Throttle throttle = new Throttle();
        List<ClusterObject> objects = new ArrayList<>();
        for (long left = in.number(); left > 0; left--) {
            objects.add(ObjectCodec.read(in));
            throttle.pause();
        }
        if (!in.isAtEnd()) { throw new RefusedException("continues after its last object"); }
        return new Contents(asOf, objects);
    }

    /** @return what was done with the file, for a message */
    private String setAside() {
        Path aside = file.resolveSibling(NAME + ".refused");
        try {
            Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
            return ", and is kept as " + aside.getFileName();
        } catch (IOException e) {
            return "; it cannot be renamed: " + FileErrors.describe(e);
        }
    }

    /** The message says what is wrong with the file, without its name. */
    private static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }
}
