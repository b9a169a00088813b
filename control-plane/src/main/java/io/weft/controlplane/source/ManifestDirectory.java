package io.weft.controlplane.source;

import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.source.ManifestFile.Stamp;
import io.weft.controlplane.status.Failures;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A watched directory of Kubernetes manifests: files {@code *.yaml}, {@code *.yml} and {@code *.json} with any number of documents each,
 * best written under another name and renamed.
 *
 * <p>A wrong object is reported, its last good content stays in force, and all others apply. While a file contains a wrong object, nothing
 * that is missing from the file is removed, because it may be incomplete. A file that is not YAML is refused as a whole. While the
 * directory cannot be read, is missing, or has lost its last file, everything known stays, and the source is stale until the directory is
 * back and has held the same files for {@value #SCAN_MILLIS} ms. inotify reports changes, and a scan each second finds what it missed. A
 * file is read once it has been unchanged for {@value #SETTLE_MILLIS} ms, so that a file written in place is rarely seen incomplete.
 */
public final class ManifestDirectory implements ClusterSource {
    private static final Logger LOG = LoggerFactory.getLogger(ManifestDirectory.class);
    private static final List<String> EXTENSIONS = List.of(".yaml", ".yml", ".json");
    private static final long SCAN_MILLIS = 1000;
    private static final long SETTLE_MILLIS = 10;
    private static final long TRUNCATED_SETTLE_MILLIS = 500;

    private final Path directory;
    private final ManifestSet manifests;
    private final Thread thread;
    private final Failures failures;
    private Listener listener;
    private DirectoryWatch watch;
    private boolean unsettled;
    private Set<String> returning = Set.of();
    private long returningSinceNanos;
    private volatile SourceStatus status;

    public ManifestDirectory(Path directory) {
        this(directory, new Failures());
    }

    /** @param failures counts unexpected failures */
    public ManifestDirectory(Path directory, Failures failures) {
        this.failures = failures;
        this.directory = directory;
        this.manifests = new ManifestSet(directory);
        this.status = new SourceStatus("manifests " + directory, false, Optional.empty(), "", List.of());
        this.thread = Thread.ofPlatform().name("manifests").daemon().unstarted(this::run);
    }

    @Override
    public void start(Listener changes) {
        listener = changes;
        try {
            watch = new DirectoryWatch(directory);
        } catch (IOException e) {
            throw new IllegalStateException("inotify: " + e.getMessage() + "; raise fs.inotify.max_user_instances", e);
        }
        thread.start();
    }

    @Override
    public SourceStatus status() {
        return status;
    }

    @Override
    public Optional<String> origin(ObjectKey key) {
        return manifests.originOf(key);
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            watch.close();
            thread.join();
        } catch (IOException e) {
            LOG.warn("{}: {}", directory, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        Set<String> heard = new HashSet<>();
        long arrivalNanos = System.nanoTime();
        while (!Thread.currentThread().isInterrupted()) {
            try {
                watch.renew();
                scan(heard, arrivalNanos);
                if (unsettled) {
                    heard.addAll(watch.await(SETTLE_MILLIS));
                } else {
                    heard = watch.await(SCAN_MILLIS);
                    arrivalNanos = System.nanoTime();
                }
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | Error e) {
                failed(e);
            }
        }
    }

    /** No failure ends the watching. The change being delivered may be lost, so everything is delivered again. */
    private void failed(Throwable failure) {
        if (Thread.currentThread().isInterrupted()) { return; }
        failures.add("manifests", failure);
        manifests.reportAll();
        stale("Weft failed on it: " + failure);
        LockSupport.parkNanos(SCAN_MILLIS * 1_000_000);
    }

    private void scan(Set<String> heard, long arrivalNanos) {
        unsettled = false;
        try {
            Set<String> present = list();
            if (present.isEmpty() && !manifests.isEmpty()) {
                returning = Set.of();
                stale("contains no manifest any more");
                return;
            }
            if (isComingBack(present)) { return; }
            present.forEach(name -> examine(name, heard.contains(name)));
            manifests.names().stream().filter(name -> !present.contains(name)).forEach(manifests::remove);
            deliver(arrivalNanos);
        } catch (NoSuchFileException e) {
            stale("no such directory");
        } catch (NotDirectoryException e) {
            stale("not a directory");
        } catch (AccessDeniedException e) {
            stale("permission denied");
        } catch (IOException e) {
            stale(e.getMessage());
        }
    }

    /** A directory that was missing or empty is filled file by file: files that are not there yet are not treated as deleted. */
    private boolean isComingBack(Set<String> present) {
        if (!status.synced() || status.staleSince().isEmpty()) { return false; }
        long now = System.nanoTime();
        if (!present.equals(returning)) {
            returning = present;
            returningSinceNanos = now;
        }
        unsettled = now - returningSinceNanos < SCAN_MILLIS * 1_000_000;
        return unsettled;
    }

    private Set<String> list() throws IOException {
        Set<String> names = new TreeSet<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, ManifestDirectory::isManifest)) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
        } catch (java.nio.file.DirectoryIteratorException e) {
            throw e.getCause();
        }
        return names;
    }

    private static boolean isManifest(Path entry) {
        String name = entry.getFileName().toString();
        return EXTENSIONS.stream().anyMatch(name::endsWith) && !name.startsWith(".") && Files.isRegularFile(entry);
    }

    private void examine(String name, boolean heardOf) {
        Path file = directory.resolve(name);
        ManifestFile known = manifests.file(name);
        try {
            Stamp stamp = Stamp.of(file);
            if (known != null && known.stamp().equals(stamp) && !heardOf) { return; }
            if (isFresh(stamp, known)) {
                unsettled = true;
                return;
            }
            read(name, file, stamp, known);
        } catch (NoSuchFileException e) {
            unsettled = true;
        } catch (CharacterCodingException e) {
            refuse(name, known, List.of(file + ": not UTF-8 text"));
        } catch (IOException e) {
            refuse(name, known, List.of(file + ": cannot be read: " + e.getClass().getSimpleName()));
        }
    }

    private void read(String name, Path file, Stamp stamp, ManifestFile known) throws IOException {
        String content = Files.readString(file);
        if (!Stamp.of(file).equals(stamp)) {
            unsettled = true;
            return;
        }
        ManifestContent former = known == null ? ManifestContent.NOTHING : known.content();
        try {
            ManifestContent read = ManifestReader.read(file.toString(), content, stamp.modifiedMillis());
            manifests.put(name, new ManifestFile(stamp, read.errors().isEmpty() ? read : read.over(former)));
        } catch (ManifestException e) {
            manifests.put(name, new ManifestFile(stamp, former.refused(e.errors())));
        } catch (RuntimeException | StackOverflowError e) {
            failures.add("manifest " + file, e);
            manifests.put(name, new ManifestFile(stamp, former.refused(List.of(file + ": Weft failed on it: " + e))));
        }
    }

    /** A file that cannot be read gets an impossible stamp, so that each scan tries again. */
    private void refuse(String name, ManifestFile known, List<String> errors) {
        ManifestContent former = known == null ? ManifestContent.NOTHING : known.content();
        manifests.put(name, new ManifestFile(new Stamp(null, 0, -1), former.refused(errors)));
    }

    /** Whether the file was written so recently that the writer may not be done; the time is longer if it has just been truncated. */
    private static boolean isFresh(Stamp stamp, ManifestFile known) {
        long ageMillis = System.currentTimeMillis() - stamp.modifiedMillis();
        boolean truncated = stamp.size() == 0 && known != null && !known.objects().isEmpty();
        return ageMillis >= 0 && ageMillis < (truncated ? TRUNCATED_SETTLE_MILLIS : SETTLE_MILLIS);
    }

    private void deliver(long arrivalNanos) {
        boolean first = !status.synced();
        if (first && unsettled) { return; }
        ClusterChange change = manifests.takeChange(arrivalNanos);
        boolean news = publish(new SourceStatus(status.name(), true, Optional.empty(), "", manifests.errors()));
        if (first || !change.isEmpty()) {
            listener.changed(change);
        } else if (news) {
            listener.statusChanged();
        }
    }

    private void stale(String reason) {
        Instant since = status.staleSince().orElseGet(Instant::now);
        if (publish(new SourceStatus(status.name(), status.synced(), Optional.of(since), reason, manifests.errors()))) {
            listener.statusChanged();
        }
    }

    private boolean publish(SourceStatus now) {
        SourceStatus before = status;
        if (now.equals(before)) { return false; }
        status = now;
        now.errors().stream().filter(error -> !before.errors().contains(error)).forEach(LOG::warn);
        if (!now.staleReason().equals(before.staleReason())) {
            LOG.warn("{}: {}", now.name(), now.staleReason().isEmpty()
                ? "is read again" : now.staleReason() + "; serving what is known");
        }
        return true;
    }
}
