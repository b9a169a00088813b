package io.weft.perf.change;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Processor time of a process's threads at one moment, in nanoseconds ({@code /proc/PID/task/TID/schedstat}), summed over threads of the same
 * name. Unlike elapsed time, it depends little on what else runs on the machine.
 */
record ThreadTimes(long wallNanos, Map<String, Long> nanos) {
    static ThreadTimes of(long pid) {
        Map<String, Long> nanos = new TreeMap<>();
        long now = System.nanoTime();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
            for (Path task : tasks) {
                add(task, nanos);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("process " + pid + " has ended", e);
        }
        return new ThreadTimes(now, nanos);
    }

    private static void add(Path task, Map<String, Long> nanos) {
        try {
            String times = Files.readString(task.resolve("schedstat"));
            nanos.merge(Files.readString(task.resolve("comm")).strip(),
                Long.parseLong(times.substring(0, times.indexOf(' '))), Long::sum);
        } catch (IOException e) {
            return; // the thread has ended
        }
    }

    /** Per cent of one core that the threads with this name used since {@code before}. */
    double percent(ThreadTimes before, String name) {
        return percent(before, nanos.getOrDefault(name, 0L) - before.nanos.getOrDefault(name, 0L));
    }

    /** Per cent of one core that all threads used since {@code before}. */
    double percent(ThreadTimes before) {
        return percent(before, sum() - before.sum());
    }

    private double percent(ThreadTimes before, long used) {
        return 100.0 * used / (wallNanos - before.wallNanos);
    }

    private long sum() {
        return nanos.values().stream().mapToLong(Long::longValue).sum();
    }
}
