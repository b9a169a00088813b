package io.weft.dataplane.counters;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CounterFileTest {
    private static final CounterSizing SIZING = new CounterSizing(2, 16, 8);

    @TempDir Path run;

    @Test
    void aReaderOfTheFileSeesWhatTwoWorkersCount() {
        try (CounterFile file = CounterFile.create(run, SIZING, 7); CounterReader reader = CounterReader.open(run)) {
            drop(file.worker(0), 15, DropReason.TTL_EXPIRED, 3);
            drop(file.worker(1), 15, DropReason.TTL_EXPIRED, 3);
            drop(file.worker(1), 2, DropReason.TTL_EXPIRED, 1);
            file.worker(1).node(GraphNodeId.IP4_INPUT, 9);
            file.worker(0).sampledNanos(GraphNodeId.DROP, 700);
            file.worker(1).sampledNanos(GraphNodeId.DROP, 7);
            file.worker(1).sampledFrames(GraphNodeId.DROP, 3);
            file.worker(1).port(15, PortCounter.TX_BYTES, 1500);
            file.worker(0).add(FrameTotal.RECEIVED, 12);

            assertEquals(7, reader.incarnation());
            assertEquals(ProcessHandle.current().pid(), reader.pid());
            assertEquals(7, reader.drop(DropReason.TTL_EXPIRED));
            assertEquals(7, reader.total(FrameTotal.DROPPED));
            assertEquals(6, reader.portDrop(15, DropReason.TTL_EXPIRED.ordinal()));
            assertEquals(1, reader.portDrop(2, DropReason.TTL_EXPIRED.ordinal()));
            assertEquals(0, reader.portDrop(3, DropReason.TTL_EXPIRED.ordinal()));
            file.worker(0).clearPort(15);
            file.worker(1).clearPort(15);
            assertEquals(0, reader.portDrop(15, DropReason.TTL_EXPIRED.ordinal()));
            assertEquals(1, reader.portDrop(2, DropReason.TTL_EXPIRED.ordinal()));
            file.worker(1).port(15, PortCounter.TX_BYTES, 1500);
            assertEquals(9, reader.node(GraphNodeId.IP4_INPUT.ordinal()));
            assertEquals(1500, reader.port(15, PortCounter.TX_BYTES));
            assertEquals(12, reader.total(FrameTotal.RECEIVED));
            assertEquals(707, reader.sampledNanos(GraphNodeId.DROP.ordinal()));
            assertEquals(3, reader.sampledFrames(GraphNodeId.DROP.ordinal()));
            assertEquals(0, reader.sampledNanos(GraphNodeId.PORT_TX.ordinal()));
            assertEquals("ttl_expired", reader.dropLabels().get(DropReason.TTL_EXPIRED.ordinal()));
            assertEquals("ip4-input", reader.nodeLabels().get(GraphNodeId.IP4_INPUT.ordinal()));
        }
    }

    private static void drop(WorkerCounters worker, int port, DropReason reason, int frames) {
        for (int i = 0; i < frames; i++) {
            worker.drop(port, reason);
        }
    }

    @Test
    void eachCellIsItsOwn() {
        try (CounterFile file = CounterFile.inMemory(SIZING)) {
            WorkerCounters worker = file.worker(1);
            for (DropReason reason : DropReason.values()) {
                drop(worker, 15, reason, reason.ordinal() + 1);
            }
            for (GraphNodeId node : GraphNodeId.values()) {
                worker.node(node, 1000 + node.ordinal());
                worker.sampledNanos(node, 2000 + node.ordinal());
                worker.sampledFrames(node, 3000 + node.ordinal());
            }
            CounterReader reader = file.reader();
            for (DropReason reason : DropReason.values()) {
                assertEquals(reason.ordinal() + 1, reader.drop(reason));
                assertEquals(reason.ordinal() + 1, reader.portDrop(15, reason.ordinal()));
            }
            for (GraphNodeId node : GraphNodeId.values()) {
                assertEquals(1000 + node.ordinal(), reader.node(node.ordinal()));
                assertEquals(2000 + node.ordinal(), reader.sampledNanos(node.ordinal()));
                assertEquals(3000 + node.ordinal(), reader.sampledFrames(node.ordinal()));
            }
            assertEquals(0, reader.total(0, FrameTotal.DROPPED));
        }
    }

    @Test
    void portsFactsTextsAndAdjacenciesComeBackAsWritten() {
        try (CounterFile file = CounterFile.create(run, SIZING, 1); CounterReader reader = CounterReader.open(run)) {
            PortStatus port = new PortStatus(2, PortState.FAILED, 99, "weft0123456789a", 12, 1, "generic",
                "no native: ü");
            AdjacencyStatus adjacency = new AdjacencyStatus(7, AdjacencyKind.TUNNEL, 0xC0000202, 0xC0000201, true,
                0x020000000001L, 3, "n2");
            file.conductor().port(port);
            file.conductor().adjacency(adjacency);
            file.conductor().set(ConductorGauge.FLOWS, 1234);
            file.conductor().add(ConductorGauge.FLOWS, 1);
            file.conductor().set(ConductorText.UPLINK_REASON, "x".repeat(2000));

            assertEquals(Optional.of(port), reader.port(2));
            assertEquals(Optional.empty(), reader.port(3));
            assertEquals(1, reader.ports().size());
            assertEquals(adjacency, reader.adjacencies().getFirst());
            assertEquals(1235, reader.gauge(ConductorGauge.FLOWS));
            assertTrue(reader.text(ConductorText.UPLINK_REASON).matches("x{400,}"));
            assertEquals("", reader.text(ConductorText.FAULT));
            file.conductor().clearAdjacency(7);
            assertTrue(reader.adjacencies().isEmpty());
        }
    }

    @Test
    void aWorkerThatHasNotStartedHasPassedEveryGeneration() {
        try (CounterFile file = CounterFile.inMemory(SIZING)) {
            assertEquals(WorkerCounters.ASLEEP, file.reader().epoch(1));
            file.worker(1).epoch(5);
            assertEquals(5, file.reader().epoch(1));
        }
    }

    @Test
    void aNewIncarnationLeavesTheFormerMappingReadable() {
        try (CounterFile old = CounterFile.create(run, SIZING, 1); CounterReader reader = CounterReader.open(run)) {
            old.worker(0).drop(1, DropReason.TTL_EXPIRED);
            try (CounterFile fresh = CounterFile.create(run, SIZING, 2);
                CounterReader second = CounterReader.open(run)) {
                assertEquals(1, reader.drop(DropReason.TTL_EXPIRED));
                assertEquals(0, second.drop(DropReason.TTL_EXPIRED));
                assertEquals(2, fresh.reader().incarnation());
            }
        }
    }

    @Test
    void missingFilesAreOneLine() {
        CounterFileException e = assertThrows(CounterFileException.class, () -> CounterReader.open(run));
        assertTrue(e.getMessage().startsWith("no counters at " + run), e.getMessage());
    }

    @Test
    void damagedHeadersAreRefusedAndNeverReadOutside() throws IOException {
        CounterFile.create(run, SIZING, 1).close();
        Path path = run.resolve(CounterFile.NAME);
        byte[] good = Files.readAllBytes(path);
        for (int at = 0; at < 132; at += 4) {
            byte[] bad = good.clone();
            ByteBuffer.wrap(bad).order(ByteOrder.nativeOrder()).putInt(at, 0x7FFF_FFF1);
            Files.write(path, bad);
            try (CounterReader reader = CounterReader.open(run)) {
                reader.ports();
                reader.adjacencies();
                reader.sampledFrames(reader.nodeLabels().size() - 1);
                for (int i = 0; i < reader.dropLabels().size(); i++) {
                    reader.drop(i);
                    reader.portDrop(SIZING.ports() - 1, i);
                }
            } catch (CounterFileException refused) {
                assertTrue(refused.getMessage().contains(path.toString()), refused.getMessage());
            }
        }
    }

    @Test
    void aShortFileIsRefused() throws IOException {
        CounterFile.create(run, SIZING, 1).close();
        Path path = run.resolve(CounterFile.NAME);
        byte[] good = Files.readAllBytes(path);
        Files.write(path, java.util.Arrays.copyOf(good, 8192));
        assertThrows(CounterFileException.class, () -> CounterReader.open(run));
        Files.write(path, new byte[100]);
        assertThrows(CounterFileException.class, () -> CounterReader.open(run));
    }
}
