package io.weft.controlplane.journal;

import io.weft.controlplane.journal.ClusterJournal.Contents;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.SourceStatus;
import io.weft.controlplane.status.Threads;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A source with a journal: if the source has delivered nothing within {@link #PATIENCE}, the objects of the journal are delivered in its
 * place, and {@link #status} says so. The source's first change then replaces them in one step.
 *
 * <p>While a dataplane forwards by the tables of an earlier control plane, the journal waits for {@link #LONG_PATIENCE}: that control plane may have
 * ended between publishing a change and writing it, and the journal would take the change back.
 */
public final class JournaledSource implements ClusterSource {
    private static final Logger LOG = LoggerFactory.getLogger(JournaledSource.class);
    /** More than a source that can be reached needs. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    /** More than a busy source needs. Until then traffic goes on, but no pod can be added. */
    private static final Duration LONG_PATIENCE = Duration.ofSeconds(30);

    private final ClusterSource source;
    private final ClusterJournal journal;
    private final BooleanSupplier forwards;
    private final Duration patience;
    private final Duration longPatience;
    private final CountDownLatch live = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform().name("journal").daemon().unstarted(this::serveUnlessLive);
    private Listener listener;
    private Optional<Contents> contents = Optional.empty();
    /** The time of the journal while it is served. Written under the lock of this object, read by any thread on its own. */
    private volatile Optional<Instant> servedAsOf = Optional.empty();

    /** @param forwards whether a dataplane uses tables; asked once, by another thread */
    public JournaledSource(ClusterSource source, ClusterJournal journal, BooleanSupplier forwards) {
        this(source, journal, forwards, PATIENCE, LONG_PATIENCE);
    }

    JournaledSource(ClusterSource source, ClusterJournal journal, BooleanSupplier forwards, Duration patience,
        Duration longPatience) {
        this.source = source;
        this.journal = journal;
        this.forwards = forwards;
        this.patience = patience;
        this.longPatience = longPatience;
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
        Threads.end(thread);
        source.close();
    }

    private void serveUnlessLive() {
        try {
            if (!isLiveWithin(patience) && !(forwards.getAsBoolean() && isLiveWithin(longPatience.minus(patience)))) {
                contents.ifPresent(this::serve);
            }
            contents = Optional.empty(); // the memory
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isLiveWithin(Duration time) throws InterruptedException {
        return live.await(time.toMillis(), TimeUnit.MILLISECONDS);
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
