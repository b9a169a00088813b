package io.weft.nativebindings.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedMemoryTest {
    @TempDir Path directory;

    @Test
    void anonymousMemoryIsZeroedAndPageAligned() {
        try (MappedMemory memory = MappedMemory.anonymous(10_000, false)) {
            assertEquals(0, memory.address() % 4096);
            assertEquals(10_000, memory.size());
            assertEquals(0, NativeMemory.getLong(memory.address() + 9_992));
            NativeMemory.putLong(memory.address() + 9_992, -1);
            assertEquals(-1, NativeMemory.getLong(memory.address() + 9_992));
        }
    }

    @Test
    void hugePagesAreUsedOrTheReasonIsKept() throws IOException {
        long free = Files.readAllLines(Path.of("/proc/meminfo")).stream()
            .filter(line -> line.startsWith("HugePages_Free:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .findFirst()
            .orElse(0);
        try (MappedMemory memory = MappedMemory.anonymous(4L << 20, true)) {
            assertEquals(0, memory.address() % MappedMemory.HUGE_PAGE_BYTES);
            NativeMemory.putLong(memory.address() + (4L << 20) - 8, 1);
            if (free < 2) {
                assertTrue(memory.hugePageRefusal().contains("vm.nr_hugepages"), memory.hugePageRefusal());
            }
        }
    }

    @Test
    void fileIsSharedBetweenMappingsAndAllocatedOnTheDevice() throws IOException {
        Path path = directory.resolve("tables");
        try (MappedMemory writer = MappedMemory.createFile(path, 1 << 20);
            MappedMemory reader = MappedMemory.openFileReadOnly(path)) {
            NativeMemory.putInt(writer.address() + 4096, 42);
            assertEquals(42, NativeMemory.getInt(reader.address() + 4096));
            assertEquals(1 << 20, reader.size());
            Map<String, Object> attributes = Files.readAttributes(path, "unix:size,mode");
            assertEquals(1L << 20, attributes.get("size"));
            writer.sync();
        }
        try (MappedMemory again = MappedMemory.openFile(path)) {
            assertEquals(42, NativeMemory.getInt(again.address() + 4096));
        }
    }

    @Test
    void creatingOverAnExistingFileIsRefusedByName() {
        Path path = directory.resolve("flows");
        MappedMemory.createFile(path, 4096).close();
        LinuxException e = assertThrows(LinuxException.class, () -> MappedMemory.createFile(path, 4096));
        assertEquals(Errno.EEXIST, e.errno());
        assertEquals("create " + path + ": EEXIST (17) File exists", e.getMessage());
    }

    @Test
    void fileThatDoesNotFitIsRefusedAndRemoved() {
        Path path = Path.of("/dev/shm", "weft-test-" + ProcessHandle.current().pid());
        LinuxException e = assertThrows(LinuxException.class, () -> MappedMemory.createFile(path, 1L << 50));
        assertTrue(e.errno() == Errno.ENOSPC || e.errno() == Errno.EFBIG, e.getMessage());
        assertFalse(Files.exists(path));
    }

    @Test
    void emptyFileIsRefused() throws IOException {
        Path path = Files.createFile(directory.resolve("empty"));
        assertTrue(assertThrows(LinuxException.class, () -> MappedMemory.openFile(path))
            .getMessage()
            .contains("empty"));
    }

    @Test
    void closingTwiceIsHarmless() {
        MappedMemory memory = MappedMemory.anonymous(4096, false);
        memory.close();
        memory.close();
    }
}
