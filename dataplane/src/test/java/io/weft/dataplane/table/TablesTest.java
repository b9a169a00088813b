package io.weft.dataplane.table;

import static org.junit.jupiter.api.Assertions.*;

import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.log.LogLevel;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.tunnel.Encapsulation;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TablesTest {
    private static final LocalNode N1 = node("n1", "192.0.2.11", "10.244.1.0/24");
    private static final PortSpec WEB = new PortSpec(2, 7, "weft0123456789a", ip("10.244.1.2"), 0x02_0000_0000_02L,
        1450);
    private static final PeerSpec N2 = new PeerSpec(
        3, "n2", ip("192.0.2.12"), 0x02_0000_0000_12L, IpPrefix.of("10.244.2.0/24"),
        List.of(ip("192.0.2.12"), ip("198.51.100.2")), true);

    @TempDir Path run;

    private long oldestInUse = Long.MAX_VALUE;

    @Test
    void nothingIsSeenBeforeTheFirstCommit() {
        try (TablesWriter writer = writer()) {
            writer.putLocal(N1);
            assertThrows(TablesException.class, () -> TablesReader.open(run));
            assertEquals(1, writer.commit());
            try (TablesReader reader = TablesReader.open(run)) {
                assertEquals(N1, reader.local());
                assertEquals(writer.incarnation(), reader.incarnation());
            }
        }
    }

    @Test
    void snapshotIsWhatWasPut() {
        try (TablesWriter writer = writer()) {
            fill(writer);
            writer.commit();
            try (TablesReader reader = TablesReader.open(run)) {
                assertEquals(new TablesSnapshot(1, Optional.of(N1), List.of(WEB), List.of(N2)), reader.snapshot());
                assertEquals(Optional.of(WEB), reader.port(2));
                assertEquals(Optional.of(N2), reader.peer(3));
                assertEquals(Optional.empty(), reader.port(5));
            }
        }
    }

    @Test
    void longestPrefixWins() {
        try (TablesWriter writer = writer()) {
            fill(writer);
            writer.commit();
            try (TablesReader reader = TablesReader.open(run)) {
                assertRoute(reader, "10.244.1.2", Route.LOCAL_PORT, 2);
                assertRoute(reader, "10.244.1.3", Route.NO_SUCH_POD, 0);
                assertRoute(reader, "10.244.1.0", Route.LOCAL_NODE, 0);
                assertRoute(reader, "10.244.1.1", Route.GATEWAY, 0);
                assertRoute(reader, "192.0.2.11", Route.LOCAL_NODE, 0);
                assertRoute(reader, "10.244.2.200", Route.PEER, 3);
                assertRoute(reader, "192.0.2.12", Route.PEER_NODE, 3);
                assertRoute(reader, "198.51.100.2", Route.PEER_NODE, 3);
                assertRoute(reader, "10.244.77.1", Route.NO_SUCH_NODE, 0);
                assertRoute(reader, "10.96.0.10", Route.SERVICE, 0);
                assertRoute(reader, "203.0.113.9", Route.NONE, 0);
                assertEquals(3, reader.peerByEndpoint(ip("192.0.2.12").toInt()));
                assertEquals(-1, reader.peerByEndpoint(ip("198.51.100.2").toInt()));
            }
        }
    }

    @Test
    void changesAndRemovalsAreSeenByAnOpenReader() {
        try (TablesWriter writer = writer()) {
            fill(writer);
            writer.commit();
            try (TablesReader reader = TablesReader.open(run)) {
                PortSpec moved = new PortSpec(2, 8, "weft0123456789b", ip("10.244.1.9"), 0x02_0000_0000_03L, 1450);
                writer.putPort(moved);
                writer.removePeer(3);
                assertEquals(2, writer.commit());
                assertEquals(2, reader.generation());
                assertRoute(reader, "10.244.1.9", Route.LOCAL_PORT, 2);
                assertRoute(reader, "10.244.1.2", Route.NO_SUCH_POD, 0);
                assertRoute(reader, "10.244.2.200", Route.NO_SUCH_NODE, 0);
                assertRoute(reader, "192.0.2.12", Route.NONE, 0);
                assertEquals(-1, reader.peerByEndpoint(ip("192.0.2.12").toInt()));
                assertEquals(List.of(moved), reader.snapshot().ports());
                assertTrue(writer.removePort(2));
                assertFalse(writer.removePort(2));
                assertRoute(reader, "10.244.1.9", Route.NO_SUCH_POD, 0);
            }
        }
    }

    @Test
    void localNodeMovesWithItsRoutes() {
        try (TablesWriter writer = writer()) {
            fill(writer);
            writer.commit();
            try (TablesReader reader = TablesReader.open(run)) {
                LocalNode moved = node("n1", "192.0.2.111", "10.244.8.0/24");
                assertTrue(reader.isCurrent());
                writer.putLocal(moved);
                writer.commit();
                assertFalse(reader.isCurrent());
                assertEquals(N1, reader.local());
                assertEquals(moved, reader.renewed().local());
                assertRoute(reader, "192.0.2.111", Route.LOCAL_NODE, 0);
                assertRoute(reader, "192.0.2.11", Route.NONE, 0);
                assertRoute(reader, "10.244.8.1", Route.GATEWAY, 0);
                assertRoute(reader, "10.244.1.1", Route.NO_SUCH_NODE, 0);
            }
        }
    }

    @Test
    void peerCannotTakeTheNodesOwnPrefix() {
        try (TablesWriter writer = writer()) {
            fill(writer);
            writer.putPeer(new PeerSpec(4, "n4", ip("192.0.2.14"), 4, N1.podCidr(), List.of(N1.address()), false));
            writer.commit();
            try (TablesReader reader = TablesReader.open(run)) {
                assertRoute(reader, "10.244.1.200", Route.NO_SUCH_POD, 0);
                assertRoute(reader, "192.0.2.11", Route.LOCAL_NODE, 0);
            }
        }
    }

    @Test
    void aRouteReappearsWhenTheObjectThatHidItIsRemoved() {
        try (TablesWriter writer = writer()) {
            fill(writer);
            writer.putPeer(new PeerSpec(4, "n4", ip("192.0.2.14"), 4, IpPrefix.of("10.244.4.0/24"),
                List.of(ip("10.244.1.2"), ip("198.51.100.2")), false));
            writer.commit();
            try (TablesReader reader = TablesReader.open(run)) {
                assertRoute(reader, "10.244.1.2", Route.LOCAL_PORT, 2);
                assertRoute(reader, "198.51.100.2", Route.PEER_NODE, 3);
                writer.removePort(2);
                writer.removePeer(3);
                assertRoute(reader, "10.244.1.2", Route.PEER_NODE, 4);
                assertRoute(reader, "198.51.100.2", Route.PEER_NODE, 4);
                writer.putPort(WEB);
                writer.putPeer(N2);
                assertRoute(reader, "10.244.1.2", Route.LOCAL_PORT, 2);
                assertRoute(reader, "198.51.100.2", Route.PEER_NODE, 3);
                writer.removePeer(4);
                assertRoute(reader, "10.244.1.2", Route.LOCAL_PORT, 2);
                assertRoute(reader, "198.51.100.2", Route.PEER_NODE, 3);
            }
        }
    }

    @Test
    void staticRoutesAreListedAndGiveWayToTheCluster() {
        IpPrefix outside = IpPrefix.of("203.0.113.0/24");
        StaticRoute via = StaticRoute.via(outside, ip("192.0.2.254"));
        StaticRoute inside = new StaticRoute(IpPrefix.of("10.244.2.0/24"), StaticRoute.Kind.BLACKHOLE, 0);
        try (TablesWriter writer = writer()) {
            writer.putStaticRoute(inside);
            fill(writer);
            writer.putStaticRoute(via);
            writer.commit();
            try (TablesReader reader = TablesReader.open(run)) {
                assertRoute(reader, "203.0.113.9", Route.VIA, ip("192.0.2.254").toInt());
                assertRoute(reader, "10.244.2.200", Route.PEER, 3);
                assertEquals(List.of(via), reader.staticRoutes());
                writer.putStaticRoute(new StaticRoute(outside, StaticRoute.Kind.UNREACHABLE, 0));
                writer.putStaticRoute(new StaticRoute(outside, StaticRoute.Kind.PROHIBIT, 0));
                assertRoute(reader, "203.0.113.9", Route.PROHIBIT, 0);
                writer.putStaticRoute(StaticRoute.toNode(outside, 3));
                assertRoute(reader, "203.0.113.9", Route.PEER, 3);
                assertEquals(List.of(StaticRoute.toNode(outside, 3)), reader.staticRoutes());
                assertTrue(writer.removeStaticRoute(outside));
                assertRoute(reader, "203.0.113.9", Route.NONE, 0);
                writer.removePeer(3);
                assertRoute(reader, "10.244.2.200", Route.BLACKHOLE, 0);
                assertTrue(writer.removeStaticRoute(inside.prefix()));
                assertFalse(writer.removeStaticRoute(inside.prefix()));
                assertRoute(reader, "10.244.2.200", Route.NO_SUCH_NODE, 0);
                assertEquals(List.of(), reader.staticRoutes());
            }
        }
    }

    @Test
    void theLogLevelIsInfoUntilItIsWritten() {
        try (TablesWriter writer = writer()) {
            fill(writer);
            writer.commit();
            try (TablesReader reader = TablesReader.open(run)) {
                assertEquals(LogLevel.INFO, reader.logLevel());
                writer.logLevel(LogLevel.DEBUG);
                assertEquals(LogLevel.DEBUG, reader.logLevel());
            }
        }
    }

    @Test
    void twoPeersOfOneEndpointShareItsTunnelUntilTheLastGoes() {
        try (TablesWriter writer = writer()) {
            fill(writer);
            PeerSpec renamed = new PeerSpec(5, 3, "n2-again", ip("192.0.2.12"), N2.vtepMac(),
                IpPrefix.of("10.244.5.0/24"), List.of(ip("192.0.2.12")), N2.weft());
            writer.putPeer(renamed);
            writer.commit();
            try (TablesReader reader = TablesReader.open(run)) {
                assertRoute(reader, "10.244.2.200", Route.PEER, 3);
                assertRoute(reader, "10.244.5.200", Route.PEER, 3);
                assertEquals(List.of(N2, renamed), reader.snapshot().peers());
                writer.removePeer(3);
                assertRoute(reader, "10.244.2.200", Route.NO_SUCH_NODE, 0);
                assertRoute(reader, "10.244.5.200", Route.PEER, 3);
                assertRoute(reader, "192.0.2.12", Route.PEER_NODE, 3);
                assertEquals(3, reader.peerByEndpoint(ip("192.0.2.12").toInt()));
                writer.removePeer(5);
                assertEquals(-1, reader.peerByEndpoint(ip("192.0.2.12").toInt()));
                assertRoute(reader, "192.0.2.12", Route.NONE, 0);
            }
        }
    }

    @Test
    void aSuccessorKeepsItsFileWhenAnUnpublishedWriterCloses() {
        TablesWriter small = writer();
        fill(small);
        try (TablesWriter larger = writer()) {
            fill(larger);
            small.close();
            larger.commit();
            try (TablesReader reader = TablesReader.open(run)) {
                assertEquals(N1, reader.local());
            }
        }
    }

    @Test
    void newWriterTakesOverWithTheNextGenerationWhileTheOldFileStaysReadable() {
        try (TablesWriter former = writer()) {
            fill(former);
            former.commit();
            former.commit();
        }
        try (TablesReader old = TablesReader.open(run); TablesWriter writer = writer()) {
            writer.putLocal(N1);
            assertEquals(3, writer.commit());
            assertRoute(old, "10.244.1.2", Route.LOCAL_PORT, 2);
            try (TablesReader reader = TablesReader.open(run)) {
                assertNotEquals(old.incarnation(), reader.incarnation());
                assertRoute(reader, "10.244.1.2", Route.NO_SUCH_POD, 0);
            }
        }
    }

    @Test
    void replacedBlocksAreFreedOnceEveryWorkerHasPassed() {
        try (TablesWriter writer = writer()) {
            fill(writer);
            writer.commit();
            long free = writer.freeBytes();
            oldestInUse = 1;
            for (int i = 0; i < 100; i++) {
                writer.putPort(new PortSpec(2, 100 + i, "weft0123456789a", ip("10.244.1.2"), 1, 1450));
                writer.commit();
            }
            assertTrue(writer.freeBytes() < free);
            oldestInUse = writer.generation() + 1;
            writer.commit();
            assertEquals(free, writer.freeBytes());
        }
    }

    @Test
    void writerThatNeverCommittedLeavesNothing() throws IOException {
        writer().close();
        try (var files = Files.list(run)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void refusesAForeignOrIncompleteTablesFile() throws IOException {
        Path file = TablesReader.path(run);
        Files.writeString(file, "x");
        assertTrue(assertThrows(TablesException.class, () -> TablesReader.open(run)).getMessage()
            .endsWith("not a tables file"));
        Files.delete(file);
        try (TablesWriter writer = writer()) {
            writer.commit();
        }
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(1 << 17);
        }
        assertTrue(assertThrows(TablesException.class, () -> TablesReader.open(run)).getMessage()
            .contains("bytes long instead of"));
    }

    private TablesWriter writer() {
        return TablesWriter.create(run, new TablesSizing(1 << 20), () -> oldestInUse);
    }

    private static void fill(TablesWriter writer) {
        writer.putLocal(N1);
        writer.putPort(WEB);
        writer.putPeer(N2);
    }

    private static void assertRoute(TablesReader reader, String address, int kind, int index) {
        long route = reader.route4(ip(address).toInt());
        assertEquals(kind, Route.kind(route), address);
        assertEquals(index, Route.index(route), address);
    }

    @Test
    void rulesForServicesAreReadAsWritten() {
        ServiceRules rules = new ServiceRules(List.of(IpPrefix.of("192.0.2.0/24"), IpPrefix.of("0.0.0.0/0")), true,
            LocalPods.CLUSTER_CIDR, List.of(IpPrefix.of("10.97.0.0/24")));
        LocalNode node = new LocalNode("n1", ip("192.0.2.11"), IpPrefix.of("10.244.1.0/24"),
            IpPrefix.of("10.244.0.0/16"), IpPrefix.of("10.96.0.0/16"), 1, N1.overlay(), 1450, 1450, true, 61_000,
            65_535, rules);
        try (TablesWriter writer = writer()) {
            writer.putLocal(node);
            writer.commit();
            try (TablesReader reader = TablesReader.open(run)) {
                assertEquals(node, reader.local());
                assertEquals(Route.SERVICE, Route.kind(reader.route4(ip("10.97.0.7").toInt())));
            }
        }
    }

    private static LocalNode node(String name, String ip, String podCidr) {
        return new LocalNode(name, ip(ip), IpPrefix.of(podCidr), IpPrefix.of("10.244.0.0/16"),
            IpPrefix.of("10.96.0.0/16"),
            0x02_0000_0000_11L, new Overlay(Encapsulation.VXLAN, 1, 8472), 1450, 1450, true, 61_000, 65_535);
    }

    private static IpAddress ip(String text) {
        return IpAddress.of(text);
    }
}
