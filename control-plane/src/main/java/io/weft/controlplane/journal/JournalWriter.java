package io.weft.controlplane.journal;

import io.weft.controlplane.journal.ClusterJournal.Contents;
import io.weft.controlplane.status.Failures;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Writes the objects into the journal, once the source has delivered them and the tables made of them are published. One thread of its own, which no
 * failure ends; nothing waits for it.
 *
 * <p>It looks ten times a second. The pause after a write grows with the length of the file, from {@link #MIN_PAUSE} to {@link #MAX_PAUSE}:
 * {@value #BYTES_PER_MILLI} bytes per millisecond on average at most. When the source is stale, the last changes are written without a
 * pause, and so they are at the end. Without changes, the file is written every {@link #CONFIRMATION}, so that its time says how old the
 * objects can be.
 */
public final class JournalWriter implements AutoCloseable {
    private static final Duration PERIOD = Duration.ofMillis(100);
    private static final Duration MIN_PAUSE = Duration.ofSeconds(1);
    private static final Duration MAX_PAUSE = Duration.ofSeconds(30);
    private static final Duration CONFIRMATION = Duration.ofMinutes(10);
    private static final int BYTES_PER_MILLI = 100;
    private static final long NONE = -1;

    /** The objects of which the published tables are made. Any thread. */
    @FunctionalInterface
    public interface Objects {
        /** @return empty if they are of this revision, or if no tables of them are published */
        Optional<Snapshot> newerThan(long revision);
    }

    private final ClusterJournal journal;
    private final JournaledSource source;
    private final Failures failures;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform().name("journal-writer").daemon().unstarted(this::run);
    private Objects objects;
    private long writtenRevision = NONE;
    private long lastNanos = System.nanoTime();
    private Duration pause = Duration.ZERO;
    private boolean failed;

    /** @param failures counts failures to write */
    public JournalWriter(ClusterJournal journal, JournaledSource source, Failures failures) {
        this.journal = journal;
        this.source = source;
        this.failures = failures;
    }

    public void start(Objects inForce) {
        objects = inForce;
        thread.start();
    }

    /** Writes the last changes, too. */
    @Override
    public void close() {
        closed.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        if (objects != null && source.isLive()) {
            guarded(() -> writeNewerThan(writtenRevision));
        }
    }

    private void run() {
        try {
            while (!closed.await(PERIOD.toMillis(), TimeUnit.MILLISECONDS)) {
                guarded(this::look);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            failed(e);
        }
    }

    private void look() {
        if (!source.isLive()) { return; }
        boolean stale = source.status().staleSince().isPresent();
        if (!stale && hasPassed(CONFIRMATION)) {
            writeNewerThan(NONE);
        } else if (hasPassed(pause) || stale && !failed) {
            writeNewerThan(writtenRevision);
        }
    }

    private boolean hasPassed(Duration duration) {
        return System.nanoTime() - lastNanos >= duration.toNanos();
    }

    private void writeNewerThan(long revision) {
        objects.newerThan(revision).ifPresent(snapshot -> {
            try {
                write(snapshot);
            } catch (IOException e) {
                failed(e);
            }
        });
    }

    private void write(Snapshot snapshot) throws IOException {
        Instant asOf = source.status().staleSince().orElseGet(Instant::now);
        int length = journal.write(new Contents(asOf, snapshot.objects()));
        writtenRevision = snapshot.revision();
        failed = false;
        pauseFor(Duration.ofMillis(length / BYTES_PER_MILLI));
    }

    private void failed(Throwable failure) {
        failures.add("cluster journal", failure);
        failed = true;
        pauseFor(MAX_PAUSE);
    }

    private void pauseFor(Duration wanted) {
        lastNanos = System.nanoTime();
        pause = wanted.compareTo(MIN_PAUSE) < 0 ? MIN_PAUSE : wanted.compareTo(MAX_PAUSE) > 0 ? MAX_PAUSE : wanted;
    }
}
