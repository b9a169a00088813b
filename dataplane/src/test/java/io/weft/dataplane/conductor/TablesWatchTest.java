package io.weft.dataplane.conductor;

import static io.weft.dataplane.conductor.FlowNode.ip;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.table.ForwardingTables;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.table.TablesUpdate;
import io.weft.dataplane.table.TablesWriter;
import io.weft.dataplane.worker.Epochs;
import io.weft.encap.address.IpAddress;
import io.weft.nativebindings.linux.MappedMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TablesWatchTest {
    private static final PortSpec PORT = new PortSpec(2, 1, "weft2", IpAddress.of("10.244.1.2"), 2, 1450);

    @TempDir private Path directory;
    private final MappedMemory slots = MappedMemory.anonymous(4L * Adjacencies.SLOT_BYTES, false);
    private final ForwardingState state = new ForwardingState(new Adjacencies(slots.address(), 4, 4));
    private final Epochs epochs = new Epochs(1);
    private TablesWatch watch;
    private TablesWriter writer;
    private long now = System.nanoTime();

    @BeforeEach
    void open() {
        watch = new TablesWatch(directory, state, epochs);
        writer = newWriter();
    }

    @AfterEach
    void close() {
        watch.close();
        writer.close();
        slots.close();
    }

    private TablesWriter newWriter() {
        return TablesWriter.create(directory, new TablesSizing(1 << 20), () -> Long.MAX_VALUE);
    }

    /** Polls at a later time, at which the watch looks for a new file. */
    private Optional<TablesUpdate> poll() {
        now += TimeUnit.SECONDS.toNanos(1);
        return watch.poll(now);
    }

    private void commitLocal(String address) {
        writer.putLocal(FlowNode.local(address, "10.244.1.0/24"));
        writer.commit();
    }

    @Test
    void thereAreNoTablesWithoutAFile() {
        assertTrue(poll().isEmpty());
        assertEquals("", watch.complaint());
        assertEquals(0, watch.incarnation());
        assertNull(state.tables());
    }

    @Test
    void tablesThatDoNotKnowTheNodeAreNotUsed() {
        writer.putPort(PORT);
        writer.commit();
        assertTrue(poll().isEmpty());
        assertNull(state.tables());
        commitLocal("192.0.2.11");
        assertTrue(poll().isPresent());
    }

    @Test
    void eachGenerationIsReportedOnceWithItsChanges() {
        commitLocal("192.0.2.11");
        TablesUpdate first = poll().orElseThrow();
        assertTrue(first.changed().isEverything());
        assertEquals(writer.incarnation(), watch.incarnation());
        assertTrue(poll().isEmpty());
        ForwardingTables published = state.tables();
        writer.putPort(PORT);
        assertTrue(watch.poll(now).isEmpty());
        writer.commit();
        TablesUpdate update = watch.poll(now).orElseThrow();
        assertTrue(update.portsChanged());
        assertFalse(update.localChanged() || update.peersChanged() || update.changed().isEverything());
        assertEquals(writer.generation(), update.tables().generation());
        assertSame(published, state.tables());
    }

    @Test
    void workersGetAnotherReaderWhenTheLocalNodeChanges() {
        commitLocal("192.0.2.11");
        poll();
        ForwardingTables published = state.tables();
        commitLocal("192.0.2.12");
        assertTrue(watch.poll(now).orElseThrow().localChanged());
        assertNotSame(published, state.tables());
        assertEquals(IpAddress.of("192.0.2.12"), state.tables().local().address());
    }

    @Test
    void anotherWritersFileTakesOverAndTheFormerStaysMappedForItsReaders() {
        commitLocal("192.0.2.11");
        poll();
        ForwardingTables former = state.tables();
        epochs.enter(0);
        try (TablesWriter _ = writer) {
            writer = newWriter();
        }
        writer.putPort(PORT);
        commitLocal("192.0.2.12");
        TablesUpdate update = poll().orElseThrow();
        assertTrue(update.changed().isEverything() && update.localChanged() && update.portsChanged());
        assertEquals(writer.incarnation(), watch.incarnation());
        assertEquals(IpAddress.of("192.0.2.12"), state.tables().local().address());
        poll();
        assertEquals(IpAddress.of("192.0.2.11"), former.local().address());
        former.route4(ip("10.244.1.2")); // a worker may still do lookups in its batch
        epochs.enter(0);
        poll();
        assertEquals(IpAddress.of("192.0.2.12"), state.tables().local().address());
    }

    @Test
    void aFileThatCannotBeReadChangesNothing() throws IOException {
        commitLocal("192.0.2.11");
        poll();
        Path broken = directory.resolve("broken");
        Files.write(broken, new byte[100_000]);
        Files.delete(TablesReader.path(directory));
        assertTrue(poll().isEmpty());
        Files.move(broken, TablesReader.path(directory));
        assertTrue(poll().isEmpty());
        assertTrue(watch.complaint().contains("not a tables file"), watch.complaint());
        assertEquals(IpAddress.of("192.0.2.11"), state.tables().local().address());
        try (TablesWriter _ = writer) {
            writer = newWriter();
        }
        commitLocal("192.0.2.12");
        assertTrue(poll().isPresent());
        assertEquals("", watch.complaint());
    }
}
