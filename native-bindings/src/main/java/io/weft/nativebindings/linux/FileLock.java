package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An exclusive flock(2) on a file, so that one process runs at a time. It ends with {@link #close} or with the process, however that dies.
 * The file stays, and holds the id of the process that took the lock last.
 */
public final class FileLock implements AutoCloseable {
    public static final int LOCK_EX = 2; // <asm-generic/fcntl.h>
    public static final int LOCK_NB = 4;

    private static final int FILE_MODE = 0644;
    private static final MethodHandle FLOCK = Libc.function("flock", JAVA_INT, JAVA_INT, JAVA_INT);

    private final int fd;
    private boolean open = true;

    private FileLock(int fd) {
        this.fd = fd;
    }

    /** Takes the lock, creating the file if needed. Returns empty if another process holds it. Never waits. */
    public static Optional<FileLock> tryLock(Path path) {
        int flags = Descriptors.O_RDWR | Descriptors.O_CREAT;
        int fd = Descriptors.open(path, flags, FILE_MODE);
        if (fd < 0) { throw new LinuxException("open " + path, -fd, FileErrors.hint(-fd)); }
        int result = flock(fd);
        if (result < 0) {
            Descriptors.close(fd);
            if (result == -Errno.EAGAIN) { return Optional.empty(); }
            throw new LinuxException("flock " + path, -result);
        }
        writeHolder(path);
        return Optional.of(new FileLock(fd));
    }

    /** The process that took the lock last, as it wrote its id into the file; empty if the file holds none. For messages. */
    public static Optional<Long> holder(Path path) {
        try {
            return Optional.of(Long.valueOf(Files.readString(path).strip()));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Releases the lock. A second call does nothing. */
    @Override
    public void close() {
        if (open) {
            open = false;
            Descriptors.close(fd);
        }
    }

    /** The id only helps the process that is refused, so a full disk does not prevent the start. */
    private static void writeHolder(Path path) {
        try {
            Files.writeString(path, ProcessHandle.current().pid() + "\n");
        } catch (IOException ignored) {
            return;
        }
    }

    private static int flock(int fd) {
        try {
            CallState state = CallState.current();
            return state.result((int) FLOCK.invokeExact(state.segment(), fd, LOCK_EX | LOCK_NB));
        } catch (Throwable t) {
            throw Libc.unlinked("flock", t);
        }
    }
}
