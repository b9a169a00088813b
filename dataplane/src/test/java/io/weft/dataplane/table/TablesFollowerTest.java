package io.weft.dataplane.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A reader learns of every change, and reads only what changed. */
class TablesFollowerTest {
    private static final PortSpec PORT = new PortSpec(2, 7, "weft2", IpAddress.of("10.244.1.2"), 2, 1450);
    private static final PeerSpec PEER = peer(3, "192.0.2.12", "10.244.2.0/24");
    private static final ServiceKey DNS = new ServiceKey(IpAddress.of("10.96.0.10"), 53, 17);

    @TempDir private Path directory;
    private TablesWriter writer;
    private TablesReader reader;
    private TablesFollower follower;

    @BeforeEach
    void open() {
        writer = TablesWriter.create(directory, new TablesSizing(32 << 20), () -> Long.MAX_VALUE);
        writer.putLocal(local("192.0.2.11"));
        writer.putPort(PORT);
        writer.putPeer(PEER);
        writer.commit();
        reader = TablesReader.open(directory);
        follower = new TablesFollower(reader);
    }

    @AfterEach
    void close() {
        reader.close();
        writer.close();
    }

    @Test
    void everythingIsNewAtFirstAndNothingAfterwards() {
        TablesUpdate first = follower.next();
        assertEquals(reader.snapshot(), first.tables());
        assertTrue(first.localChanged() && first.portsChanged() && first.peersChanged());
        assertTrue(first.changed().isEverything() && first.services().isEverything());
        assertNothingButAddresses(follower.next());
        TablesUpdate second = follower.next();
        assertTrue(second.changed().isEmpty() && second.services().isEmpty());
    }

    @Test
    void aChangeOfAServiceIsItsAddress() {
        List<PeerSpec> peers = follower.next().tables().peers();
        service("10.244.2.5");
        writer.commit();
        TablesUpdate update = follower.next();
        assertEquals(writer.generation(), update.tables().generation());
        assertNothingButAddresses(update);
        assertSame(peers, update.tables().peers());
        assertServicesChanged(update, "10.96.0.10");
        assertUnchanged(update, "10.96.0.10", "10.96.0.11", "10.244.2.5", "10.244.1.2");
        service("10.244.2.6");
        writer.commit();
        assertServicesChanged(follower.next(), "10.96.0.10");
        writer.services().remove(DNS);
        writer.commit();
        assertServicesChanged(follower.next(), "10.96.0.10");
    }

    @Test
    void aPortsChangeIsItsAddress() {
        follower.next();
        writer.putPort(new PortSpec(2, 8, "weft2", IpAddress.of("10.244.1.3"), 2, 1450));
        writer.commit();
        TablesUpdate update = follower.next();
        assertTrue(update.portsChanged());
        assertFalse(update.peersChanged() || update.localChanged());
        assertEquals(reader.snapshot(), update.tables());
        assertChanged(update, "10.244.1.2", "10.244.1.3");
        assertUnchanged(update, "10.244.1.4", "10.244.2.1");
        writer.removePort(2);
        writer.commit();
        update = follower.next();
        assertTrue(update.portsChanged() && update.tables().ports().isEmpty());
        assertChanged(update, "10.244.1.3");
    }

    @Test
    void aPeersChangeIsItsPodsItsAddressesAndItsEndpoint() {
        follower.next();
        writer.putPeer(peer(3, "192.0.2.13", "10.244.9.0/24"));
        writer.commit();
        TablesUpdate update = follower.next();
        assertTrue(update.peersChanged());
        assertFalse(update.portsChanged() || update.localChanged());
        assertEquals(reader.snapshot(), update.tables());
        assertChanged(update, "10.244.2.9", "10.244.9.200", "192.0.2.12", "192.0.2.13");
        assertUnchanged(update, "10.244.1.2", "192.0.2.14");
        writer.removePeer(3);
        writer.commit();
        update = follower.next();
        assertTrue(update.peersChanged() && update.tables().peers().isEmpty());
        assertChanged(update, "10.244.9.200", "192.0.2.13");
    }

    /** The new block may be at the offset of the last but one. */
    @Test
    void theLocalNodeIsNewEachTime() {
        follower.next();
        for (int i = 1; i < 20; i++) {
            writer.putLocal(local("192.0.2." + (100 + i)));
            writer.putLocal(local("192.0.2." + (200 + i)));
            writer.commit();
            writer.commit();
            TablesUpdate update = follower.next();
            assertTrue(update.localChanged());
            assertEquals(local("192.0.2." + (200 + i)), update.tables().local().orElseThrow());
        }
    }

