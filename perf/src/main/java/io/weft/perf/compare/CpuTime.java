package io.weft.perf.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Processor time used by a system under test, at one moment; {@link #since} is the time between two moments.
 *
 * <p>The time of threads comes from {@code /proc/PID/task/TID/schedstat}, in nanoseconds, and includes softirqs that ran in the thread's
 * context. The receive softirq of a frame runs on the core that sent it, which is the generator's, in the generator's context, although it
 * is work of the system under test. Only {@code /proc/stat} tells how much of that core it used, by samples of the timer (250 per second on
 * many kernels).
 */
final class CpuTime {
    private static final Path PROC = Path.of("/proc");
    private static final long USER_HZ_NANOS = 10_000_000;
    private static final int IDLE = 3; // columns of /proc/stat, user is 0
    private static final int IOWAIT = 4;
    private static final int SOFTIRQ = 6;
    private static final int ACCOUNTED = 8; // user to steal; user already includes guest time

    private final long wallNanos;
    private final Map<String, Long> threads;
    private final long generatorThread;
    private final long generatorSoftirqd;
    private final long systemSoftirqd;
    private final long generatorSoftirq;
    private final long busy;

    /**
     * @param wallNanos between the two moments
     * @param threads of the system under test, including its kernel threads for NAPI
     * @param softirqs that the system caused in the generator's context and in both ksoftirqd
     * @param busy time of both cores minus the generator's own: the same quantity from another source, including everything else that ran
     *     on the machine
     */
    record Used(long wallNanos, long threads, long softirqs, long busy) {
        /** Cores in use, on average. */
        double cores() {
            return (threads + softirqs) / (double) wallNanos;
        }

        double softirqCores() {
            return softirqs / (double) wallNanos;
        }

        double coresByIdle() {
            return busy / (double) wallNanos;
        }
    }

    private CpuTime(Cores cores, Map<String, Long> threads, int generatorThread) {
        this.threads = threads;
        wallNanos = System.nanoTime();
        this.generatorThread = runtime(PROC.resolve("self/task/" + generatorThread));
        generatorSoftirqd = kernelThread("ksoftirqd/" + cores.generator());
        systemSoftirqd = kernelThread("ksoftirqd/" + cores.system());
        long[] generator = ticks(cores.generator());
        long[] system = ticks(cores.system());
        generatorSoftirq = generator[SOFTIRQ] * USER_HZ_NANOS;
        busy = (busyTicks(generator) + busyTicks(system)) * USER_HZ_NANOS;
    }

    /**
     * @param processes of the system under test
     * @param kernelThreads of the system under test
     * @param generatorThread of this process
     */
    static CpuTime now(Cores cores, Collection<Long> processes, Collection<Long> kernelThreads, int generatorThread) {
        Map<String, Long> threads = new HashMap<>();
        processes.forEach(process -> addThreads(process, threads));
        kernelThreads.forEach(process -> addThreads(process, threads));
        return new CpuTime(cores, threads, generatorThread);
    }

    Used since(CpuTime before) {
        long used = threads.entrySet().stream()
            .mapToLong(thread -> thread.getValue() - before.threads.getOrDefault(thread.getKey(), 0L))
            .sum();
        long softirqd = generatorSoftirqd - before.generatorSoftirqd;
        long onGenerator = Math.max(generatorSoftirq - before.generatorSoftirq, softirqd);
        long softirqs = onGenerator + systemSoftirqd - before.systemSoftirqd;
        long generating = generatorThread - before.generatorThread - (onGenerator - softirqd);
        return new Used(wallNanos - before.wallNanos, used, softirqs, busy - before.busy - generating);
    }

    private static void addThreads(long process, Map<String, Long> into) {
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(PROC.resolve(process + "/task"))) {
            for (Path task : tasks) {
                into.put(task.getFileName().toString(), runtime(task));
            }
        } catch (IOException e) {
            return; // it ended meanwhile
        }
    }

    private static long runtime(Path task) {
        try {
            String text = Files.readString(task.resolve("schedstat"));
            return Long.parseLong(text.substring(0, text.indexOf(' ')));
        } catch (IOException e) {
            return 0; // ended meanwhile
        }
    }

    private static long kernelThread(String name) {
        return processesNamed(name).stream().mapToLong(process -> runtime(PROC.resolve(process + "/task/" + process)))
            .sum();
    }

    /** Whether the kernel's threads have process ids here. They have none in a PID namespace such as a container's. */
    static boolean seesKernelThreads() {
        return !processesNamed("kthreadd").isEmpty();
    }

    /** Ids of the processes whose name starts with this prefix. */
    static List<Long> processesNamed(String prefix) {
        try (var all = Files.list(PROC)) {
            return all.filter(path -> path.getFileName().toString().chars().allMatch(Character::isDigit))
                .filter(path -> name(path).startsWith(prefix))
                .map(path -> Long.parseLong(path.getFileName().toString()))
                .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String name(Path process) {
        try {
            return Files.readString(process.resolve("comm")).strip();
        } catch (IOException e) {
            return "";
        }
    }

    private static long busyTicks(long[] ticks) {
        return LongStream.of(ticks).limit(ACCOUNTED).sum() - ticks[IDLE] - ticks[IOWAIT];
    }

    /** The columns of a core's line, {@code user} first. */
    private static long[] ticks(int core) {
        try {
            return parse(Files.readString(PROC.resolve("stat")), core);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static long[] parse(String stat, int core) {
        String label = "cpu" + core + " ";
        String line = stat.lines().filter(candidate -> candidate.startsWith(label)).findFirst()
            .orElseThrow(() -> new IllegalArgumentException("/proc/stat has no core " + core));
        return Stream.of(line.substring(label.length()).strip().split(" +")).mapToLong(Long::parseLong).toArray();
    }
}
