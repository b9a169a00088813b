package io.weft.vmlab.architecture;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberReferenceTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** Finds the programs that Java sources start, from their syntax. */
final class StartedPrograms {
    private static final String EXTERNAL_COMMAND = "ExternalCommand";
    private static final String PROGRAMS = "Programs";
    private static final Pattern SYSTEM_PATH = Pattern.compile("/(usr/(local/)?)?s?bin(/.*)?");

    private final Set<String> startingFiles = new TreeSet<>();
    private final List<Start> starts = new ArrayList<>();
    private final List<String> unnamed = new ArrayList<>();
    private final List<String> systemPaths = new ArrayList<>();
    private final Set<String> typing = new TreeSet<>();
    private final Set<String> firstWords = new TreeSet<>();

    /** A program and the source file that starts it or looks for it. */
    record Start(String program, String file) {}

    private StartedPrograms() {}

    static StartedPrograms in(Path root, List<Path> sources) throws IOException {
        StartedPrograms all = new StartedPrograms();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(null, files, null, null, null,
                files.getJavaFileObjectsFromPaths(sources));
            for (CompilationUnitTree unit : task.parse()) {
                String file = root.relativize(Path.of(unit.getSourceFile().toUri())).toString();
                unit.accept(all.new Reader(file), null);
            }
        }
        return all;
    }

    /** Files that create a process without ExternalCommand. */
    Set<String> startingFiles() {
        return startingFiles;
    }

    /** Programs whose names are constants where they are started or looked for. */
    List<Start> starts() {
        return starts;
    }

    /** Files that start a program whose name is not a constant there. */
    List<String> unnamed() {
        return unnamed;
    }

    /** Absolute paths of system programs, with the files that contain them. */
    List<String> systemPaths() {
        return systemPaths;
    }

    /** Files that start a command that the user typed. */
    Set<String> typing() {
        return typing;
    }

    /** The first words of all string literals. */
    Set<String> firstWords() {
        return firstWords;
    }

    private final class Reader extends TreeScanner<Void, Void> {
        private final String file;
        private final Map<String, String> constants = new HashMap<>();

        Reader(String file) {
            this.file = file;
        }

        @Override
        public Void visitVariable(VariableTree variable, Void nothing) {
            if (variable.getInitializer() instanceof LiteralTree literal && literal.getValue() instanceof String text) {
                constants.put(variable.getName().toString(), text);
            }
            return super.visitVariable(variable, null);
        }

        @Override
        public Void visitLiteral(LiteralTree literal, Void nothing) {
            if (literal.getValue() instanceof String text) {
                firstWords.add(text.strip().split("\\s")[0]);
                if (SYSTEM_PATH.matcher(text).matches()) {
                    systemPaths.add(file + ": " + text);
                }
            }
            return super.visitLiteral(literal, null);
        }

        @Override
        public Void visitNewClass(NewClassTree made, Void nothing) {
            if (isNamed(made.getIdentifier(), "ProcessBuilder")) {
                startingFiles.add(file);
            }
            return super.visitNewClass(made, null);
        }

        @Override
        public Void visitMemberReference(MemberReferenceTree reference, Void nothing) {
            if (isNamed(reference.getQualifierExpression(), "ProcessBuilder")) {
                startingFiles.add(file);
            }
            return super.visitMemberReference(reference, null);
        }

        @Override
        public Void visitMethodInvocation(MethodInvocationTree call, Void nothing) {
            if (call.getMethodSelect() instanceof MemberSelectTree select) {
                String method = select.getIdentifier().toString();
                if (method.equals("exec") && select.getExpression().toString().endsWith("getRuntime()")
                    || method.equals("startPipeline")) {
                    startingFiles.add(file);
                }
                read(select.getExpression(), method, call.getArguments());
            }
            return super.visitMethodInvocation(call, null);
        }

        private void read(ExpressionTree receiver, String method, List<? extends ExpressionTree> arguments) {
            if (isNamed(receiver, EXTERNAL_COMMAND) && method.equals("of") || method.equals("under")) {
                name(arguments.getFirst());
            } else if (isNamed(receiver, PROGRAMS) && (method.equals("find") || method.equals("missing"))) {
                arguments.forEach(this::name);
            } else if (isNamed(receiver, EXTERNAL_COMMAND) && method.equals("typed")) {
                typing.add(file);
            } else if (method.equals("inNamespace")) {
                starts.add(new Start("ip", file));
            }
        }

        private void name(ExpressionTree argument) {
            String constant = argument instanceof IdentifierTree name ? constants.get(name.getName().toString()) : null;
            if (argument instanceof LiteralTree literal && literal.getValue() instanceof String text) {
                starts.add(new Start(text, file));
            } else if (constant != null) {
                starts.add(new Start(constant, file));
            } else {
                unnamed.add(file + ": " + argument);
            }
        }

        private static boolean isNamed(Object tree, String name) {
            return tree.toString().equals(name) || tree.toString().endsWith("." + name);
        }
    }
}
