package io.weft.nativebindings.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.support.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountNamespaceTest {
    @TempDir Path directory;

    @BeforeEach
    void needsRoot() {
        Requirements.root();
    }

    @Test
    void onlyTheThreadAndItsProcessesSeeItsMounts() throws Exception {
        Path source = Files.createDirectory(directory.resolve("source"));
        Path target = Files.createDirectory(directory.resolve("target"));
        Path seen = target.resolve("file");
        Files.writeString(source.resolve("file"), "content");
        assertEquals("content", onNewThread(() -> {
            MountNamespace.unshare();
            MountNamespace.bind(source, target);
            assertTrue(Files.exists(seen));
            assertFalse(isMounted(target), "seen by other threads");
            return ExternalCommand.of("cat", seen.toString()).run().text();
        }));
        assertFalse(Files.exists(seen));
    }

    @Test
    void aMissingTargetIsNamed() throws Exception {
        Path target = directory.resolve("missing");
        String message = onNewThread(() -> {
            MountNamespace.unshare();
            try {
                MountNamespace.bind(directory, target);
                return "none";
            } catch (RuntimeException e) {
                return e.getMessage();
            }
        });
        assertEquals("mount " + directory + " on " + target + ": ENOENT (2) No such file or directory", message);
    }

    private static boolean isMounted(Path path) throws IOException {
        return Files.readString(Path.of("/proc/self/mountinfo")).contains(" " + path + " ");
    }

    private static <T> T onNewThread(java.util.concurrent.Callable<T> task) throws Exception {
        FutureTask<T> future = new FutureTask<>(task);
        Thread.ofPlatform().start(future);
        return future.get();
    }
}
