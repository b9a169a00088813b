package io.weft.controlplane.journal;

import io.weft.controlplane.journal.ClusterJournal.Contents;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.SourceStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A source with a journal: if the source has delivered nothing within {@link #PATIENCE}, the objects of the journal are delivered in its
 * place, and {@link #status} says so. The source's first change then replaces them in one step.
 */
public final class JournaledSource implements ClusterSource {
    private static final Logger LOG = LoggerFactory.getLogger(JournaledSource.class);
    /** More than a source that can be reached needs. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final ClusterSource source;
    private final ClusterJournal journal;
    private final Duration patience;
    private final CountDownLatch live = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform().name("journal").daemon().unstarted(this::serveUnlessLive);
    private Listener listener;
    private Optional<Contents> contents = Optional.empty();
    /** The time of the journal while it is served. Written under the lock of this object, read by any thread on its own. */
    private volatile Optional<Instant> servedAsOf = Optional.empty();

    public JournaledSource(ClusterSource source, ClusterJournal journal) {
        this(source, journal, PATIENCE);
    }

    JournaledSource(ClusterSource source, ClusterJournal journal, Duration patience) {
        this.source = source;
        this.journal = journal;
        this.patience = patience;
    }

    @Override
    public void start(Listener changes) {
        listener = changes;
        contents = journal.read();
        journal.problems().forEach(LOG::warn);
        thread.start();
        source.start(new Relay());
    }

    /** Whether the source itself has delivered. What it delivered has been passed on before this is true. Any thread. */
    boolean isLive() {
        return live.getCount() == 0;
    }

    @Override
    public SourceStatus status() {
        SourceStatus status = source.status();
        List<String> errors = new ArrayList<>(status.errors());
        errors.addAll(journal.problems());
        return servedAsOf
            .map(asOf -> new SourceStatus(status.name(), status.synced(), Optional.of(asOf),
                reason(status) + "; serving the journal of " + asOf, List.copyOf(errors)))
            .orElseGet(() -> new SourceStatus(status.name(), status.synced(), status.staleSince(), status.staleReason(),
                List.copyOf(errors)));
    }

    @Override
    public Optional<String> origin(ObjectKey key) {
        return source.origin(key);
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        source.close();
    }

    private void serveUnlessLive() {
        try {
            if (!live.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                contents.ifPresent(this::serve);
            }
            contents = Optional.empty(); // the memory
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void serve(Contents known) {
        if (isLive()) { return; }
        LOG.warn("{}: {}; serving the journal of {}", source.status().name(), reason(source.status()), known.asOf());
        servedAsOf = Optional.of(known.asOf());
        listener.changed(new ClusterChange(System.nanoTime(), known.objects(), List.of(), true));
    }

    private static String reason(SourceStatus status) {
        return status.staleReason().isEmpty() ? "not all of it has been read yet" : status.staleReason();
    }

    private synchronized void pass(ClusterChange change) {
        boolean replaces = servedAsOf.isPresent();
        servedAsOf = Optional.empty();
        listener.changed(replaces ? complete(change) : change);
        live.countDown();
    }

    /** A source's first change contains every object, so what it does not contain is gone. */
    private static ClusterChange complete(ClusterChange first) {
        return new ClusterChange(first.arrivalNanos(), first.updated(), List.of(), true);
    }

    private final class Relay implements Listener {
        @Override
        public void changed(ClusterChange change) {
            pass(change);
        }

        @Override
        public void statusChanged() {
            listener.statusChanged();
        }
    }
}
