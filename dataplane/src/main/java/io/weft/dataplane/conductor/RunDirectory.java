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

/** The run directory as one dataplane's: its lock, and files that are replaced as a whole. Cold code. */
final class RunDirectory implements AutoCloseable {
    private static final String LOCK = "dataplane.lock";

    private final Path path;
    private final FileLock lock;

    private RunDirectory(Path path, FileLock lock) {
        this.path = path;
        this.lock = lock;
    }

    /** @throws SetupException when another dataplane has it */
    static RunDirectory take(Path path) {
        try {
            Files.createDirectories(path);
        } catch (IOException e) {
            throw new SetupException("runDirectory: cannot make " + FileErrors.describe(e), e);
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

    /** A new zeroed file in place of any former one, whose readers keep what they have mapped. */
    MappedMemory replaceFile(String name, long bytes) {
        Path unfinished = path.resolve(name + ".new");
        try {
            Files.deleteIfExists(unfinished);
            MappedMemory memory = MappedMemory.createFile(unfinished, bytes);
            Files.move(unfinished, path.resolve(name), StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
            return memory;
        } catch (IOException | LinuxException e) {
            throw new SetupException(
                "runDirectory: cannot make " + name + " of " + (bytes >> 20) + " MiB: "
                    + (e instanceof IOException failure ? FileErrors.describe(failure) : e.getMessage()),
                e);
        }
    }

    /** Removes files that a predecessor was killed over. */
    void removeUnfinished(String name) {
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(path, name + ".*")) {
            for (Path leftover : leftovers) {
                Files.deleteIfExists(leftover);
            }
        } catch (IOException e) {
            throw new SetupException("cannot tidy " + FileErrors.describe(e), e);
        }
    }

    @Override
    public void close() {
        lock.close();
    }
}
