package io.weft.vmlab.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The main sources of no module have a package cycle. {@link ModuleGraphTest} checks classes, in which inlined constants leave no trace. */
class PackageCyclesTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    @TempDir Path directory;

    static List<String> modules() throws IOException {
        try (Stream<Path> modules = Files.list(ROOT)) {
            return modules.filter(module -> Files.isDirectory(module.resolve("src/main/java")))
                .map(module -> module.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void modulesExist() throws IOException {
        assertTrue(new TreeSet<>(modules()).containsAll(
            Set.of("native-bindings", "encap", "lb", "dataplane", "control-plane", "vm-lab", "perf")), ROOT.toString());
    }

    @ParameterizedTest
    @MethodSource("modules")
    void hasNoCycle(String module) throws IOException {
        SourceDependencies dependencies = read(ROOT.resolve(module).resolve("src/main/java"));
        assertTrue(dependencies.packages().size() > 1, module);
        assertEquals(List.of(), dependencies.cycle());
    }

    @Test
    void aConstantIsADependency() throws IOException {
        write("a/One.java", "package io.weft.a; import io.weft.b.Two; public class One { int n = Two.LENGTH; }");
        write("b/Two.java",
            "package io.weft.b; public class Two { public static final int LENGTH = 1; io.weft.c.Three three; }");
        write("c/Three.java",
            "package io.weft.c; import static io.weft.a.One.*; import io.weft.b.Two; /** {@link Two} */ class Three {}");
        SourceDependencies dependencies = read(directory);
        assertEquals(Set.of("io.weft.a"), dependencies.usedBy("io.weft.c"), "a link in a comment is not a dependency");
        assertEquals(List.of("io.weft.a uses [Two] of io.weft.b", "io.weft.b uses [Three] of io.weft.c",
            "io.weft.c uses [One] of io.weft.a"), dependencies.cycle());
    }

    private void write(String file, String source) throws IOException {
        Path path = directory.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, source);
    }

    private static SourceDependencies read(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return SourceDependencies.of(files.filter(file -> file.toString().endsWith(".java")).sorted().toList());
        }
    }
}
