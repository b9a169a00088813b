package io.weft.dataplane.conductor;

import static io.weft.dataplane.conductor.FlowNode.ip;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.dataplane.table.ChangedAddresses;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NextHopsTest {
    private static final LocalNode LOCAL = FlowNode.local("192.0.2.11", "10.244.1.0/24");
    private static final int ROUTER = ip("192.0.2.1");
    private static final long ROUTER_MAC = 0x02_00_00_00_00_01L;
    private static final PeerSpec N2 = peer(2, 2, "10.244.2.0/24");
    private static final PeerSpec N3 = peer(3, 3, "10.244.3.0/24");

    private static final long SCAN_NANOS = 5_000_000_000L;

    @TempDir private Path directory;
    private FlowNode node;
    private long nowNanos = System.nanoTime();
    private final ChangedAddresses changed = new ChangedAddresses();

    @BeforeEach
    void open() {
        node = new FlowNode(directory, 3);
        routes(ROUTER);
        node.underlay.macs.put(ROUTER, ROUTER_MAC);
    }

    @AfterEach
    void close() {
        node.close();
    }

    private static PeerSpec peer(int index, int tunnel, String podCidr) {
        return new PeerSpec(index, tunnel, "n" + index, IpAddress.ipv4(ip("198.51.100.0") + tunnel), tunnel,
            IpPrefix.of(podCidr),
            List.of(IpAddress.ipv4(ip("198.51.100.0") + index)), true);
    }

    private void routes(int gateway) {
        node.underlay.routes = new UnderlayRoutes(
            List.of(UnderlayRoutes.Entry.via(IpPrefix.of("0.0.0.0/0"), gateway)));
    }

    private Adjacencies adjacencies() {
        return node.state.adjacencies();
    }

    private List<Integer> setPeers(PeerSpec... peers) {
        changed.clear();
        return node.nextHops.setPeers(List.of(peers), LOCAL, changed);
    }

    @Test
    void aPeersTunnelIsBoundAndResolvedByItsNextHop() {
        assertTrue(setPeers(N2).isEmpty());
        int slot = adjacencies().slotOfPeer(2);
        assertTrue(adjacencies().isResolved(slot));
        assertEquals(1450, Adjacencies.mtu(adjacencies().address(slot)));
        assertTrue(changed.contains(ip("10.244.2.77")) && changed.contains(ip("198.51.100.2")));
        assertFalse(changed.contains(ip("10.244.3.1")));
        setPeers(N2);
        assertTrue(changed.isEmpty());
        assertEquals(slot, adjacencies().slotOfPeer(2));
    }

    @Test
    void aPeerIsWithdrawnWhileItsNextHopIsNotResolved() {
        setPeers(N2);
        int slot = adjacencies().slotOfPeer(2);
        node.underlay.macs.clear();
        node.nextHops.refresh(LOCAL);
        assertFalse(adjacencies().isResolved(slot));
        node.underlay.macs.put(ROUTER, ROUTER_MAC);
        node.nextHops.refresh(LOCAL);
        assertTrue(adjacencies().isResolved(slot));
        node.underlay.uplink = FakeUnderlay.uplink(1500, false);
        node.nextHops.refresh(LOCAL);
        assertFalse(adjacencies().isResolved(slot));
        node.underlay.uplink = FakeUnderlay.uplink(1400, true);
        node.nextHops.refresh(LOCAL);
        assertEquals(1350, Adjacencies.mtu(adjacencies().address(slot)));
        node.underlay.routes = UnderlayRoutes.NONE;
        node.nextHops.refresh(LOCAL);
        assertFalse(adjacencies().isResolved(slot));
    }

    @Test
    void nothingIsWrittenAgainThatIsAsItWas() {
        setPeers(N2);
        long version = adjacencies().version();
        node.nextHops.refresh(LOCAL);
        setPeers(N2);
        assertEquals(version, adjacencies().version());
    }

    @Test
    void theSlotOfAPeerThatIsGoneIsKeptUntilItIsReleased() {
        setPeers(N2);
        int slot = adjacencies().slotOfPeer(2);
        assertEquals(List.of(slot), setPeers(N3));
        assertEquals(Adjacencies.NONE, adjacencies().slotOfPeer(2));
        assertFalse(adjacencies().isResolved(slot));
        assertNotEquals(slot, adjacencies().slotOfPeer(3));
        setPeers(N3, peer(4, 4, "10.244.4.0/24"), peer(5, 5, "10.244.5.0/24"));
        assertTrue(node.nextHops.lacksSlots());
        int without = adjacencies().slotOfPeer(4) == Adjacencies.NONE ? 4 : 5;
        assertEquals(Adjacencies.NONE, adjacencies().slotOfPeer(without));
        node.nextHops.release(List.of(slot));
        setPeers(N3, peer(4, 4, "10.244.4.0/24"), peer(5, 5, "10.244.5.0/24"));
        assertEquals(slot, adjacencies().slotOfPeer(without));
        assertFalse(node.nextHops.lacksSlots());
        assertTrue(changed.contains(ip("10.244." + without + ".9")));
    }

    @Test
    void peersOfOneEndpointShareItsSlot() {
        setPeers(N2, peer(7, 2, "10.244.7.0/24"));
        assertTrue(changed.contains(ip("10.244.2.1")) && changed.contains(ip("10.244.7.1")));
        int slot = adjacencies().slotOfPeer(2);
        assertTrue(setPeers(peer(7, 2, "10.244.7.0/24")).isEmpty());
        assertEquals(slot, adjacencies().slotOfPeer(2));
        assertEquals(List.of(slot), setPeers());
    }

    @Test
    void gatewaysAndNextHopsThatWorkersAskForAreTakenIn() {
        node.underlay.gateways.add(ROUTER);
        node.nextHops.refresh(LOCAL);
        int slot = adjacencies().slotOfNextHop(ROUTER);
        assertTrue(adjacencies().isResolved(slot));
        assertFalse(node.nextHops.serveRequests(LOCAL));
        int other = ip("192.0.2.2");
        node.state.neighbourRequests().post(other);
        assertTrue(node.nextHops.serveRequests(LOCAL));
        assertEquals(List.of(other), node.underlay.probed);
        assertFalse(adjacencies().isResolved(adjacencies().slotOfNextHop(other)));
        node.underlay.macs.put(other, 0x02_00_00_00_00_02L);
        node.nextHops.refresh(LOCAL);
        assertTrue(adjacencies().isResolved(adjacencies().slotOfNextHop(other)));
        node.state.neighbourRequests().post(other);
        assertFalse(node.nextHops.serveRequests(LOCAL));
    }

    /** A client on the link is forgotten two scans after its last flow, and its slot serves another. */
    @Test
    void aNextHopThatNoFlowUsesIsFreed() {
        int client = ip("192.0.2.77");
        node.underlay.macs.put(client, 0x02_00_00_00_00_77L);
        node.state.neighbourRequests().post(client);
        assertTrue(node.nextHops.serveRequests(LOCAL));
        int slot = adjacencies().slotOfNextHop(client);
        assertTrue(adjacencies().isResolved(slot));
        scanAndFree(1);
        assertEquals(slot, adjacencies().slotOfNextHop(client));
        scanAndFree(2);
        assertEquals(Adjacencies.NONE, adjacencies().slotOfNextHop(client), "no new flow gets the slot");
        assertTrue(adjacencies().isResolved(slot), "one that was just made keeps it");
        assertTrue(node.underlay.forgotten.isEmpty());
        scanAndFree(4);
        assertFalse(adjacencies().isResolved(slot));
        assertEquals(List.of(client), node.underlay.forgotten);
    }

    @Test
    void aNextHopThatIsAskedForAgainKeepsItsSlot() {
        int client = ip("192.0.2.77");
        node.state.neighbourRequests().post(client);
        node.nextHops.serveRequests(LOCAL);
        int slot = adjacencies().slotOfNextHop(client);
        scanAndFree(3);
        assertEquals(Adjacencies.NONE, adjacencies().slotOfNextHop(client));
        node.state.neighbourRequests().post(client);
        node.nextHops.serveRequests(LOCAL);
        assertEquals(slot, adjacencies().slotOfNextHop(client));
        scanAndFree(1);
        assertEquals(slot, adjacencies().slotOfNextHop(client));
    }

    @Test
    void aGatewayIsNotFreed() {
        node.underlay.gateways.add(ROUTER);
        node.nextHops.refresh(LOCAL);
        scanAndFree(8);
        assertTrue(adjacencies().slotOfNextHop(ROUTER) != Adjacencies.NONE);
    }

    private void scanAndFree(int scans) {
        node.epochs.sleep(0);
        long until = node.gc.scans() + scans;
        while (node.gc.scans() < until) {
            nowNanos += SCAN_NANOS;
            node.gc.scan(nowNanos);
            node.nextHops.freeUnused(node.epochs);
        }
    }
}
