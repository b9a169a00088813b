package io.weft.vmlab.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.linux.Capabilities;
import io.weft.nativebindings.linux.Capability;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.process.Programs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs the launcher as a user would: in real processes, with an environment that contains only a PATH. */
class LauncherTest {
    private static final Path LAUNCHER = Path.of("..", "weft").toAbsolutePath().normalize();
    /** All programs that the launcher itself calls on a machine without Debian's packages. */
    private static final List<String> TOOLS = Programs.listed().stream()
        .filter(program -> program.isFor(Programs.LAUNCHER) && program.optional().isEmpty()).map(Programs.Program::name)
        .toList();

    @TempDir Path directory;
    private Path toolsOnly;

    record Outcome(int exit, String out, String err) {}

    @BeforeEach
    void makeAPathWithoutJava() throws IOException {
        toolsOnly = Files.createDirectory(directory.resolve("bin"));
        for (String tool : TOOLS) {
            writeScript(toolsOnly.resolve(tool), "exec " + locate(tool) + " \"$@\"");
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
    void reportsAMissingJdkInOneLine() throws Exception {
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
    void reportsEverythingThatIsMissingInOneLine() throws Exception {
        Outcome outcome = run(LAUNCHER, withoutJdk(), "verify", "--no-install");
        assertEquals(1, outcome.exit);
        assertOneLine(outcome.err, "JDK 25");
        for (String word : List.of("mvn", "tshark", "ping", "gcc", "maven", "iputils-ping",
            "openjdk-25-jdk-headless")) {
            assertTrue(outcome.err.matches("(?s).*[ ,]" + word + "[ ,:\n].*"), word + ": " + outcome.err);
        }
    }

    /** The test above runs in the middle of a verification, whose reports must not disappear. */
    @Test
    void keepsTheReportsUntilTestsCanRun() throws Exception {
        Path checkout = checkout("absent  p-absent  verify\n");
        Path report = Files.createDirectories(checkout.resolve("m/target/surefire-reports")).resolve("TEST-One.xml");
        Files.createFile(report);
        assertEquals(1, run(checkout.resolve("weft"), withJdk(), "verify", "--no-install").exit);
        assertTrue(Files.exists(report));
    }

    @ParameterizedTest
    @CsvSource({"verify, verify build", "demo, demo build", "lab up, lab build",
        "lab up --kubernetes, lab kubernetes build", "bench micro, bench build",
        "bench compare, bench compare build", "status, build"})
    void aCommandNeedsOnlyTheProgramsListedForIt(String line, String needed) throws Exception {
        Path checkout = checkout("""
            # a comment of verify demo lab bench build
            sh                dash          launcher
            absent-launcher?  z             launcher?
            absent-build      p-build       build
            absent-verify     p-verify      verify
            absent-demo       p-demo        demo
            absent-lab        p-lab         lab
            absent-kubernetes p-kubernetes  lab-kubernetes demo-kubernetes
            absent-useful     p-useful      verify+ lab+
            absent-bench      q,p-bench     bench
            absent-compare    p-compare     bench-compare verify?
            absent-micro      p-micro       bench-micro?
            """);
        List<String> arguments = new ArrayList<>(List.of("--no-install"));
        arguments.addAll(List.of(line.split(" ")));
        Outcome outcome = run(checkout.resolve("weft"), withJdk(), arguments.toArray(String[]::new));
        assertEquals(1, outcome.exit);
        assertOneLine(outcome.err, "missing");
        assertFalse(outcome.err.contains("#") || outcome.err.contains("comment"), outcome.err);
        for (String command : List.of("launcher", "build", "verify", "demo", "lab", "bench", "compare", "micro",
            "kubernetes",
            "useful")) {
            boolean named = List.of(needed.split(" ")).contains(command);
            assertEquals(named, outcome.err.contains("absent-" + command), command + ": " + outcome.err);
            assertEquals(named, outcome.err.contains(" p-" + command), command + ": " + outcome.err);
        }
    }

    @Test
    void installsAllThatIsMissingAtOnceAfterAnUpdateOfThePackageLists() throws Exception {
        Assumptions.assumeTrue(
            Capabilities.has(Capability.CAP_SYS_ADMIN) && Files.exists(Path.of("/etc/debian_version")),
            "needs root and Debian: otherwise the launcher only names the packages");
        Path checkout = checkout("""
            absent-one   p-one    build
            absent-two   p-both   verify
            absent-three p-both   verify
            """);
        Path calls = directory.resolve("calls");
        Path fresh = directory.resolve("lists");
        writeScript(toolsOnly.resolve("apt-get"),
            "echo \"$*\" >> " + calls + "\ncase $* in *update) : > " + fresh + ";; *)\n"
                + "[ -e " + fresh + " ] || exit 100\nfor name in one two three; do : > " + toolsOnly
                + "/absent-$name; /bin/chmod +x " + toolsOnly + "/absent-$name; done;; esac");
        Outcome outcome = run(checkout.resolve("weft"), withJdk(), "verify");
        assertEquals(List.of("installing p-one p-both (apt-get)"), outcome.err.lines()
            .filter(text -> text.contains("apt-get")).map(text -> text.replace("weft: ", "")).toList(), outcome.err);
        List<String> lines = Files.readAllLines(calls);
        assertEquals(3, lines.size(), lines.toString());
        assertTrue(lines.get(0).endsWith(" p-one p-both") && lines.get(2).equals(lines.get(0)), lines.toString());
        assertTrue(lines.get(1).endsWith(" update"), lines.toString());
    }

    /** A class whose conditions are not met reports no test at all: it counts as one skipped. */
    @Test
    void countsTestsAndClassesThatSkip() throws Exception {
        Path checkout = checkoutToVerify("""
            mkdir -p surefire-reports
            echo '<testsuite name="io.weft.OneTest" time="1.5" tests="3" errors="0" skipped="1" failures="0">
            <testcase name="one" classname="io.weft.OneTest"/><testcase name="two" classname="io.weft.OneTest"/>
            <testcase name="three" classname="io.weft.OneTest"><skipped message="needs a tool"/></testcase>' \
              > surefire-reports/TEST-io.weft.OneTest.xml
            echo '<testsuite name="io.weft.WholeIT" time="0" tests="0" errors="0" skipped="0" failures="0">' \
              > surefire-reports/TEST-io.weft.WholeIT.xml""");
        Outcome outcome = run(checkout.resolve("weft"), withJdk(), "verify");
        assertTrue(outcome.out.endsWith("\n2 passed, 0 failed, 2 skipped\n"), outcome.out + outcome.err);
        assertTrue(outcome.err.contains("skipped: io.weft.OneTest.three (needs a tool)"), outcome.err);
        assertTrue(outcome.err.contains("skipped: io.weft.WholeIT (the whole class"), outcome.err);
        assertEquals(Capabilities.has(Capability.CAP_SYS_ADMIN) ? 1 : 0, outcome.exit);
    }

    private static final String REPORTS = """
        mkdir -p surefire-reports failsafe-reports
        suite() { echo "<testsuite name=\\"$2\\" time=\\"$3\\" tests=\\"1\\" errors=\\"0\\" skipped=\\"0\\">" > $1-reports/TEST-$2.xml; }
        suite surefire io.weft.OneTest 0.9
        suite surefire io.weft.TwoTest 100.4
        suite failsafe io.weft.LabIT 478.6
        suite failsafe io.weft.vmlab.api.TopIT 200
        suite failsafe io.weft.KubernetesIT 500
        """;

    @Test
    void printsTheSecondsOfEachPartAndWhatIsOverItsBudget() throws Exception {
        Path checkout = checkoutToVerify(REPORTS + "suite failsafe io.weft.KubernetesFaultsIT 1,040.7");
        Outcome outcome = run(checkout.resolve("weft"), withJdk(), "verify");
        assertEquals(0, outcome.exit, outcome.err);
        assertTrue(outcome.out.matches("""
            (?s).*
            seconds: build +-?\\d+
            seconds: unit +101
            seconds: API +200 of 240
            seconds: lab +479, unit, API and lab together 780 of 780
            seconds: Kubernetes +1541 of 540, OVER BUDGET

            6 passed, 0 failed, 0 skipped
            """), outcome.out);
    }

    @Test
    void allMakesTheLongTestsLongAndHasNoBudget() throws Exception {
        Path calls = directory.resolve("calls");
        Path checkout = checkoutToVerify(REPORTS + "echo \"$*\" > " + calls);
        Outcome outcome = run(checkout.resolve("weft"), withJdk(), "verify", "--all");
        assertEquals(0, outcome.exit, outcome.err);
        assertTrue(outcome.out.matches("(?s).*\nseconds: API +200\nseconds: lab +479\nseconds: Kubernetes +500\n.*"),
            outcome.out);
        String call = Files.readString(calls);
        assertTrue(call.contains("-Dweft.it.podCycles=1000") && !call.contains("--all"), call);
    }

    /** @param maven a script that is run in the {@code target} of a module */
    private Path checkoutToVerify(String maven) throws IOException {
        Path checkout = checkout("sh  dash  launcher");
        Files.createFile(Files.createDirectory(checkout.resolve(".ci")).resolve("allowed-skips"));
        Path target = checkout.resolve("m/target");
        writeScript(toolsOnly.resolve("mvn"), "mkdir -p " + target + "\ncd " + target + "\n" + maven);
        return checkout;
    }

    @ParameterizedTest
    @CsvSource({", C.UTF-8", "C, C.UTF-8", "POSIX, C.UTF-8", "de_DE.UTF-8, ''"})
    void textIsUtf8WithoutALocale(String lang, String expected) throws Exception {
        Path jdk = Files.createDirectories(directory.resolve("jdk/bin")).getParent();
        writeScript(jdk.resolve("bin/java"), "echo \"LC_ALL=$LC_ALL\"");
        Files.copy(jdk.resolve("bin/java"), jdk.resolve("bin/javac"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25\"\n");
        Map<String, String> environment = new HashMap<>(Map.of("JAVA_HOME", jdk.toString(), "WEFT_NO_BUILD", "1"));
        if (lang != null) { environment.put("LANG", lang); }
        assertEquals("LC_ALL=" + expected + "\n", run(LAUNCHER, environment, "status").out);
    }

    /** A checkout that contains only the launcher and a list of programs. */
    private Path checkout(String programs) throws IOException {
        Path checkout = Files.createDirectories(directory.resolve("checkout"));
        Files.copy(LAUNCHER, checkout.resolve("weft"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.copy(Path.of("..", "pom.xml"), checkout.resolve("pom.xml"));
        Path list = checkout.resolve(Programs.LIST);
        Files.createDirectories(list.getParent());
        Files.writeString(list, programs);
        return checkout;
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
        Assumptions.assumeTrue(Programs.find("shellcheck").isPresent(), "shellcheck is not installed");
        ExternalCommand.Output output = ExternalCommand.of("shellcheck", LAUNCHER.toString(),
            LAUNCHER.resolveSibling("dist/src/bin/weft-cni").toString(), LAUNCHER.resolveSibling(".ci/run").toString())
            .run();
        assertEquals(0, output.exit(), output.text());
    }

    private static Path locate(String program) {
        return Stream.of(System.getenv("PATH").split(":")).map(directory -> Path.of(directory, program))
            .filter(Files::isExecutable).findFirst().orElseThrow(() -> new AssertionError(program));
    }

    private static void writeScript(Path file, String line) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + line + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static Map<String, String> withJdk() {
        return Map.of("JAVA_HOME", System.getProperty("java.home"));
    }

    private Map<String, String> withoutJdk() {
        return Map.of("WEFT_JVM_DIR", directory.resolve("none").toString());
    }

    private Outcome run(Path program, Map<String, String> environment, String... arguments) throws Exception {
        Path out = directory.resolve("out"), err = directory.resolve("err");
        ProcessBuilder builder = ExternalCommand.file(program, arguments).builder().directory(directory.toFile())
            .redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", toolsOnly.toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "still running after a minute: " + List.of(arguments));
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
