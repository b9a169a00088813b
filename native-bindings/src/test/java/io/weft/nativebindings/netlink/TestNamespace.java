package io.weft.nativebindings.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A real namespace of one test, with a name of its own, removed at the end. Loopback is up. */
final class TestNamespace implements AutoCloseable {
    private static final AtomicInteger COUNTER = new AtomicInteger();

    final String name = "nlt-" + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet();
    final Path path = NetworkNamespace.named(name);
    final Rtnetlink rtnetlink;

    TestNamespace() {
        assumeRoot();
        NetworkNamespace.create(path);
        rtnetlink = Rtnetlink.openIn(path);
        rtnetlink.setUp(1);
    }

    static void assumeRoot() {
        assumeTrue("root".equals(System.getProperty("user.name")), "network namespaces are made by root only");
    }

    static void assumeTool(String tool) {
        boolean found = List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin").stream()
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, tool)));
        assumeTrue(found, tool + " is not installed");
    }

    /** What a tool prints inside the namespace. */
    String output(String... command) {
        assumeTool(command[0]);
        List<String> line = new ArrayList<>(List.of("ip", "netns", "exec", name));
        line.addAll(List.of(command));
        return run(line);
    }

    static String run(List<String> command) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, process.waitFor(), command + ": " + output);
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        rtnetlink.close();
        NetworkNamespace.delete(path);
    }
}
