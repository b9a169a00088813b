package io.weft.perf.stress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the jcstress tests of this package, each in a JVM of its own. {@code -Dweft.stress.millis} sets the length of an
 * iteration.
 */
class StressIT {
    private static final String MILLIS = System.getProperty("weft.stress.millis", "500");
    private static final long LIMIT_MINUTES = 60;

    @Test
    void noRaceHasAForbiddenOutcome(@TempDir Path directory) throws IOException, InterruptedException {
        Path log = directory.resolve("log");
        Process process = ExternalCommand.java(arguments()).builder().directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile()).start();
        try {
            assertTrue(process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES), "jcstress did not end");
        } finally {
            process.destroyForcibly();
        }
        String output = Files.readString(log);
        assertEquals(0, process.exitValue(), output);
        assertTrue(output.contains("Failed tests: No matches") && output.contains("Error tests: No matches"), output);
    }

    /** One JVM mode; few states at once, so that the ring of {@link StressMemory} is long enough. */
    private static List<String> arguments() {
        List<String> command = new ArrayList<>();
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
            "org.openjdk.jcstress.Main"));
        command.addAll(List.of("-t", "io.weft.perf.stress", "-f", "1", "-iters", "2", "-time", MILLIS, "-sc", "false",
            "-af", "NONE"));
        command.addAll(List.of("-c", "2", "-strideSize", "32", "-strideCount", "16"));
        command.addAll(List.of("-jvmArgs", "--enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -Xmx256m"));
        return command;
    }
}
