package io.weft.controlplane.process;

import io.weft.dataplane.config.ExitCode;
import io.weft.dataplane.config.SupervisedProcess;
import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts a node's processes and restarts them when they end, at once at first, then less and less often. On SIGTERM it stops its children
 * and ends. A child that reports a wrong configuration (exit status 2) ends the node, and so does a child that cannot be set up the first
 * time, because the user must correct that. Later a restart may help.
 *
 * <p>The thread that calls {@link #run} starts the children and must live as long as they do: the kernel ties a child's death signal to the
 * thread that started it.
 */
public final class Supervisor {
    private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);
    private static final Duration MIN_BACKOFF = Duration.ofMillis(500);
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(30);
    private static final Duration STEADY = Duration.ofSeconds(60);
    private static final long STOP_SECONDS = 10;
    private static final int WRONG_CONFIGURATION = 2;

    private final List<Child> children = new ArrayList<>();
    private final LinkedBlockingQueue<Runnable> events = new LinkedBlockingQueue<>();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private boolean stopping;
    private int status;

    /** @param commands by role, started in this order */
    public Supervisor(Map<String, ExternalCommand> commands) {
        commands.forEach((role, command) -> children.add(new Child(role, command)));
    }

    /** @return the exit status of the node */
    public int run() {
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(this::onSignal));
        children.forEach(Child::start);
        try {
            while (!stopping || children.stream().anyMatch(Child::isRunning)) {
                Runnable event = events.poll(untilNextStart(), TimeUnit.MILLISECONDS);
                if (event != null) {
                    event.run();
                }
                children.forEach(Child::startIfDue);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            children.forEach(Child::kill);
        }
        stopped.countDown();
        return status;
    }

    /** Process ids by role, 0 for one that does not run; for tests. */
    long pid(String role) {
        return children.stream().filter(child -> child.role.equals(role)).mapToLong(Child::pid).findFirst().orElse(0);
    }

    /** Any thread. */
    void stop() {
        events.add(() -> stop(0));
    }

    /** A JVM that a signal ends has its own exit status; a node that was asked to stop and did has succeeded. */
    private void onSignal() {
        if (stopped.getCount() > 0) {
            stopAndWait();
            Runtime.getRuntime().halt(0);
        }
    }

    private void stopAndWait() {
        stop();
        try {
            if (!stopped.await(STOP_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("killing the processes that have not ended within {} s", STOP_SECONDS);
                children.forEach(Child::kill);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void stop(int exitStatus) {
        if (!stopping) {
            stopping = true;
            status = exitStatus;
            children.forEach(Child::terminate);
        }
    }

    private long untilNextStart() {
        return children.stream().mapToLong(Child::untilStartMillis).min().orElse(Long.MAX_VALUE);
    }

    /** The supervisor's thread owns the fields, except the volatile one. */
    private final class Child {
        private final String role;
        private final ExternalCommand command;
        private volatile Process process;
        private long startedNanos;
        private long startAtNanos;
        private boolean waiting;
        private int starts;
        private Duration backoff = MIN_BACKOFF;

        Child(String role, ExternalCommand command) {
            this.role = role;
            this.command = command;
        }

        void start() {
            waiting = false;
            starts++;
            startedNanos = System.nanoTime();
            try {
                ProcessBuilder builder = command.builder().inheritIO();
                builder.environment().put(SupervisedProcess.VARIABLE, String.valueOf(ProcessHandle.current().pid()));
                Process started = builder.start();
                process = started;
                LOG.info("{}: process {}", role, started.pid());
                Thread.ofPlatform().name(role).daemon().start(() -> awaitEnd(started));
            } catch (IOException e) {
                LOG.error("{}: cannot be started: {}", role, e.getMessage());
                startLater();
            }
        }

        private void awaitEnd(Process started) {
            try {
                int exitStatus = started.waitFor();
                events.add(() -> ended(exitStatus));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        void startIfDue() {
            if (waiting && !stopping && untilStartMillis() == 0) {
                start();
            }
        }

        long untilStartMillis() {
            return waiting
                ? Math.max(0, TimeUnit.NANOSECONDS.toMillis(startAtNanos - System.nanoTime() + 999_999))
                : TimeUnit.HOURS.toMillis(1);
        }

        boolean isRunning() { return process != null; }

        long pid() {
            Process running = process;
            return running == null ? 0 : running.pid();
        }

        void terminate() {
            waiting = false;
            if (process != null) {
                process.destroy();
            }
        }

        void kill() {
            Process running = process;
            if (running != null) {
                running.destroyForcibly();
            }
        }

        private void ended(int exitStatus) {
            process = null;
            if (stopping) { return; }
            if (exitStatus == WRONG_CONFIGURATION) {
                stop(exitStatus);
            } else if (exitStatus == SupervisedProcess.NOT_SET_UP && starts == 1) {
                stop(ExitCode.FAILED);
            } else {
                LOG.warn("{}: ended with status {}", role, exitStatus);
                startLater();
            }
        }

        private void startLater() {
            boolean wasSteady = System.nanoTime() - startedNanos > STEADY.toNanos();
            Duration wait = wasSteady ? MIN_BACKOFF : backoff;
            backoff = min(wait.multipliedBy(2), MAX_BACKOFF);
            startAtNanos = System.nanoTime() + wait.toNanos();
            waiting = true;
        }

        private static Duration min(Duration a, Duration b) {
            return a.compareTo(b) < 0 ? a : b;
        }
    }
}
