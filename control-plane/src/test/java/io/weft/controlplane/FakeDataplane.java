package io.weft.controlplane;

import io.weft.dataplane.counters.ConductorCounters;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Writes the counters file as a dataplane would, with a heartbeat, and reports the port states that a test sets. */
public final class FakeDataplane implements AutoCloseable {
    public static final int WORKERS = 2;
    private static final long BEAT_MILLIS = 100;

    private final CounterFile file;
    private final ConductorCounters conductor;
    private final Thread heart = Thread.ofPlatform().daemon().unstarted(this::beat);
    private volatile boolean stopped;

    public FakeDataplane(Path runDirectory) {
        file = CounterFile.create(runDirectory, new CounterSizing(WORKERS, 1024, 16), System.nanoTime());
        conductor = file.conductor();
        conductor.set(ConductorGauge.HEARTBEAT, System.nanoTime());
        heart.start();
    }

    public synchronized void say(int portId, long attachId, String name, PortState state, String reason) {
        conductor.port(new PortStatus(portId, state, attachId, name, 1, WORKERS, "native copy", reason));
    }

    public synchronized void set(ConductorGauge gauge, long value) {
        conductor.set(gauge, value);
    }

    /** Counts a frame that a port received and that was dropped. */
    public void drop(int portId, DropReason reason) {
        file.worker(0).drop(portId, reason);
    }

    /** Counts what a node took in a sampled batch. */
    public void sample(GraphNodeId node, long nanos) {
        file.worker(0).sampledNanos(node, nanos);
    }

    /** Reports that it uses the tables of this incarnation. */
    public synchronized void adopt(long incarnation) {
        conductor.set(ConductorGauge.TABLES_INCARNATION, incarnation);
    }

    /** Reports that all workers use this generation of the tables. */
    public synchronized void use(long incarnation, long generation) {
        conductor.set(ConductorGauge.TABLES_INCARNATION, incarnation);
        conductor.set(ConductorGauge.APPLIED_GENERATION, generation);
    }

    @Override
    public void close() {
        stopped = true;
        heart.interrupt();
        try {
            heart.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        conductor.set(ConductorGauge.HEARTBEAT, System.nanoTime() - TimeUnit.MINUTES.toNanos(1));
    }

    private void beat() {
        while (!stopped) {
            conductor.set(ConductorGauge.HEARTBEAT, System.nanoTime());
            try {
                Thread.sleep(BEAT_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }
}
