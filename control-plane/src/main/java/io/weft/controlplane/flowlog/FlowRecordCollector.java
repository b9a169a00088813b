package io.weft.controlplane.flowlog;

import io.weft.controlplane.status.Failures;
import io.weft.controlplane.status.Threads;
import io.weft.controlplane.view.FlowNames;
import io.weft.dataplane.config.FlowRecordConfiguration;
import io.weft.dataplane.flowlog.FlowLogReader;
import io.weft.dataplane.flowlog.FlowLogRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Takes flow records from the dataplane ten times a second, across its restarts, names their ends, and keeps them. One thread of its own, which
 * no failure ends.
 */
public final class FlowRecordCollector implements AutoCloseable {
    private static final long PERIOD_MILLIS = 100;
    private static final int BATCH = 4096;

    private final Path runDirectory;
    private final FlowRecords records;
    private final Optional<FlowRecordFile> file;
    private final Failures failures;
    private final FlowNameMemory names;
    private final Thread thread = Thread.ofPlatform().name("flow-records").daemon().unstarted(this::run);
    private Optional<FlowLogReader> reader = Optional.empty();
    private long lost;

    /** @param podNames of this node's pods now, by address; any thread */
    public FlowRecordCollector(Path runDirectory, FlowRecordConfiguration configuration, FlowRecords records,
        Supplier<Map<String, String>> podNames, Failures failures) {
        this.runDirectory = runDirectory;
        this.records = records;
        this.failures = failures;
        file = configuration.file().map(path -> new FlowRecordFile(path, configuration.fileBytes()));
        names = new FlowNameMemory(runDirectory, podNames);
    }

    public void start() {
        thread.start();
    }

    /** What is wrong with the file that records are appended to, one line. Any thread. */
    public Optional<String> problem() {
        return file.flatMap(FlowRecordFile::problem);
    }

    @Override
    public void close() throws IOException {
        Threads.end(thread);
        reader.ifPresent(FlowLogReader::close);
        if (file.isPresent()) {
            file.get().close();
        }
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                names.notePods();
                collect();
                Thread.sleep(PERIOD_MILLIS);
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | Error e) {
                failures.add("flow records", e);
                if (!isAbleToPause()) { return; }
            }
        }
    }

    private static boolean isAbleToPause() {
        try {
            Thread.sleep(PERIOD_MILLIS);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    private void collect() {
        if (reader.isEmpty()) {
            reader = FlowLogReader.open(runDirectory);
            lost = 0;
        }
        if (reader.isEmpty()) { return; }
        boolean current = reader.get().isCurrent(); // before the last look, so that nothing is left behind
        while (takeBatch(reader.get())) {
            Thread.onSpinWait();
        }
        if (!current) {
            reader.get().close();
            reader = Optional.empty();
        }
    }

    /** @return whether there may be more */
    private boolean takeBatch(FlowLogReader from) {
        List<NamedFlow> taken = new ArrayList<>();
        List<FlowLogRecord> raw = new ArrayList<>();
        int count = from.read(raw::add, BATCH);
        if (count > 0) {
            FlowNames now = names.names();
            raw.forEach(entry -> taken.add(records.add(entry, now)));
            file.ifPresent(open -> open.append(taken));
        }
        long lostNow = from.lost();
        records.addLost(lostNow - lost);
        lost = lostNow;
        return count >= BATCH;
    }
}
