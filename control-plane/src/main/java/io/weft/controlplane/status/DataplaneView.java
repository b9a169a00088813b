package io.weft.controlplane.status;

import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterFileException;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.PortStatus;
import io.weft.dataplane.counters.WorkerCounters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * What the dataplane reports in its counters file, across its restarts: each of them creates a new file. Any thread; calls exclude each
 * other, because an old file is unmapped under this lock.
 */
public final class DataplaneView implements AutoCloseable {
    private static final long ALIVE_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final Path runDirectory;
    private CounterReader reader;
    private Object fileKey;

    public DataplaneView(Path runDirectory) {
        this.runDirectory = runDirectory;
    }

    /** Whether a dataplane runs: its conductor has made a pass recently. */
    public boolean isAlive() {
        return read(DataplaneView::isAlive).orElse(false);
    }

    /** @return empty unless a dataplane runs and has this port */
    public Optional<PortStatus> port(int id) {
        return read(counters -> isAlive(counters) ? counters.port(id) : Optional.<PortStatus>empty())
            .flatMap(Function.identity());
    }

    /** Forwarding threads of the running dataplane. */
    public Optional<Integer> workers() {
        return read(counters -> isAlive(counters) ? Optional.of(counters.workers()) : Optional.<Integer>empty())
            .flatMap(Function.identity());
    }

    /** Length in bytes of the longest packet that the running dataplane's ports carry. */
    public Optional<Integer> longestPacket() {
        return read(DataplaneView::longestPacket).filter(bytes -> bytes > 0);
    }

    /** Whether no worker can still use tables older than {@code generation}; also true if none runs or all sleep. */
    public boolean hasPassed(long generation) {
        return read(counters -> !isAlive(counters) || allWorkersAt(counters, generation)).orElse(true);
    }

    /** Whether a running dataplane has adopted this generation and its workers use it. */
    public boolean uses(long incarnation, long generation) {
        return read(counters -> isAlive(counters)
            && counters.gauge(ConductorGauge.TABLES_INCARNATION) == incarnation
            && counters.gauge(ConductorGauge.APPLIED_GENERATION) >= generation
            && allWorkersAt(counters, generation)).orElse(false);
    }

    /** Whether a running dataplane uses any tables, and so forwards. */
    public boolean hasTables() {
        return read(counters -> isAlive(counters) && counters.gauge(ConductorGauge.TABLES_INCARNATION) != 0)
            .orElse(false);
    }

    /** Whether a running dataplane uses the tables of this incarnation, whatever their generation. */
    public boolean hasAdopted(long incarnation) {
        return read(counters -> isAlive(counters)
            && counters.gauge(ConductorGauge.TABLES_INCARNATION) == incarnation).orElse(false);
    }

    /** Reads from the current file. @return empty if there is none that can be read */
    public synchronized <T> Optional<T> read(Function<CounterReader, T> question) {
        renew();
        return reader == null ? Optional.empty() : Optional.ofNullable(question.apply(reader));
    }

    @Override
    public synchronized void close() {
        if (reader != null) {
            reader.close();
            reader = null;
        }
        fileKey = null;
    }

    private void renew() {
        Object current = currentFileKey();
        if (current != null && Objects.equals(current, fileKey)) { return; }
        close();
        if (current == null) { return; }
        try {
            reader = CounterReader.open(runDirectory);
            fileKey = current;
        } catch (CounterFileException e) {
            reader = null;
        }
    }

    private Object currentFileKey() {
        try {
            return Files.readAttributes(runDirectory.resolve(CounterFile.NAME), BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    private static boolean isAlive(CounterReader counters) {
        return System.nanoTime() - counters.gauge(ConductorGauge.HEARTBEAT) < ALIVE_NANOS;
    }

    private static int longestPacket(CounterReader counters) {
        return isAlive(counters) ? (int) counters.gauge(ConductorGauge.LONGEST_PACKET) : 0;
    }

    private static boolean allWorkersAt(CounterReader counters, long generation) {
        for (int worker = 0; worker < counters.workers(); worker++) {
            long epoch = counters.epoch(worker);
            if (epoch != WorkerCounters.ASLEEP && epoch < generation) { return false; }
        }
        return true;
    }
}
