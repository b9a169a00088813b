package io.weft.perf.compare;

import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Runs other programs to their end. */
final class Shell {
    private Shell() {}

    /** Runs a program with this text as its input; a failure contains its output. */
    static void run(String input, Map<String, String> environment, ExternalCommand command)
        throws IOException, InterruptedException {
        ProcessBuilder builder = command.builder().redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        int exit = process.waitFor();
        if (exit != 0) { throw new IOException(command + " ended with " + exit + ": " + output); }
    }

    static void run(String input, ExternalCommand command) throws IOException, InterruptedException {
        run(input, Map.of(), command);
    }

    static void run(ExternalCommand command) throws IOException, InterruptedException {
        run("", command);
    }
}
