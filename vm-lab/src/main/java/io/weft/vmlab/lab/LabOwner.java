package io.weft.vmlab.lab;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Optional;

/**
 * The process that set up a lab, in a file in the lab's directory. A lab whose owner has ended and in which no process runs is left over
 * from a killed run.
 */
final class LabOwner {
    private static final String FILE = "owner";

    private LabOwner() {}

    /**
     * Creates the lab's directory and makes this process its owner, in one step.
     *
     * @throws IOException if the lab has a directory already
     */
    static void claim(LabPlan plan) throws IOException {
        Path directory = plan.directory();
        Files.createDirectories(directory.getParent());
        Path made = Files.createTempDirectory(directory.getParent(), "." + plan.name());
        Files.writeString(made.resolve(FILE), identity(ProcessHandle.current()));
        try {
            Files.move(made, directory, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            Files.delete(made.resolve(FILE));
            Files.delete(made);
            throw e;
        }
    }

    static boolean isThisProcess(LabPlan plan) {
        return read(plan).filter(identity(ProcessHandle.current())::equals).isPresent();
    }

    /** Whether the process that set up the lab still runs. */
    static boolean alive(LabPlan plan) {
        return read(plan).flatMap(LabOwner::process).isPresent();
    }

    private static Optional<ProcessHandle> process(String identity) {
        long pid = Long.parseLong(identity.substring(0, identity.indexOf(' ')));
        return ProcessHandle.of(pid).filter(process -> process.isAlive() && identity(process).equals(identity));
    }

    private static Optional<String> read(LabPlan plan) {
        try {
            return Optional.of(Files.readString(plan.directory().resolve(FILE)));
        } catch (IOException e) {
            return Optional.empty(); // no lab
        }
    }

    /** A process id alone may be reused by another process; with the start time it identifies one process for good. */
    private static String identity(ProcessHandle process) {
        return process.pid() + " " + process.info().startInstant().map(Instant::toString).orElse("unknown");
    }
}
