package io.weft.controlplane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A worker of a running dataplane, as /proc shows it.
 *
 * @param cpus on which it may run
 * @param nice its nice value
 * @param ticks of processor time that it has used, {@link #TICKS_PER_SECOND}
 */
record WorkerThread(int index, BitSet cpus, int nice, long ticks) {
    /** USER_HZ, the unit of times in /proc. */
    static final int TICKS_PER_SECOND = 100;
    private static final String NAME = "weft-worker-";
    private static final String ALLOWED = "Cpus_allowed_list:";
    /** Field 19 of /proc/PID/stat, proc_pid_stat(5); the name is field 2 and may contain blanks. */
    private static final int NICE_AFTER_NAME = 16;
    /** Fields 14 and 15: time in user mode and in the kernel. */
    private static final int USER_TIME_AFTER_NAME = 11;
    private static final int KERNEL_TIME_AFTER_NAME = 12;

    boolean isPinned() { return cpus.cardinality() == 1; }

    /** @param proc where procfs is mounted */
    static List<WorkerThread> of(Path proc, long pid) {
        try (Stream<Path> tasks = Files.list(proc.resolve(Long.toString(pid)).resolve("task"))) {
            List<WorkerThread> workers = new ArrayList<>();
            tasks.forEach(task -> read(task).ifPresent(workers::add));
            workers.sort(Comparator.comparingInt(WorkerThread::index));
            return workers;
        } catch (IOException e) {
            return List.of();
        }
    }

    private static Optional<WorkerThread> read(Path task) {
        try {
            String name = Files.readString(task.resolve("comm")).strip();
            if (!name.matches(NAME + "\\d{1,4}")) { return Optional.empty(); }
            BitSet cpus = CpuList.parse(Files.readAllLines(task.resolve("status")).stream()
                .filter(line -> line.startsWith(ALLOWED)).findFirst().orElse("").replace(ALLOWED, ""));
            String stat = Files.readString(task.resolve("stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return Optional.of(new WorkerThread(Integer.parseInt(name.substring(NAME.length())), cpus,
                Integer.parseInt(fields[NICE_AFTER_NAME]),
                Long.parseLong(fields[USER_TIME_AFTER_NAME]) + Long.parseLong(fields[KERNEL_TIME_AFTER_NAME])));
        } catch (IOException | RuntimeException e) {
            return Optional.empty(); // it ended meanwhile
        }
    }
}
