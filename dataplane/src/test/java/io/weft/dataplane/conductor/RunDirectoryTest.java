package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.memory.Memory;
import io.weft.nativebindings.linux.MappedMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {
    @TempDir Path directory;

    @Test
    void belongsToOneDataplaneUntilItIsClosed() {
        Path path = directory.resolve("run/weft");
        try (RunDirectory first = RunDirectory.take(path)) {
            assertEquals(path, first.path());
            SetupException refusal = assertThrows(SetupException.class, () -> RunDirectory.take(path));
            assertEquals("another dataplane (process " + ProcessHandle.current().pid() + ") runs on " + path
                + ": stop it first, or set another runDirectory", refusal.getMessage());
        }
        RunDirectory.take(path).close();
    }

    @Test
    void aReplacedFileIsZeroedAndLeavesItsReadersWhatTheyHaveMapped() throws IOException {
        try (RunDirectory run = RunDirectory.take(directory);
            MappedMemory before = run.replaceFile("flows", 4096)) {
            Memory.putU8(before.address(), 7);
            try (MappedMemory after = run.replaceFile("flows", 8192)) {
                assertEquals(0, Memory.u8(after.address()));
                assertEquals(7, Memory.u8(before.address()));
                assertEquals(8192, Files.size(directory.resolve("flows")));
            }
        }
        assertFalse(Files.exists(directory.resolve("flows.new")));
    }

    @Test
    void leftoversOfAKilledPredecessorAreTakenOverOrRemoved() throws IOException {
        Files.writeString(directory.resolve("counters.new"), "half");
        Files.writeString(directory.resolve("flows.new"), "half");
        Files.writeString(directory.resolve("flows"), "whole");
        try (RunDirectory run = RunDirectory.take(directory)) {
            run.replaceFile("counters", 4096).close();
            run.removeUnfinished("flows");
        }
        assertEquals(4096, Files.size(directory.resolve("counters")));
        assertFalse(Files.exists(directory.resolve("flows.new")));
        assertTrue(Files.exists(directory.resolve("flows")));
    }

    @Test
    void aFileInItsPlaceIsNamed() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");
        SetupException refusal = assertThrows(SetupException.class, () -> RunDirectory.take(file.resolve("weft")));
        assertTrue(refusal.getMessage().startsWith("runDirectory: cannot create ")
            && refusal.getMessage().contains(file.toString()), refusal.getMessage());
    }
}
