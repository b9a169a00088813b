package io.weft.nativebindings.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExternalCommandTest {
    private final String command = System.getProperty(Programs.COMMAND_PROPERTY);

    @AfterEach
    void restore() {
        as(command);
    }

    private static void as(String command) {
        if (command == null) {
            System.clearProperty(Programs.COMMAND_PROPERTY);
        } else {
            System.setProperty(Programs.COMMAND_PROPERTY, command);
        }
    }

    @Test
    void anUndeclaredProgramIsRefusedThoughTheMachineHasIt() {
        String message = assertThrows(IllegalArgumentException.class, () -> ExternalCommand.of("uname")).getMessage();
        assertTrue(message.contains("'uname'") && message.contains(Programs.LIST), message);
        assertTrue(Files.exists(Path.of("..", Programs.LIST)), Programs.LIST);
        assertThrows(IllegalArgumentException.class, () -> ExternalCommand.java(List.of()).under("uname"));
        assertThrows(IllegalArgumentException.class, () -> Programs.find("uname"));
    }

    @Test
    void aShellIsRefusedBecauseScriptsHidePrograms() {
        assertThrows(IllegalArgumentException.class, () -> ExternalCommand.of("bash", "-c", "uname"));
        assertThrows(IllegalArgumentException.class, () -> ExternalCommand.of("sh", "-c", "uname"));
    }

    @Test
    void aProgramOfAnotherCommandIsRefused() {
        as("demo");
        String message = assertThrows(IllegalArgumentException.class, () -> Programs.find("tcpdump")).getMessage();
        assertTrue(message.contains("'tcpdump'") && message.contains("'demo'"), message);
        as("bench-compare");
        Programs.find("git");
        Programs.find("nft");
        as("bench-echo");
        Programs.find("git");
        assertThrows(IllegalArgumentException.class, () -> Programs.find("nft"));
        as(null);
        Programs.find("nft");
    }

    @Test
    void linesOfTheListAreRead() {
        assertEquals(new Programs.Program("git", "git", Set.of("bench", "verify"), Set.of("bench", "verify")),
            Programs.listed().stream().filter(program -> program.name().equals("git")).findFirst().orElseThrow());
    }

    @Test
    void whatIsMissingIsNamedWithItsPackage() {
        assertEquals(Optional.empty(), Programs.missing("sleep", "ip"));
        as("bench-compare");
        Optional<String> missing = Programs.missing("ip", "dpdk-testpmd", "ovs-vsctl");
        missing.ifPresent(text -> assertTrue(text.contains("Debian: apt-get install "), text));
    }

    @Test
    void commandLinesAreComposed() throws Exception {
        ExternalCommand echo = ExternalCommand.file(Path.of(System.getProperty("java.home"), "bin/java"))
            .with("-version");
        assertEquals(0, echo.run().exit());
        assertTrue(echo.run().text().contains("version"));
        String line = ExternalCommand.of("sleep", "1").under("taskset", "-c", "0").inNamespace(Path.of("/run/netns/x"))
            .toString();
        assertTrue(line.matches("/\\S+/ip netns exec x /\\S+/taskset -c 0 /\\S+/sleep 1"), line);
        assertEquals(0, ExternalCommand.of(List.of("sleep", "0")).run().exit());
    }
}
