package io.weft.perf.compare;

import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/**
 * Puts the generator and every contender on one level, nice -20: what else runs on the machine disturbs less, and none is held back for another. A
 * session's processes share one weight between the cores ({@code kernel.sched_autogroup_enabled}), so a generator above a contender on
 * another core would take from it.
 */
final class Priority {
    private static final String NICE = "-20";

    private Priority() {}

    /** All threads of these processes. */
    static void raise(Collection<Long> processes) throws IOException, InterruptedException {
        List<String> threads = new ArrayList<>();
        for (long process : processes) {
            try (Stream<Path> tasks = Files.list(Path.of("/proc/" + process + "/task"))) {
                tasks.forEach(task -> threads.add(task.getFileName().toString()));
            }
        }
        raiseThreads(threads);
    }

    static void raiseThreads(List<String> threads) throws IOException, InterruptedException {
        if (threads.isEmpty()) { return; }
        Shell.run(ExternalCommand.of("renice", "-n", NICE, "-p").with(threads));
    }
}
