package io.weft.controlplane.node;

import io.weft.nativebindings.linux.FileLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** One process a role on a run directory. */
public final class RoleLock {
    private RoleLock() {
    }

    /** @throws StartException in one line when another process has the role, or the directory cannot be used */
    public static FileLock take(Path runDirectory, String role) {
        Path file = runDirectory.resolve(role + ".lock");
        try {
            Files.createDirectories(runDirectory);
        } catch (IOException e) {
            throw new StartException(
                "cannot make " + runDirectory + ": " + e.getClass().getSimpleName() + " " + e.getMessage());
        }
        return FileLock.tryLock(file)
            .orElseThrow(() -> new StartException("another weft " + role + " runs on " + runDirectory
                + FileLock.holder(file).map(pid -> " (process " + pid + ")").orElse("")
                + "; stop it, or set another runDirectory"));
    }

    /** The process that has the role now. */
    public static Optional<Long> holder(Path runDirectory, String role) {
        return FileLock.holder(runDirectory.resolve(role + ".lock"))
            .filter(pid -> ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
    }
}
