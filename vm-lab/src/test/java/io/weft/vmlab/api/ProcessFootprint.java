package io.weft.vmlab.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * What a process occupies.
 *
 * @param residentMebibytes memory that is in RAM
 * @param threads of the kernel, so without those that only Java knows
 * @param processorTime since its start, of all its threads
 */
record ProcessFootprint(int descriptors, long residentMebibytes, int threads, Duration processorTime) {
    static ProcessFootprint of(ProcessHandle process) throws IOException {
        Path directory = Path.of("/proc/" + process.pid());
        try (Stream<Path> descriptors = Files.list(directory.resolve("fd"))) {
            return new ProcessFootprint((int) descriptors.count(), number(directory, "VmRSS:") >> 10,
                (int) number(directory, "Threads:"), process.info().totalCpuDuration().orElse(Duration.ZERO));
        }
    }

    private static long number(Path directory, String field) throws IOException {
        return Files.readAllLines(directory.resolve("status")).stream().filter(line -> line.startsWith(field))
            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", ""))).findFirst().orElseThrow();
    }

    @Override
    public String toString() {
        return descriptors + " descriptors, " + residentMebibytes + " MiB, " + threads + " threads";
    }
}
