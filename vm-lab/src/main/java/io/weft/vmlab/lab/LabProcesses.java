package io.weft.vmlab.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Finds and ends the processes whose main thread is in a lab's network namespace, which only processes of the lab are. */
final class LabProcesses {
    private static final int TERM_SECONDS = 10;

    private LabProcesses() {}

    static List<ProcessHandle> in(Path netns) {
        return ProcessHandle.allProcesses().filter(process -> livesIn(process, netns)).toList();
    }

    static boolean anyIn(List<Path> namespaces) {
        return namespaces.stream().anyMatch(namespace -> !in(namespace).isEmpty());
    }

    private static boolean livesIn(ProcessHandle process, Path netns) {
        try {
            return Files.isSameFile(netns, Path.of("/proc/" + process.pid() + "/ns/net"));
        } catch (IOException e) {
            return false; // it ended meanwhile
        }
    }

    /** Asks each process to end, waits, and kills those that have not. */
    static void end(List<ProcessHandle> processes) {
        processes.forEach(ProcessHandle::destroy);
        for (ProcessHandle process : processes) {
            if (!ended(process)) {
                process.destroyForcibly();
                ended(process);
            }
        }
    }

    private static boolean ended(ProcessHandle process) {
        try {
            process.onExit().get(TERM_SECONDS, TimeUnit.SECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException("waiting for process " + process.pid(), e);
        }
    }
}
