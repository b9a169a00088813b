package io.weft.vmlab.kubernetes;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.LabCgroups;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A long-running process of a cluster, with its log. It lives on when this process ends. */
public final class Daemon {
    private static final int TERM_SECONDS = 10;
    private static final int LAST_LINES = 5;
    private final String name;
    private final Path log;
    private final Process process;

    private Daemon(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
    }

    /** Starts a command in the namespaces of {@code place}; its output is appended to {@code log}. */
    static Daemon start(NamespaceThread place, String name, ExternalCommand command, Path log) throws Exception {
        Files.createDirectories(log.getParent());
        ProcessBuilder builder = command.builder().redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        return new Daemon(name, log, place.call(builder::start));
    }

    /** Moves it, before it has children, to a cgroup of the lab, by which {@code weft lab down} kills it without waiting. */
    Daemon inCgroup(LabPlan lab, LabPlan.Host host, String group) throws IOException {
        LabCgroups.enter(lab, host.name() + "/" + group, process());
        return this;
    }

    public ProcessHandle process() {
        return process.toHandle();
    }

    public Path log() {
        return log;
    }

    /** @throws IOException with the end of its log, if it has ended */
    void check() throws IOException {
        if (process.isAlive()) { return; }
        List<String> lines = Files.readAllLines(log);
        throw new IOException(name + " ended with " + process.exitValue() + ": "
            + String.join(" | ", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size())) + " (log: " + log
            + ")");
    }

    /** Asks it to end, and kills it after 10 s. */
    public void stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(TERM_SECONDS, TimeUnit.SECONDS)) {
            kill();
        }
    }

    /** Ends it with SIGKILL. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }
}
