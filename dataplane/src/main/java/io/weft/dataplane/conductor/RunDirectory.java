package io.weft.dataplane.conductor;

import io.weft.nativebindings.linux.FileErrors;
import io.weft.nativebindings.linux.FileLock;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** The run directory as used by one dataplane: its lock, and files that are replaced as a whole. Cold code. */
final class RunDirectory implements AutoCloseable {
    private static final String LOCK = "dataplane.lock";

    private final Path path;
    private final FileLock lock;

    private RunDirectory(Path path, FileLock lock) {
        this.path = path;
        this.lock = lock;
    }

    /** @throws SetupException if another dataplane has it */
    static RunDirectory take(Path path) {
        try {
            Files.createDirectories(path);
        } catch (IOException e) {
            throw new SetupException("runDirectory: cannot create " + FileErrors.describe(e), e);
        }
        Path lockFile = path.resolve(LOCK);
        FileLock lock = FileLock.tryLock(lockFile).orElseThrow(() -> new SetupException("another dataplane"
            + FileLock.holder(lockFile).map(pid -> " (process " + pid + ")").orElse("") + " runs on " + path
            + ": stop it first, or set another runDirectory"));
        return new RunDirectory(path, lock);
    }

    Path path() {
        return path;
    }

    /** Creates a zeroed file that replaces an existing one; its readers keep what they have mapped. */
    MappedMemory replaceFile(String name, long bytes) {
        return replaceFile(path, name, bytes);
    }

    /** Like {@link #replaceFile(String, long)}, in the run directory that the process has taken. */
    static MappedMemory replaceFile(Path path, String name, long bytes) {
        Path unfinished = path.resolve(name + ".new");
        try {
            Files.deleteIfExists(unfinished);
            MappedMemory memory = MappedMemory.createFile(unfinished, bytes);
            Files.move(unfinished, path.resolve(name), StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
            return memory;
        } catch (IOException | LinuxException e) {
            throw new SetupException(
                "runDirectory: cannot create " + name + " of " + (bytes >> 20) + " MiB: "
                    + (e instanceof IOException failure ? FileErrors.describe(failure) : e.getMessage()),
                e);
        }
    }

    /** Removes unfinished files of an earlier dataplane that was killed. */
    void removeUnfinished(String name) {
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(path, name + ".*")) {
            for (Path leftover : leftovers) {
                Files.deleteIfExists(leftover);
            }
        } catch (IOException e) {
            throw new SetupException("cannot clean up " + FileErrors.describe(e), e);
        }
    }

    @Override
    public void close() {
        lock.close();
    }
}
