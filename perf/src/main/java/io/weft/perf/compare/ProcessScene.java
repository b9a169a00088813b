package io.weft.perf.compare;

import io.weft.nativebindings.linux.ProcessSignals;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** A system under test that is a process between the near and the far device of a {@link VethLab}. SIGSTOP stops it while others are measured. */
final class ProcessScene implements Scene {
    private static final int TERM_SECONDS = 5;
    private static final long READY_NANOS = 30_000_000_000L;
    private static final long POLL_MILLIS = 20;
    private final Workload workload;
    private final VethLab lab;
    private final Process process;
    private final IngressPort ingress;
    private final EgressPort egress;
    private final List<AutoCloseable> more = new ArrayList<>();

    ProcessScene(Workload workload, VethLab lab, Process process, IngressPort ingress, EgressPort egress) {
        this.workload = workload;
        this.lab = lab;
        this.process = process;
        this.ingress = ingress;
        this.egress = egress;
    }

    /** Waits until it is ready; fails if it ends or takes too long. */
    void await(String what, Callable<Boolean> condition) throws Exception {
        long start = System.nanoTime();
        while (!condition.call()) {
            if (!process.isAlive()) {
                throw new IOException("it ended with " + process.exitValue() + " before " + what);
            }
            if (System.nanoTime() - start > READY_NANOS) { throw new IOException("no sign of " + what + " in 30 s"); }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** Closes a resource after the process. */
    ProcessScene with(AutoCloseable resource) {
        more.add(resource);
        return this;
    }

    @Override
    public Workload workload() {
        return workload;
    }

    @Override
    public IngressPort ingress() {
        return ingress;
    }

    @Override
    public EgressPort egress() {
        return egress;
    }

    @Override
    public Collection<Long> processes() {
        List<Long> all = new ArrayList<>(process.descendants().map(ProcessHandle::pid).toList());
        all.add(process.pid());
        return all;
    }

    @Override
    public void resume() throws IOException {
        if (!process.isAlive()) { throw new IOException("it has ended with " + process.exitValue()); }
        signal(ProcessSignals.SIGCONT);
    }

    @Override
    public void pause() {
        signal(ProcessSignals.SIGSTOP);
    }

    private void signal(int signal) {
        for (long pid : processes()) {
            ProcessSignals.send(pid, signal);
        }
    }

    @Override
    public void close() {
        try {
            if (process.isAlive()) {
                signal(ProcessSignals.SIGCONT);
            }
            end(process);
            for (AutoCloseable resource : more) {
                resource.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            lab.close();
        }
    }

    /** Asks a process to end, then kills it. */
    static void end(Process process) throws InterruptedException {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroy();
        if (!process.waitFor(TERM_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        children.forEach(ProcessHandle::destroyForcibly);
    }
}
