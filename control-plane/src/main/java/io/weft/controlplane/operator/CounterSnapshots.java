package io.weft.controlplane.operator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.journal.ChecksummedRecord;
import io.weft.controlplane.view.CounterValue;
import io.weft.controlplane.view.NodeFiles;
import io.weft.dataplane.counters.CounterReader;
import io.weft.nativebindings.linux.AtomicFiles;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import net.openhft.chronicle.bytes.Bytes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The dataplane's counters at moments that an operator chose, to compare them with later ones; a file each in
 * {@code <state>/counter-snapshots}. At most {@value #MAX_SNAPSHOTS} are kept. Any thread; calls exclude each other.
 */
public final class CounterSnapshots {
    public static final int MAX_SNAPSHOTS = 16;
    static final int MAGIC = 0x53464557; // "WEFS"
    private static final Logger LOG = LoggerFactory.getLogger(CounterSnapshots.class);
    private static final String SUFFIX = ".snapshot";
    private static final int MAX_PAYLOAD = 1 << 22;
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Counters at one moment.
     *
     * @param takenMillis milliseconds since the epoch
     * @param dataplane the incarnation whose counters they are; each begins at 0
     */
    public record Snapshot(String id, long takenMillis, String comment, long dataplane, List<CounterValue> counters) {
    }

    private final Path directory;
    private final Path runDirectory;

    public CounterSnapshots(Path stateDirectory, Path runDirectory) {
        this.directory = stateDirectory.resolve("counter-snapshots");
        this.runDirectory = runDirectory;
    }

    /**
     * The counters now, as a snapshot that is not kept.
     *
     * @throws io.weft.controlplane.view.UnavailableException without a dataplane's counters
     */
    public Snapshot now() {
        try (NodeFiles files = new NodeFiles(runDirectory)) {
            CounterReader counters = files.requireCounters();
            return new Snapshot("", System.currentTimeMillis(), "", counters.incarnation(), CounterValue.all(counters));
        }
    }

    /**
     * Takes a snapshot and keeps it.
     *
     * @return empty if there are {@value #MAX_SNAPSHOTS} already
     */
    public synchronized Optional<Snapshot> take(String comment) throws IOException {
        List<Path> files = files();
        if (files.size() >= MAX_SNAPSHOTS) { return Optional.empty(); }
        Snapshot now = now();
        long last = files.stream().mapToLong(CounterSnapshots::number).max().orElse(0);
        long number = Math.max(now.takenMillis(), last + 1);
        Snapshot taken = new Snapshot(Long.toString(number), now.takenMillis(), comment, now.dataplane(),
            now.counters());
        Files.createDirectories(directory);
        AtomicFiles.write(file(taken.id()), encode(taken));
        return Optional.of(taken);
    }

    /** The oldest first; without those whose file is damaged, which the log names. */
    public synchronized List<Snapshot> all() throws IOException {
        List<Snapshot> all = new ArrayList<>();
        for (Path file : files()) {
            try {
                all.add(decode(file));
            } catch (IOException e) {
                LOG.warn("{}", e.getMessage());
            }
        }
        return all;
    }

    /** @throws IOException if its file is damaged, with its name */
    public synchronized Optional<Snapshot> find(String id) throws IOException {
        if (!isId(id)) { return Optional.empty(); }
        try {
            return Optional.of(decode(file(id)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** @return whether there was one */
    public synchronized boolean delete(String id) throws IOException {
        return isId(id) && AtomicFiles.delete(file(id));
    }

    private static boolean isId(String id) {
        return id.matches("[1-9][0-9]{0,17}");
    }

    private Path file(String id) {
        return directory.resolve(id + SUFFIX);
    }

    private static long number(Path file) {
        return Long.parseLong(file.getFileName().toString().replace(SUFFIX, ""));
    }

    private List<Path> files() throws IOException {
        List<Path> found = new ArrayList<>();
        if (!Files.isDirectory(directory)) { return found; }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (Path file : all) {
                if (isId(file.getFileName().toString().replace(SUFFIX, ""))) {
                    found.add(file);
                }
            }
        }
        found.sort(Comparator.comparingLong(CounterSnapshots::number));
        return found;
    }

    private static byte[] encode(Snapshot snapshot) {
        try {
            Bytes<?> bytes = Bytes.allocateElasticOnHeap();
            ChecksummedRecord.write(bytes, MAGIC, JSON.writeValueAsBytes(snapshot));
            return bytes.toByteArray();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Snapshot decode(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        byte[] payload = ChecksummedRecord.read(Bytes.wrapForRead(bytes), 0, MAGIC, MAX_PAYLOAD);
        if (payload == null || bytes.length != ChecksummedRecord.HEADER_LENGTH + payload.length) {
            throw new FileSystemException(file.toString(), null, "is incomplete or damaged; delete it");
        }
        try {
            return JSON.readValue(payload, Snapshot.class);
        } catch (JsonProcessingException e) {
            throw new FileSystemException(file.toString(), null, "cannot be decoded: " + e.getOriginalMessage());
        }
    }
}
