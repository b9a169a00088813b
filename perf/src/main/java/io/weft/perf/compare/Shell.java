package io.weft.perf.compare;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Other programs. */
final class Shell {
    private Shell() {}

    /** The program on the path. */
    static Optional<Path> find(String program) {
        String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin";
        return Stream.of(path.split(":")).map(directory -> Path.of(directory, program)).filter(Files::isExecutable)
            .findFirst();
    }

    /** Which of these are missing, as one line, or nothing. */
    static Optional<String> missing(String debianPackage, String... programs) {
        List<String> absent = Stream.of(programs).filter(program -> find(program).isEmpty()).toList();
        return absent.isEmpty()
            ? Optional.empty()
            : Optional.of(String.join(", ", absent) + " not found (Debian: apt-get install " + debianPackage + ")");
    }

    /** Runs a program to its end and returns what it printed; a failure says what it said. */
    static String run(String input, Map<String, String> environment, String... command)
        throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        int exit = process.waitFor();
        if (exit != 0) { throw new IOException(String.join(" ", command) + " ended with " + exit + ": " + output); }
        return output;
    }

    static String run(String... command) throws IOException, InterruptedException {
        return run("", Map.of(), command);
    }

    /** Runs a program in a network namespace, with that namespace's {@code /sys}. */
    static String runIn(Path netns, String... command) throws IOException, InterruptedException {
        return run(inside(netns, command));
    }

    /** The command line that runs a program in a network namespace of {@code /run/netns}. */
    static String[] inside(Path netns, String... command) {
        List<String> line = new ArrayList<>(List.of("ip", "netns", "exec", netns.getFileName().toString()));
        line.addAll(List.of(command));
        return line.toArray(String[]::new);
    }
}
