package io.weft.vmlab.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.process.Programs;
import io.weft.vmlab.architecture.StartedPrograms.Start;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The list of programs contains every program that the sources start, for the commands that run the code, and no other. The test reads
 * sources, not classes, so tests and benchmarks of all modules count, whether they are built or not.
 */
class ProgramsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final String EXTERNAL_COMMAND = "native-bindings/src/main/java/io/weft/nativebindings/process/ExternalCommand.java";
    /** A test that starts an undeclared program on purpose. */
    private static final String ITS_TEST = "native-bindings/src/test/java/io/weft/nativebindings/process/ExternalCommandTest.java";
    private static final List<String> PRODUCT = List.of("native-bindings", "encap", "lb", "dataplane", "control-plane");
    private static final Map<String, Programs.Program> LISTED = Programs.listed().stream()
        .collect(Collectors.toMap(Programs.Program::name, program -> program));
    private static StartedPrograms java;
    private static Set<String> scripts;

    @BeforeAll
    static void readTheSources() throws IOException {
        java = StartedPrograms.in(ROOT, files("src", ".java"));
        scripts = new TreeSet<>();
        for (String file : List.of("weft", ".ci/run", "dist/src/bin/weft-cni", "vm-lab/kubernetes/build")) {
            scripts.addAll(ShellScript.programs(Files.readString(ROOT.resolve(file))));
        }
        StringBuilder profiles = new StringBuilder(); // the scripts use functions of each other
        for (Path file : files("profiles", ".sh")) {
            profiles.append(Files.readString(file)).append('\n');
        }
        scripts.addAll(ShellScript.programs(profiles.toString()));
    }

    /** Files in every module's {@code directory} whose names have this ending. */
    private static List<Path> files(String directory, String ending) throws IOException {
        List<Path> all = new ArrayList<>();
        try (Stream<Path> modules = Files.list(ROOT)) {
            for (Path module : modules.map(module -> module.resolve(directory)).filter(Files::isDirectory).toList()) {
                try (Stream<Path> files = Files.walk(module)) {
                    files.filter(file -> file.toString().endsWith(ending)).forEach(all::add);
                }
            }
        }
        return all;
    }

    @Test
    void onlyOneClassStartsProcesses() {
        assertEquals(Set.of(EXTERNAL_COMMAND), java.startingFiles());
    }

    @Test
    void everyProgramOfTheJavaSourcesIsDeclaredForTheCommandsThatRunThem() {
        assertTrue(java.starts().size() > 20, java.starts().toString());
        List<String> wrong = java.starts().stream()
            .filter(start -> !Set.of(EXTERNAL_COMMAND, ITS_TEST).contains(start.file()))
            .flatMap(start -> commandsOf(start.file()).stream()
                .filter(command -> !isDeclared(start.program(), command))
                .map(command -> start + " is not declared for " + command))
            .toList();
        assertEquals(List.of(), wrong, "add it to " + Programs.LIST);
    }

    private static boolean isDeclared(String program, String command) {
        return LISTED.containsKey(program) && LISTED.get(program).isFor(command);
    }

    /** The commands of the list that run the code of a source file; a benchmark may use the lab. */
    private static List<String> commandsOf(String file) {
        if (file.contains("/src/test/")) { return List.of("verify"); }
        if (file.startsWith("vm-lab/src/main/java/io/weft/vmlab/kubernetes/")) {
            return List.of("lab-kubernetes", "demo-kubernetes");
        }
        if (file.startsWith("vm-lab/")) { return List.of("demo", "lab", "bench"); }
        return List.of(file.startsWith("perf/src/main/java/io/weft/perf/compare/") ? "bench-compare" : "bench");
    }

    @Test
    void theProductStartsOnlyItself() {
        Predicate<Start> ofTheProduct = start -> PRODUCT.stream()
            .anyMatch(module -> start.file().startsWith(module + "/src/main/"));
        assertEquals(List.of(), java.starts().stream().filter(ofTheProduct)
            .filter(start -> !start.file().equals(EXTERNAL_COMMAND)).toList());
    }

    @Test
    void programNamesAreConstantsOutsideTests() {
        assertEquals(List.of(), java.unnamed().stream()
            .filter(place -> place.contains("/src/main/") && !place.startsWith(EXTERNAL_COMMAND)).toList(),
            "a program's name must be a constant; only helpers of tests may get it as a parameter");
    }

    @Test
    void onlyLabExecStartsWhatAUserTypes() {
        assertEquals(Set.of("vm-lab/src/main/java/io/weft/vmlab/command/LabExecCommand.java"), java.typing());
    }

    @Test
    void absolutePathsDoNotBypassTheList() {
        assertEquals(List.of(), java.systemPaths());
    }

    @Test
    void everyProgramOfTheScriptsIsDeclared() {
        Predicate<String> declared = program -> isDeclared(program, Programs.LAUNCHER) || isDeclared(program, "build");
        assertEquals(List.of(), scripts.stream().filter(declared.negate()).toList(), "add it to " + Programs.LIST);
    }

    @Test
    void theScriptReaderFindsProgramsInEveryPosition() {
        assertEquals(
            Set.of("a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b1", "b2", "b3", "b4", "b5", "bash", "env",
                "nice", "xargs"),
            ShellScript.programs("""
                #!/usr/bin/env bash
                # not this one
                f() { echo "$(a1 x)"; }
                x=$(a2 -n) y="${z:-no}" a3 one two; f three
                if ! a4 -q no; then b=(no nor) ; elif [[ a == no && -n x ]]; then a5; fi
                case $1 in
                  no | nor) a6 ;;
                  "neither") f ;;
                esac
                no=1; while read -r line; do a7 | nice -n 5 a8; done < <(a9 'no; nor')
                cat=(no); (b1) && b2 > no || { b3; }
                ((x = $(b4) + 1)); xargs -d ',' b5 <<END
                no nor
                END
                exec "$no" nor
                """));
    }

    @Test
    void everyDeclaredProgramIsStartedSomewhere() {
        Collection<String> words = java.firstWords();
        assertEquals(List.of(), LISTED.keySet().stream()
            .filter(name -> !words.contains(name) && !scripts.contains(name) && !isHeader(name)).toList(),
            "remove it from " + Programs.LIST);
    }

    /** Header files are needed by the C sources that tests compile. */
    private static boolean isHeader(String name) {
        String include = "#include <" + name.replace("/usr/include/", "") + ">";
        try {
            for (Path source : files("src/test/c", ".c")) {
                if (Files.readString(source).contains(include)) { return true; }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return false;
    }
}
