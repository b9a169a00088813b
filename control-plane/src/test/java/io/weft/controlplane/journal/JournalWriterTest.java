package io.weft.controlplane.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.controlplane.Await;
import io.weft.controlplane.journal.ClusterJournal.Contents;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.NetworkPolicy;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.status.Failures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalWriterTest {
    private static final List<ClusterObject> ONE = List.of(new NetworkPolicy("default", "one"));
    private static final List<ClusterObject> TWO = List.of(new NetworkPolicy("default", "two"));

    @TempDir private Path state;
    private final Failures failures = new Failures();
    private final FakeSource inner = new FakeSource();
    private volatile Snapshot inForce = new Snapshot(0, List.of());
    private JournaledSource source;
    private JournalWriter writer;

    @BeforeEach
    void start() {
        ClusterJournal journal = new ClusterJournal(state, "n1");
        source = new JournaledSource(inner, journal, () -> false);
        source.start(new ClusterSource.Listener() {
            @Override
            public void changed(ClusterChange change) {
                inForce = new Snapshot(inForce.revision() + 1, change.updated());
            }

            @Override
            public void statusChanged() {}
        });
        writer = new JournalWriter(journal, source, failures);
        writer.start(revision -> Optional.of(inForce).filter(snapshot -> snapshot.revision() > revision));
    }

    @AfterEach
    void stop() {
        source.close();
        writer.close();
    }

    @Test
    void writesChangesAfterAWhile() {
        deliver(ONE);
        awaitWritten(ONE);
        deliver(TWO);
        awaitWritten(TWO);
        assertEquals(0, failures.summary().count());
    }

    @Test
    void writesTheLastChangeWhenItIsClosed() {
        deliver(ONE);
        writer.close();
        assertEquals(Optional.of(ONE), written());
    }

    @Test
    void writesNothingBeforeTheSourceHasDelivered() {
        inForce = new Snapshot(7, ONE);
        writer.close();
        assertEquals(Optional.empty(), written());
    }

    @Test
    void theTimeOfTheFileIsWhenTheSourceBecameStale() {
        Instant since = Instant.parse("2026-11-29T10:00:00Z");
        deliver(ONE);
        inner.goAway(since, "away");
        awaitWritten(ONE);
        assertEquals(since, new ClusterJournal(state, "n1").read().orElseThrow().asOf());
    }

    @Test
    void countsAFailureAndWritesLater() throws IOException {
        Path inTheWay = Files.createDirectories(state.resolve("cluster.journal/in-the-way"));
        deliver(ONE);
        Await.until("a failure", () -> failures.summary().count() > 0);
        assertEquals(1, source.status().errors().size());
        Files.delete(inTheWay);
        Files.delete(inTheWay.getParent());
        writer.close();
        assertEquals(Optional.of(ONE), written());
        assertEquals(List.of(), source.status().errors());
    }

    private void deliver(List<ClusterObject> objects) {
        inner.deliver(new ClusterChange(1, objects, List.of(), true));
    }

    private void awaitWritten(List<ClusterObject> objects) {
        Await.until("a file with " + objects, () -> written().equals(Optional.of(objects)));
    }

    private Optional<List<ClusterObject>> written() {
        return new ClusterJournal(state, "n1").read().map(Contents::objects);
    }
}
