package io.weft.vmlab.architecture;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.ImportTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.PackageTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/**
 * Dependencies between Weft's packages, from the syntax of the sources. Constants that javac inlines count; names in comments do not.
 */
final class SourceDependencies {
    private static final Pattern QUALIFIED = Pattern.compile("(io\\.weft(?:\\.[a-z]\\w*)*)\\.([A-Z]\\w*)");

    private final Map<String, Set<String>> used = new TreeMap<>();
    private final Map<List<String>, Set<String>> types = new HashMap<>();

    private SourceDependencies() {}

    static SourceDependencies of(List<Path> sources) throws IOException {
        SourceDependencies all = new SourceDependencies();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(null, files, null, null, null,
                files.getJavaFileObjectsFromPaths(sources));
            for (CompilationUnitTree unit : task.parse()) {
                unit.accept(all.new Reader(), null);
            }
        }
        return all;
    }

    /** Packages that contain at least one source. */
    Set<String> packages() {
        return used.keySet();
    }

    /** Other packages that the package uses. */
    Set<String> usedBy(String name) {
        return used.getOrDefault(name, Set.of());
    }

    /** @return a cycle of packages, each with the types that it uses of the next; empty if there is none */
    List<String> cycle() {
        for (String start : used.keySet()) {
            List<String> path = shortest(start);
            if (!path.isEmpty()) { return describe(path); }
        }
        return List.of();
    }

    /** @return the shortest path from a package back to itself, which starts and ends with it; empty if there is none */
    private List<String> shortest(String start) {
        Map<String, String> cameFrom = new HashMap<>();
        Deque<String> next = new ArrayDeque<>(List.of(start));
        while (!next.isEmpty()) {
            String at = next.remove();
            for (String to : usedBy(at)) {
                if (to.equals(start)) { return path(cameFrom, at, start); }
                if (cameFrom.putIfAbsent(to, at) == null) {
                    next.add(to);
                }
            }
        }
        return List.of();
    }

    private static List<String> path(Map<String, String> cameFrom, String last, String start) {
        List<String> path = new ArrayList<>(List.of(start));
        for (String at = last; !at.equals(start); at = cameFrom.get(at)) {
            path.addFirst(at);
        }
        path.addFirst(start);
        return path;
    }

    private List<String> describe(List<String> path) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i + 1 < path.size(); i++) {
            lines.add(path.get(i) + " uses " + types.get(path.subList(i, i + 2)) + " of " + path.get(i + 1));
        }
        return lines;
    }

    /** A source file. */
    private final class Reader extends TreeScanner<Void, Void> {
        private final Map<String, String> imported = new HashMap<>();
        private final Set<String> named = new HashSet<>();
        private String own = "";

        @Override
        public Void visitCompilationUnit(CompilationUnitTree unit, Void nothing) {
            own = unit.getPackageName().toString();
            used.computeIfAbsent(own, _ -> new TreeSet<>());
            super.visitCompilationUnit(unit, null);
            imported.forEach((type, name) -> {
                if (named.contains(type)) {
                    use(name, type);
                }
            });
            return null;
        }

        @Override
        public Void visitPackage(PackageTree tree, Void nothing) {
            return null;
        }

        @Override
        public Void visitImport(ImportTree tree, Void nothing) {
            Matcher matcher = QUALIFIED.matcher(tree.getQualifiedIdentifier().toString());
            if (matcher.lookingAt()) {
                if (tree.isStatic()) {
                    use(matcher.group(1), matcher.group(2)); // its members are used without the class name
                } else {
                    String imports = tree.getQualifiedIdentifier().toString();
                    imported.put(imports.substring(imports.lastIndexOf('.') + 1), matcher.group(1));
                }
            }
            return null;
        }

        @Override
        public Void visitIdentifier(IdentifierTree tree, Void nothing) {
            named.add(tree.getName().toString());
            return null;
        }

        @Override
        public Void visitMemberSelect(MemberSelectTree tree, Void nothing) {
            Matcher matcher = QUALIFIED.matcher(tree.toString());
            if (matcher.matches()) {
                use(matcher.group(1), matcher.group(2));
            }
            return super.visitMemberSelect(tree, null);
        }

        private void use(String name, String type) {
            if (!name.equals(own)) {
                used.get(own).add(name);
                types.computeIfAbsent(List.of(own, name), _ -> new TreeSet<>()).add(type);
            }
        }
    }
}
