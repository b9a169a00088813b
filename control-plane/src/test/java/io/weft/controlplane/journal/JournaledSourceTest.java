package io.weft.controlplane.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.Await;
import io.weft.controlplane.journal.ClusterJournal.Contents;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.NetworkPolicy;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.SourceStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournaledSourceTest {
    private static final Instant AS_OF = Instant.parse("2026-11-29T10:00:00Z");
    private static final Duration NONE = Duration.ZERO;
    private static final Duration ENDLESS = Duration.ofDays(1);
    private static final ClusterObject OLD = new NetworkPolicy("default", "old");
    private static final ClusterObject KEPT = new NetworkPolicy("default", "kept");
    private static final ClusterObject NEW = new NetworkPolicy("default", "new");

    @TempDir private Path state;
    private final FakeSource inner = new FakeSource();
    private final List<ClusterChange> changes = new CopyOnWriteArrayList<>();
    private final AtomicInteger statusChanges = new AtomicInteger();
    private ClusterJournal journal;
    private JournaledSource source;

    @BeforeEach
    void write() throws IOException {
        journal = new ClusterJournal(state, "n1");
        journal.write(new Contents(AS_OF, List.of(OLD, KEPT)));
    }

    @AfterEach
    void close() {
        source.close();
        assertTrue(inner.closed);
    }

    @Test
    void servesTheJournalUntilTheSourceDeliversAndThenReplacesIt() {
        start(NONE);
        Await.until("the journal", () -> changes.size() == 1);
        assertTrue(changes.getFirst().complete());
        assertEquals(List.of(OLD, KEPT), changes.getFirst().updated());
        assertFalse(source.isLive());
        assertEquals(new SourceStatus("fake", false, Optional.of(AS_OF),
            "not all of it has been read yet; serving the journal of 2026-11-29T10:00:00Z", List.of("an error")),
            source.status());
        inner.goAway(AS_OF.plusSeconds(60), "connection refused");
        assertEquals(1, statusChanges.get());
        assertEquals("connection refused; serving the journal of 2026-11-29T10:00:00Z", source.status().staleReason());
        inner.deliver(difference(KEPT, NEW));
        assertTrue(changes.getLast().complete());
        assertEquals(List.of(KEPT, NEW), changes.getLast().updated());
        assertTrue(source.isLive());
        assertEquals(inner.status(), source.status());
        ClusterChange later = difference(OLD);
        inner.deliver(later);
        assertEquals(later, changes.getLast());
        assertEquals(3, changes.size());
    }

    @Test
    void waitsLongerWhileTheDataplaneForwards() {
        AtomicInteger asked = new AtomicInteger();
        start(NONE, ENDLESS, () -> asked.incrementAndGet() > 0);
        Await.until("the question", () -> asked.get() == 1);
        inner.deliver(difference(NEW));
        assertEquals(List.of(difference(NEW)), changes);
    }

    @Test
    void servesTheJournalIfTheSourceStaysAwayWhileTheDataplaneForwards() {
        start(NONE, NONE, () -> true);
        Await.until("the journal", () -> changes.size() == 1);
        assertEquals(List.of(OLD, KEPT), changes.getFirst().updated());
    }

    @Test
    void leavesTheJournalAloneIfTheSourceDelivers() {
        start(ENDLESS);
        ClusterChange first = difference(NEW);
        inner.deliver(first);
        assertEquals(List.of(first), changes);
        assertEquals(inner.status(), source.status());
    }

    @Test
    void waitsForTheSourceIfTheJournalIsRefused() throws IOException {
        Files.write(state.resolve("cluster.journal"), new byte[]{1, 2, 3});
        start(NONE);
        String problem = state.resolve("cluster.journal")
            + ": is incomplete or damaged; it is not used, and is kept as cluster.journal.refused";
        assertEquals(
            new SourceStatus("fake", false, Optional.empty(), "", List.of("an error", problem)), source.status());
        inner.deliver(difference(NEW));
        assertEquals(1, changes.size());
        assertEquals(List.of(problem), source.status().errors());
    }

    @Test
    void canBeClosedWhileItWaits() {
        start(ENDLESS);
    }

    private void start(Duration patience) {
        start(patience, ENDLESS, () -> false);
    }

    private void start(Duration patience, Duration longPatience, BooleanSupplier forwards) {
        source = new JournaledSource(inner, journal, forwards, patience, longPatience);
        source.start(new ClusterSource.Listener() {
            @Override
            public void changed(ClusterChange change) {
                changes.add(change);
            }

            @Override
            public void statusChanged() {
                statusChanges.incrementAndGet();
            }
        });
    }

    private static ClusterChange difference(ClusterObject... objects) {
        return new ClusterChange(1, List.of(objects), List.of());
    }
}
