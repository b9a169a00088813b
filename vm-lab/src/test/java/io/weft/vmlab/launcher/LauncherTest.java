package io.weft.vmlab.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher as a person meets it: real processes with an environment emptied of everything but a PATH. */
class LauncherTest {
    private static final Path LAUNCHER = Path.of("..", "weft").toAbsolutePath().normalize();
    private static final List<String> TOOLS = List.of(
        "bash", "env", "readlink", "cat", "sed", "grep", "head", "tail", "sort", "find", "xargs", "awk");

    @TempDir Path directory;
    private Path toolsOnly;

    record Outcome(int exit, String out, String err) {}

    @BeforeEach
    void makeAPathWithoutJava() throws IOException {
        toolsOnly = Files.createDirectory(directory.resolve("bin"));
        for (String tool : TOOLS) {
            Path real = Path.of("/usr/bin", tool);
            if (Files.exists(real)) writeScript(toolsOnly.resolve(tool), "exec " + real + " \"$@\"");
        }
    }

    @Test
    void helpListsTheCommands() throws Exception {
        Outcome outcome = run(LAUNCHER, Map.of(), "--help");
        assertEquals(0, outcome.exit, outcome.err);
        for (String command : List.of("demo", "verify", "node", "status", "show", "bench", "lab", "completion")) {
            assertTrue(outcome.out.contains(command), command);
        }
    }

    @Test
    void versionIsThatOfTheProject() throws Exception {
        Outcome outcome = run(LAUNCHER, Map.of(), "--version");
        assertEquals(0, outcome.exit, outcome.err);
        assertTrue(Files.readString(Path.of("pom.xml")).contains(outcome.out.strip().replace("weft ", "<version>")));
    }

    @Test
    void wrongUsageEndsWithTwo() throws Exception {
        assertEquals(2, run(LAUNCHER, Map.of()).exit);
        Outcome unknown = run(LAUNCHER, Map.of(), "frobnicate");
        assertEquals(2, unknown.exit);
        assertOneLine(unknown.err, "frobnicate");
    }

    @Test
    void missingJdkIsNamedInOneLine() throws Exception {
        Outcome outcome = run(LAUNCHER, withoutJdk(), "--no-install", "status");
        assertEquals(1, outcome.exit);
        assertOneLine(outcome.err, "JDK 25");
    }

    @Test
    void tooOldJdkCountsAsMissing() throws Exception {
        Path old = Files.createDirectories(directory.resolve("old/bin")).getParent();
        for (String program : List.of("java", "javac")) {
            writeScript(old.resolve("bin").resolve(program), "exit 0");
        }
        Files.writeString(old.resolve("release"), "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"17.0.15\"\n");
        Outcome outcome = run(
            LAUNCHER, Map.of("WEFT_JVM_DIR", directory.toString(), "JAVA_HOME", old.toString()), "--no-install",
            "status");
        assertEquals(1, outcome.exit);
        assertOneLine(outcome.err, "JDK 25");
    }

    @Test
    void missingToolsAreNamedInOneLine() throws Exception {
        Path jdk = Path.of(System.getProperty("java.home"));
        Outcome outcome = run(LAUNCHER, Map.of("JAVA_HOME", jdk.toString()), "verify", "--no-install");
        assertEquals(1, outcome.exit);
        assertOneLine(outcome.err, "mvn");
        assertTrue(outcome.err.contains("apt-get install maven"), outcome.err);
    }

    @Test
    void pluginWithoutJdkAnswersTheRuntimeInJson() throws Exception {
        Outcome outcome = run(LAUNCHER, withoutJdk(), "cni-plugin");
        assertEquals(1, outcome.exit);
        assertTrue(outcome.out.startsWith("{\"cniVersion\":") && outcome.out.contains("JDK 25"), outcome.out);
    }

    @Test
    void worksThroughALinkAndWithSpacesInThePath() throws Exception {
        Path spaced = Files.createDirectories(directory.resolve("a dir/with spaces"));
        Path copy = Files.createDirectories(spaced.resolve("checkout"));
        Files.copy(LAUNCHER, copy.resolve("weft"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.copy(Path.of("..", "pom.xml"), copy.resolve("pom.xml"));
        Path link = Files.createSymbolicLink(spaced.resolve("a link"), copy.resolve("weft"));
        Outcome outcome = run(link, Map.of(), "--version");
        assertEquals(0, outcome.exit, outcome.err);
        assertEquals(run(LAUNCHER, Map.of(), "--version").out, outcome.out);
    }

    @Test
    void shellcheckFindsNothing() throws Exception {
        Path shellcheck = Path.of("/usr/bin/shellcheck");
        Assumptions.assumeTrue(Files.exists(shellcheck), "shellcheck is not installed");
        Outcome outcome = run(shellcheck, Map.of(), LAUNCHER.toString(),
            LAUNCHER.resolveSibling("dist/src/bin/weft-cni").toString(), LAUNCHER.resolveSibling(".ci/run").toString());
        assertEquals(0, outcome.exit, outcome.out);
    }

    private static void writeScript(Path file, String line) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + line + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Map<String, String> withoutJdk() {
        return Map.of("WEFT_JVM_DIR", directory.resolve("none").toString());
    }

    private Outcome run(Path program, Map<String, String> environment, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        Path out = directory.resolve("out"), err = directory.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile())
            .redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", toolsOnly.toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "no end after a minute: " + command);
        return new Outcome(process.exitValue(), read(out), read(err));
    }

    private static String read(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }

    private static void assertOneLine(String text, String word) {
        assertEquals(1, text.lines().count(), text);
        assertTrue(text.contains(word), text);
    }
}
