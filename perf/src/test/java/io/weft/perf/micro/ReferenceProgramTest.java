package io.weft.perf.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReferenceProgramTest {
    @TempDir private Path directory;

    @Test
    void findsTheFigure() {
        assertEquals(17.7, ReferenceProgram.parse("total 26.6 ns => pipeline 17.7 ns/packet = 41 cycles checksums ok"));
    }

    @Test
    void refusesBadOutput() {
        assertThrows(IllegalStateException.class, () -> ReferenceProgram.parse("pipeline 1.0 ns/packet checksums BAD"));
        assertThrows(IllegalStateException.class, () -> ReferenceProgram.parse("hello"));
    }

    @Test
    void runsTheProgramWithItsFlows() throws Exception {
        Path program = directory.resolve("reference");
        Files.writeString(program, "#!/bin/sh\necho \"pipeline $2.5 ns/packet\"\n");
        assertTrue(program.toFile().setExecutable(true));
        assertEquals(64.5, new ReferenceProgram(program).nsPerPacket(64));
    }

    @Test
    void reportsAMissingProgram() {
        Exception failure = assertThrows(IllegalArgumentException.class,
            () -> new ReferenceProgram(directory.resolve("none")));
        assertTrue(failure.getMessage().startsWith("--reference "), failure.getMessage());
    }
}