    @Test
    void aReaderThatReadsTheLogTooSeldomSeesEverythingAsChanged() {
        follower.next();
        for (int i = 0; i < TablesFile.LOG_ENTRIES - 1; i++) {
            service("10.244.2." + i % 256);
        }
        writer.commit();
        assertFalse(follower.next().changed().isEverything());
        for (int i = 0; i < TablesFile.LOG_ENTRIES; i++) {
            service("10.244.2." + i % 256);
        }
        writer.commit();
        assertTrue(follower.next().changed().isEverything());
        service("10.244.2.1");
        writer.commit();
        TablesUpdate update = follower.next();
        assertFalse(update.changed().isEverything());
        assertServicesChanged(update, "10.96.0.10");
    }

    /** A change takes effect at once. It may be reported again with its own generation, but not later. */
    @Test
    void uncommittedChangesAreNotMissed() {
        follower.next();
        service("10.244.2.5");
        writer.putPort(new PortSpec(3, 9, "weft3", IpAddress.of("10.244.1.3"), 3, 1450));
        TablesUpdate early = follower.next();
        assertTrue(early.portsChanged());
        assertServicesChanged(early, "10.96.0.10");
        assertChanged(early, "10.244.1.3");
        writer.putPort(new PortSpec(4, 9, "weft4", IpAddress.of("10.244.1.4"), 4, 1450));
        writer.commit();
        TablesUpdate update = follower.next();
        assertTrue(update.portsChanged());
        assertEquals(3, update.tables().ports().size());
        assertChanged(update, "10.244.1.4");
    }

    /** The log wraps around several times while the reader reads. */
    @Test
    void noChangeIsMissedWhileTheWriterGoesOn() throws InterruptedException {
        int changes = 3 * TablesFile.LOG_ENTRIES;
        int first = ip("10.97.0.0");
        follower.next();
        AtomicInteger made = new AtomicInteger();
        Thread control = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < changes; i++) {
                writer.services()
                    .put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(first + i), 53, 17), "s", List.of()));
                writer.commit();
                made.set(i + 1);
            }
        });
        BitSet seen = new BitSet();
        boolean running;
        do {
            running = control.isAlive();
            TablesUpdate update = follower.next();
            int until = update.services().isEverything() ? Math.min(made.get() + 1, changes) : changes; // one change may be visible and not counted yet
            IntStream.range(0, until).filter(i -> update.services().contains(first + i)).forEach(seen::set);
        } while (running);
        control.join();
        assertEquals(changes, seen.cardinality());
        assertEquals(writer.generation(), follower.next().tables().generation());
    }

    private void service(String backend) {
        writer.services().put(new ServiceSpec(DNS, "dns", List.of(Backend.ready(IpAddress.of(backend), 53))));
    }

    private static void assertNothingButAddresses(TablesUpdate update) {
        assertFalse(update.localChanged() || update.portsChanged() || update.peersChanged());
        assertFalse(update.changed().isEverything());
    }

    private static void assertChanged(TablesUpdate update, String... addresses) {
        for (String address : addresses) {
            assertTrue(update.changed().contains(ip(address)), address);
        }
    }

    /** Exactly these. */
    private static void assertServicesChanged(TablesUpdate update, String... addresses) {
        Set<Integer> changed = new HashSet<>();
        update.services().forEach((address, _) -> changed.add(address));
        assertEquals(Arrays.stream(addresses).map(TablesFollowerTest::ip).collect(Collectors.toSet()), changed);
    }

    private static void assertUnchanged(TablesUpdate update, String... addresses) {
        for (String address : addresses) {
            assertFalse(update.changed().contains(ip(address)), address);
        }
    }

    private static LocalNode local(String address) {
        return new LocalNode("n1", IpAddress.of(address), IpPrefix.of("10.244.1.0/24"), IpPrefix.of("10.244.0.0/16"),
            IpPrefix.of("10.96.0.0/16"), 1, new Overlay(Encapsulation.VXLAN, 1, 8472), 1450, 1450, true, 61_000,
            65_535);
    }

    private static PeerSpec peer(int index, String address, String podCidr) {
        return new PeerSpec(index, "n" + index, IpAddress.of(address), index, IpPrefix.of(podCidr),
            List.of(IpAddress.of(address)),
            true);
    }

    private static int ip(String text) {
        return Ipv4Address.of(text);
    }
}
