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
 * Runs the generator and every system under test at nice -20, so that other programs on the machine disturb them less and none has an
 * advantage. The processes of a session share one weight between the cores ({@code kernel.sched_autogroup_enabled}), so a generator with a
 * higher priority would take time from a system under test on another core.
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
        try {
            Shell.run(ExternalCommand.of("renice", "-n", NICE, "-p").with(threads));
        } catch (IOException e) {
            List<String> left = threads.stream().filter(thread -> Files.exists(Path.of("/proc", thread))).toList();
            if (left.size() == threads.size()) { throw e; }
            raiseThreads(left); // a thread that ended meanwhile needs no priority
        }
    }
}
