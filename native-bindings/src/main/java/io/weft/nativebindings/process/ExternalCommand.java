package io.weft.nativebindings.process;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The command line of another process, and the only way to start one. A program of the system must be declared in {@link Programs#LIST}, so
 * that no command fails on a machine because the program happens to be missing. There is no shell in between, because a script would hide
 * programs. Immutable.
 */
public final class ExternalCommand {
    private static final File NO_INPUT = new File("/dev/null");
    private static final Set<String> SHELLS = Set.of("sh", "bash", "dash");
    private final List<String> words;

    private ExternalCommand(List<String> words) {
        this.words = List.copyOf(words);
    }

    /** How a process ended and what it wrote to standard output and standard error. */
    public record Output(int exit, String text) {}

    /**
     * A declared program of the system.
     *
     * @throws IllegalArgumentException if it is not declared for the running command, or is a shell, whose script would hide the programs that it starts
     * @throws IllegalStateException if it is not on this machine; the message names the Debian package
     */
    public static ExternalCommand of(String program, String... arguments) {
        return new ExternalCommand(List.of(locate(program))).with(arguments);
    }

    /** A declared program of the system and its arguments, as {@link #of(String, String...)} takes them. */
    public static ExternalCommand of(List<String> line) {
        return of(line.getFirst()).with(line.subList(1, line.size()));
    }

    private static String locate(String program) {
        if (SHELLS.contains(program)) {
            throw new IllegalArgumentException(
                "'" + program + "' is a shell: start the programs of its script instead");
        }
        return Programs.find(program)
            .orElseThrow(() -> new IllegalStateException(Programs.missing(program).orElse(program))).toString();
    }

    /** The virtual machine that this process runs on. */
    public static ExternalCommand java(List<String> arguments) {
        return file(Path.of(System.getProperty("java.home"), "bin", "java")).with(arguments);
    }

    /** A program that comes with Weft, was built here or was given by the user, as opposed to one of the system. */
    public static ExternalCommand file(Path executable, String... arguments) {
        return new ExternalCommand(List.of(executable.toAbsolutePath().toString())).with(arguments);
    }

    /** A command line that the user typed. */
    public static ExternalCommand typed(List<String> line) {
        return new ExternalCommand(line);
    }

    /** With more arguments. */
    public ExternalCommand with(String... arguments) {
        return with(List.of(arguments));
    }

    /** With more arguments. */
    public ExternalCommand with(List<String> arguments) {
        List<String> longer = new ArrayList<>(words);
        longer.addAll(arguments);
        return new ExternalCommand(longer);
    }

    /** Runs it through a declared program that takes a command line as its last arguments, such as {@code taskset}. */
    public ExternalCommand under(String program, String... arguments) {
        return of(program, arguments).with(words);
    }

    /** Runs it through {@code ip netns exec}: in a network namespace of {@code /run/netns}, with that namespace's {@code /sys}. */
    public ExternalCommand inNamespace(Path netns) {
        return under("ip", "netns", "exec", netns.getFileName().toString());
    }

    /** A builder to start it with other streams, environment or directory. */
    public ProcessBuilder builder() {
        return new ProcessBuilder(words);
    }

    /** Runs it to its end, without input. */
    public Output run() throws IOException, InterruptedException {
        Process process = builder().redirectErrorStream(true).redirectInput(NO_INPUT).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Output(process.waitFor(), text);
    }

    @Override
    public String toString() {
        return String.join(" ", words);
    }
}
