package io.weft.dataplane.table;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterFileException;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.WorkerCounters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * Tells which generation of the tables the dataplane's workers may still use, from its counters file; for {@link TablesWriter#create}.
 *
 * <p>It opens the file at every call. A dataplane creates its file before it reads a table, so a dataplane whose file does not exist yet
 * cannot know of a block that was withdrawn before the call; without any file there is no reader. A worker without a heartbeat for a minute
 * belongs to a dataplane that was killed. Thread: one.
 */
public final class DataplaneEpochs implements LongSupplier, AutoCloseable {
    private static final long DEAD_AFTER_NANOS = 60_000_000_000L;

    private final Path runDirectory;
    private CounterReader counters;
    private Object fileKey;

    public DataplaneEpochs(Path runDirectory) {
        this.runDirectory = runDirectory;
    }

    /** The oldest generation in use; {@link WorkerCounters#ASLEEP} if no worker uses any. */
    @Override
    public long getAsLong() {
        follow();
        long oldest = WorkerCounters.ASLEEP;
        for (int worker = 0; counters != null && worker < counters.workers(); worker++) {
            oldest = isAlive(worker) ? Math.min(oldest, counters.epoch(worker)) : oldest;
        }
        return oldest;
    }

    @Override
    public void close() {
        if (counters != null) {
            counters.close();
            counters = null;
            fileKey = null;
        }
    }

    /** Both processes read the clock CLOCK_MONOTONIC. */
    private boolean isAlive(int worker) {
        return System.nanoTime() - counters.heartbeat(worker) < DEAD_AFTER_NANOS;
    }

    private void follow() {
        Object key = presentKey();
        if (key == null || key.equals(fileKey)) { return; }
        close();
        try {
            counters = CounterReader.open(runDirectory);
            fileKey = key;
        } catch (CounterFileException unreadable) {
            fileKey = null;
        }
    }

    private Object presentKey() {
        try {
            return Files.getAttribute(runDirectory.resolve(CounterFile.NAME), "unix:ino");
        } catch (IOException none) {
            return null;
        }
    }
}
