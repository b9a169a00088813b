package io.weft.vmlab.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Finds and ends the processes whose main thread is in a lab's network namespace, which only processes of the lab are. */
final class LabProcesses {
    private static final Duration TERM_TIME = Duration.ofSeconds(10);
    private static final Duration KILL_TIME = Duration.ofSeconds(10);

    private LabProcesses() {}

    static List<ProcessHandle> in(List<Path> namespaces) {
        return ProcessHandle.allProcesses()
            .filter(process -> namespaces.stream().anyMatch(namespace -> livesIn(process, namespace)))
            .toList();
    }

    static boolean anyIn(List<Path> namespaces) {
        return !in(namespaces).isEmpty();
    }

    private static boolean livesIn(ProcessHandle process, Path netns) {
        try {
            return Files.isSameFile(netns, Path.of("/proc/" + process.pid() + "/ns/net"));
        } catch (IOException e) {
            return false; // it ended meanwhile
        }
    }

    /** Asks all processes to end, waits, and kills those that have not. */
    static void end(List<ProcessHandle> processes) {
        processes.forEach(ProcessHandle::destroy);
        await(processes, TERM_TIME);
        kill(processes);
    }

    /** Ends all processes with SIGKILL and waits until they are gone. */
    static void kill(List<ProcessHandle> processes) {
        List<ProcessHandle> alive = processes.stream().filter(ProcessHandle::isAlive).toList();
        alive.forEach(ProcessHandle::destroyForcibly);
        await(alive, KILL_TIME);
    }

    private static void await(List<ProcessHandle> processes, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        for (ProcessHandle process : processes) {
            try {
                process.onExit().get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                return;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (java.util.concurrent.ExecutionException e) {
                throw new IllegalStateException("waiting for process " + process.pid(), e);
            }
        }
    }
}
