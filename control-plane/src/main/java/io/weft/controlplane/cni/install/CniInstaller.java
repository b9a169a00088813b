package io.weft.controlplane.cni.install;

import io.weft.controlplane.cni.Readiness;
import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.status.Threads;
import io.weft.nativebindings.linux.FileErrors;
import io.weft.nativebindings.linux.LinuxException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the runtime's files in place while the control plane runs: for the first time once this node is ready to add pods, then again
 * whenever someone else changed or deleted them. They stay when the control plane stops, because it will start again, and until then the
 * plug-in answers "try again". One thread of its own, which no failure ends.
 */
public final class CniInstaller implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CniInstaller.class);
    private static final long WAIT_MILLIS = 200;
    private static final long CHECK_MILLIS = 2000;

    private final CniFiles files;
    private final Readiness readiness;
    private final Runnable changed;
    private final Thread thread = Thread.ofPlatform().name("cni-install").daemon().unstarted(this::run);
    private volatile ControlPlaneStatus.CniInstallation status;
    private boolean ready;

    /** @param changed called, on the installer's thread, when {@link #status} has changed */
    public CniInstaller(CniFiles files, Readiness readiness, Runnable changed) {
        this.files = files;
        this.readiness = readiness;
        this.changed = changed;
        this.status = status("the control plane has just started");
    }

    public void start() {
        thread.start();
    }

    /** Any thread. */
    public ControlPlaneStatus.CniInstallation status() {
        return status;
    }

    @Override
    public void close() {
        Threads.end(thread);
    }

    private void run() {
        boolean cached = false;
        try {
            while (true) {
                boolean inPlace = step();
                if (inPlace && !cached) {
                    cached = true;
                    makeCache();
                }
                Thread.sleep(ready ? CHECK_MILLIS : WAIT_MILLIS);
            }
        } catch (InterruptedException e) {
            LOG.debug("stopping");
        }
    }

    /** @return whether the files are in place */
    private boolean step() {
        String problem;
        try {
            problem = missing().orElse("");
            if (problem.isEmpty()) {
                ready = true;
                files.put();
            }
        } catch (IOException e) {
            problem = FileErrors.describe(e);
        } catch (RuntimeException e) {
            problem = e instanceof LinuxException ? e.getMessage() : e.toString();
        }
        report(status(problem));
        return problem.isEmpty();
    }

    private Optional<String> missing() {
        return ready ? Optional.empty() : readiness.reason();
    }

    private void makeCache() throws InterruptedException {
        try {
            files.makeCache();
        } catch (IOException | RuntimeException e) {
            LOG.warn("the plug-in starts without an AOT cache, and slower: {}",
                e instanceof IOException failure ? FileErrors.describe(failure) : e.toString());
        }
    }

    private ControlPlaneStatus.CniInstallation status(String problem) {
        return new ControlPlaneStatus.CniInstallation(files.conflist().toString(), problem, files.preceding());
    }

    private void report(ControlPlaneStatus.CniInstallation now) {
        ControlPlaneStatus.CniInstallation before = status;
        if (now.equals(before)) { return; }
        status = now;
        changed.run();
        if (!now.problem().equals(before.problem())) {
            LOG.info("{}: {}", now.conflist(), now.problem().isEmpty() ? "in place" : "not in place: " + now.problem());
        }
        List<String> preceding = now.preceding();
        if (!preceding.isEmpty() && !preceding.equals(before.preceding())) {
            LOG.warn("{}: the runtime uses {} in this directory instead: delete it, or rename it so that it sorts"
                + " after", now.conflist(), preceding.getFirst());
        }
    }
}
