package io.weft.vmlab.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * One package decides which traffic is allowed: the tables create kinds of routes, and only the package {@code decision} compares them
 * ({@code explain.NodeNames} puts them into words). The test reads sources, because javac inlines constants without a trace.
 */
class RouteKindsTest {
    private static final Path SOURCES = Path.of("dataplane/src/main/java/io/weft/dataplane");
    private static final List<Path> MAY_USE = List.of(SOURCES.resolve("decision"), SOURCES.resolve("table"),
        SOURCES.resolve("explain/NodeNames.java"));
    private static final Pattern OF_ANOTHER_PACKAGE = Pattern
        .compile("import\\s+(static\\s+)?io\\.weft\\.dataplane\\.forwarding\\.(Route\\b|\\*)"
            + "|\\bdataplane\\.forwarding\\.Route\\b");
    private static final Pattern IN_ITS_OWN = Pattern.compile("\\bRoute\\s*\\.");

    @Test
    void onlyTheDecisionComparesKindsOfRoute() throws IOException {
        Path root = Path.of("..").toRealPath();
        assertTrue(Files.isRegularFile(root.resolve(SOURCES).resolve("forwarding/Route.java")), "moved?");
        assertTrue(usesRoutes(SOURCES.resolve("decision/EgressResolver.java"), root), "the test finds no comparison");
        try (Stream<Path> files = Files.walk(root)) {
            List<String> users = files.filter(file -> file.toString().endsWith(".java")).map(root::relativize)
                .filter(file -> file.toString().contains("src/main/java"))
                .filter(file -> MAY_USE.stream().noneMatch(file::startsWith))
                .filter(file -> usesRoutes(file, root)).map(Path::toString).toList();
            assertEquals(List.of(), users);
        }
    }

    private static boolean usesRoutes(Path file, Path root) {
        try {
            String source = Files.readString(root.resolve(file));
            boolean ownPackage = file.getParent().equals(SOURCES.resolve("forwarding"));
            return OF_ANOTHER_PACKAGE.matcher(source).find() || ownPackage && IN_ITS_OWN.matcher(source).find();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
