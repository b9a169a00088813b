package io.weft.controlplane.role;

import io.weft.nativebindings.linux.FileErrors;
import io.weft.nativebindings.linux.FileLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Ensures one process per role on a run directory. */
public final class RoleLock {
    /** The role of the control plane, and the subcommand that runs it. */
    public static final String CONTROL_PLANE = "control-plane";

    private static final long PAUSE_NANOS = 20_000_000;

    private RoleLock() {
    }

    /** @throws StartException with one line if another process has the role, or the directory cannot be used */
    public static FileLock take(Path runDirectory, String role) {
        Path file = runDirectory.resolve(role + ".lock");
        try {
            Files.createDirectories(runDirectory);
        } catch (IOException e) {
            throw new StartException(
                "runDirectory: cannot create " + FileErrors.describe(e));
        }
        return FileLock.tryLock(file)
            .orElseThrow(() -> new StartException("another weft " + role + " runs on " + runDirectory
                + FileLock.holder(file).map(pid -> " (process " + pid + ")").orElse("")
                + "; stop it, or set another runDirectory"));
    }

    /**
     * Waits until no process has the role: a process whose supervisor was killed needs a moment to end.
     *
     * @throws StartException with one line if it does not end
     */
    public static void awaitFree(Path runDirectory, String role, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            try (FileLock _ = take(runDirectory, role)) {
                return;
            } catch (StartException e) {
                if (System.nanoTime() > deadline) { throw e; }
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** The process that has the role now. */
    public static Optional<Long> holder(Path runDirectory, String role) {
        return FileLock.holder(runDirectory.resolve(role + ".lock"))
            .filter(pid -> ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
    }
}
