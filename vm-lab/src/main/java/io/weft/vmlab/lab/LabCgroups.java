package io.weft.vmlab.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The cgroups of a lab: one directory in every cgroup hierarchy of the machine, of version 1 or 2. Container runtimes started in it put
 * their containers below it, by which the containers' processes are found, whatever namespaces they have.
 */
public final class LabCgroups {
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
    private static final String VERSION_2 = "cgroup.controllers";
    private static final String PROCESSES = "cgroup.procs";
    private static final List<String> CPUSET_FILES = List.of("cpuset.cpus", "cpuset.mems");
    private static final int MOUNT_POINT_FIELD = 4;
    private static final int REMOVE_ATTEMPTS = 100;
    private static final int REMOVE_PAUSE_MILLIS = 50;

    private LabCgroups() {}

    /** Moves a process, which has no children yet, to the cgroup {@code name} (words separated by slashes) of the lab. */
    public static void enter(LabPlan plan, String name, ProcessHandle process) throws IOException {
        for (Path root : roots(plan)) {
            Path group = root;
            make(group);
            for (Path word : Path.of(name)) {
                group = group.resolve(word);
                make(group);
            }
            Files.writeString(group.resolve(PROCESSES), Long.toString(process.pid()));
        }
    }

    /** A new cgroup of version 1 has no processors and no memory nodes, so no process could enter it. */
    private static void make(Path group) throws IOException {
        if (Files.exists(group)) { return; }
        Files.createDirectory(group);
        if (Files.exists(group.resolve(VERSION_2))) { return; }
        for (String file : CPUSET_FILES) {
            if (Files.exists(group.resolve(file))) {
                Files.writeString(group.resolve(file), Files.readString(group.resolveSibling(file)));
            }
        }
    }

    /** Kills what runs in the lab's cgroups and removes them. */
    static void remove(LabPlan plan) throws IOException {
        for (Path root : roots(plan)) {
            for (int attempt = 1; Files.exists(root); attempt++) {
                LabProcesses.kill(processesIn(root));
                removeTree(root, attempt);
            }
        }
    }

    private static void removeTree(Path root, int attempt) throws IOException {
        try {
            for (Path group : groupsIn(root)) {
                Files.deleteIfExists(group);
            }
        } catch (IOException e) { // busy until the kernel has buried the processes, or a runtime has just started one
            if (attempt == REMOVE_ATTEMPTS) { throw e; }
            pause();
        }
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(REMOVE_PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while removing cgroups", e);
        }
    }

    private static List<ProcessHandle> processesIn(Path root) throws IOException {
        List<ProcessHandle> processes = new ArrayList<>();
        for (Path group : groupsIn(root)) {
            processIds(group).map(Long::valueOf).map(ProcessHandle::of).flatMap(Optional::stream)
                .forEach(processes::add);
        }
        return processes;
    }

    private static Stream<String> processIds(Path group) {
        try {
            return Files.readAllLines(group.resolve(PROCESSES)).stream();
        } catch (IOException e) {
            return Stream.empty(); // removed meanwhile
        }
    }

    /** Children before their parents. */
    private static List<Path> groupsIn(Path root) throws IOException {
        try (Stream<Path> tree = Files.walk(root)) {
            return tree.filter(Files::isDirectory).sorted(Comparator.reverseOrder()).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static List<Path> roots(LabPlan plan) throws IOException {
        return Files.readAllLines(MOUNTS).stream()
            .filter(line -> line.contains(" - cgroup"))
            .map(line -> Path.of(line.split(" ")[MOUNT_POINT_FIELD]))
            .map(mount -> mount.resolve("weft-lab-" + plan.name()))
            .toList();
    }
}
