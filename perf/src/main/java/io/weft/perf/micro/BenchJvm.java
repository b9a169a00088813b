package io.weft.perf.micro;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/** JVMs for measurements: each figure comes from a JVM of its own, with the flags that the launcher gives the dataplane. */
final class BenchJvm {
    static final ObjectMapper JSON = new ObjectMapper();

    /** Set by the launcher; without it, only the collector is the product's. */
    private static final String FLAGS_PROPERTY = "weft.dataplane.flags";
    private static final String DEFAULT_FLAGS = "-XX:+UseSerialGC";
    /** The order of frames and, with 10,000 Services, the data behind the tables are on the heap. */
    private static final List<String> HEAP = List.of("-Xms256m", "-Xmx256m");

    private BenchJvm() {
    }

    /** The dataplane's flags, with a larger heap. */
    static List<String> flags() {
        String flags = System.getProperty(FLAGS_PROPERTY, DEFAULT_FLAGS).strip();
        return Stream.concat(Stream.of(flags.split(" +")), HEAP.stream()).toList();
    }

    /** Runs the task in a JVM of its own. */
    static <T> T run(MicroTask task, Class<T> result) {
        try {
            ExternalCommand java = ExternalCommand.java(ManagementFactory.getRuntimeMXBean().getInputArguments())
                .with(flags())
                .with("-cp", System.getProperty("java.class.path"), MicroTask.class.getName(),
                    JSON.writeValueAsString(task));
            Process process = java.builder().redirectError(ProcessBuilder.Redirect.INHERIT).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(task.trafficCase() + ": the measuring JVM failed");
            }
            return JSON.readValue(output, result);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
