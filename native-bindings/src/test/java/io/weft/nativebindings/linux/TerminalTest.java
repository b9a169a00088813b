package io.weft.nativebindings.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a pseudoterminal of the kernel's. */
class TerminalTest {
    private static final int PATIENCE_MILLIS = 10_000;
    private static final int SILENCE_MILLIS = 200;

    @TempDir Path directory;

    /** The terminal echoes what is written to the master, so that it can be read there. */
    @Test
    void keysAreNotEchoedWhileItIsWithoutLines() {
        int master = Descriptors.open(Path.of("/dev/ptmx"), Descriptors.O_RDWR | Descriptors.O_NONBLOCK, 0);
        try {
            assertTrue(Terminal.isTerminal(master));
            assertEquals(new Terminal.Size(0, 0), Terminal.size(master));
            assertTrue(type(master, "a\n", PATIENCE_MILLIS).contains("a"));
            Terminal terminal = Terminal.withoutLines(master);
            assertEquals("", type(master, "b\n", SILENCE_MILLIS));
            terminal.close();
            assertTrue(type(master, "c\n", PATIENCE_MILLIS).contains("c"), "it is as it was");
        } finally {
            Descriptors.close(master);
        }
    }

    private static String type(int master, String keys, int millis) {
        try (Arena arena = Arena.ofConfined()) {
            CallState state = CallState.current();
            MemorySegment text = arena.allocate(64);
            text.setString(0, keys, StandardCharsets.US_ASCII);
            assertEquals(keys.length(), Descriptors.write(state, master, text.address(), keys.length()));
            Poll poll = new Poll(1);
            poll.set(0, master, Poll.POLLIN);
            poll.poll(millis);
            long count = Descriptors.read(state, master, text.address(), text.byteSize());
            byte[] bytes = new byte[(int) Math.max(0, count)];
            MemorySegment.copy(text, ValueLayout.JAVA_BYTE, 0, bytes, 0, bytes.length);
            return new String(bytes, StandardCharsets.US_ASCII);
        }
    }

    @Test
    void aFileIsNoTerminal() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        int fd = Descriptors.open(file, Descriptors.O_RDONLY, 0);
        try {
            assertFalse(Terminal.isTerminal(fd));
            assertThrows(LinuxException.class, () -> Terminal.withoutLines(fd));
            assertThrows(LinuxException.class, () -> Terminal.size(fd));
        } finally {
            Descriptors.close(fd);
        }
    }
}
