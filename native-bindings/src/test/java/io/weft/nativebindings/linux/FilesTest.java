package io.weft.nativebindings.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilesTest {
    @TempDir Path directory;

    @Test
    void lockIsForOneAndNamesItsHolder() {
        Path path = directory.resolve("dataplane.lock");
        assertEquals(Optional.empty(), FileLock.holder(path));
        try (FileLock first = FileLock.tryLock(path).orElseThrow()) {
            assertTrue(FileLock.tryLock(path).isEmpty());
            assertEquals(Optional.of(ProcessHandle.current().pid()), FileLock.holder(path));
            first.close();
            FileLock.tryLock(path).orElseThrow().close();
        }
    }

    @Test
    void lockInAMissingDirectoryIsRefusedByName() {
        Path path = directory.resolve("none").resolve("lock");
        LinuxException e = assertThrows(LinuxException.class, () -> FileLock.tryLock(path));
        assertEquals("open " + path + ": ENOENT (2) No such file or directory", e.getMessage());
    }

    @Test
    void writeReplacesWholeAndLeavesNothingElse() throws IOException {
        Path path = directory.resolve("addresses");
        AtomicFiles.write(path, new byte[]{1, 2, 3});
        byte[] content = "second".getBytes(StandardCharsets.UTF_8);
        AtomicFiles.write(path, content);
        assertArrayEquals(content, Files.readAllBytes(path));
        try (var files = Files.list(directory)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void failedWriteLeavesTheOldFile() throws IOException {
        Path path = Files.createDirectory(directory.resolve("busy"));
        Files.writeString(path.resolve("child"), "x");
        assertThrows(IOException.class, () -> AtomicFiles.write(path, new byte[]{1}));
        assertTrue(Files.exists(path.resolve("child")));
        assertThrows(
            NoSuchFileException.class,
            () -> AtomicFiles.write(directory.resolve("none").resolve("file"), new byte[]{1}));
        try (var files = Files.list(directory)) {
            assertEquals(1, files.count());
        }
    }
}
