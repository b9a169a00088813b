package io.weft.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a figure depends on besides Weft: figures of different machines are not to be compared, only ratios. */
public record MachineFacts(String cpu, int cores, String kernel, String jdk) {
    public static MachineFacts read() {
        return new MachineFacts(cpuModel(), Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.version"),
            System.getProperty("java.runtime.version"));
    }

    private static String cpuModel() {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name")).findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse("unknown");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
