package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.Distribution;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs the demo in a separate process. */
class DemoIT {
    private static final String NAME = LabNames.unique("demo");

    private record Run(int exit, String output) {}

    @BeforeAll
    static void needsRoot() {
        Requirements.root();
    }

    @Test
    void everyPathPassesASecondDemoLeavesItAloneAndNothingIsLeftBehind() throws Exception {
        NetworkNamespace.create(NetworkNamespace.named(NAME + "-n1")); // as a killed demo leaves it
        Path own = Path.of("/run/weft-lab", NAME);
        Process first = start("--mebibytes", "16");
        try (BufferedReader output = first.inputReader()) {
            assertTrue(output.readLine().startsWith("setting up"));
            while (!Files.exists(own.resolve("manifests/node-n2.yaml"))) {
                if (!first.isAlive()) {
                    fail("the first demo ended: " + output.lines().collect(Collectors.joining("\n")));
                }
                Thread.sleep(10);
            }
            Run second = demo();
            assertEquals(1, second.exit, second.output);
            assertTrue(second.output.contains("lab '" + NAME + "' is up already"), second.output);
            String rest = output.lines().collect(Collectors.joining("\n"));
            assertEquals(0, first.waitFor(), rest);
            assertFalse(rest.contains("FAIL"), rest);
        }
        assertNothingLeft();
    }

    @Test
    void reportsADeadBackend() throws Exception {
        Run run = demo("--mebibytes", "4", "--break", "backend");
        assertEquals(1, run.exit, run.output);
        assertTrue(run.output.lines().anyMatch(line -> line.startsWith("FAIL") && line.contains("HTTP")), run.output);
        assertNothingLeft();
    }

    @Test
    void reportsABlockedTunnel() throws Exception {
        Run run = demo("--mebibytes", "4", "--break", "tunnel");
        assertEquals(1, run.exit, run.output);
        assertTrue(run.output.lines()
            .anyMatch(line -> line.startsWith("FAIL") && line.contains("pod on n1 → pod on n2, ping")), run.output);
        assertTrue(run.output.lines().anyMatch(line -> line.startsWith("pass") && line.contains("same node, ping")),
            run.output);
        assertNothingLeft();
    }

    private static Run demo(String... arguments) throws Exception {
        Process process = start(arguments);
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.waitFor(), output);
    }

    private static Process start(String... arguments) throws Exception {
        // not ./weft demo, which would start another build of the checkout while its build runs this test
        return ExternalCommand.java(List.of("--enable-native-access=ALL-UNNAMED", "-Dstdout.encoding=UTF-8",
            "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED", "-Dweft.home=" + Distribution.locate().home(),
            "-Dweft.command=demo", "-cp", System.getProperty("java.class.path"), LabCommand.class.getName(), "demo",
            "--name", NAME)).with(arguments).builder().redirectErrorStream(true).start();
    }

    private static void assertNothingLeft() throws Exception {
        assertFalse(Files.exists(Path.of("/run/weft-lab", NAME)), "run files of the demo");
        try (Stream<Path> namespaces = Files.list(NetworkNamespace.RUN_DIRECTORY)) {
            assertEquals(List.of(),
                namespaces.filter(path -> path.getFileName().toString().startsWith(NAME + "-")).toList());
        }
    }
}
