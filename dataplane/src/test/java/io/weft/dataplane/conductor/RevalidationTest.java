package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.conductor.FlowNode.Plan;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.table.ChangedAddresses;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which flows a pass compares, when it begins, and what comes after it. */
class RevalidationTest {
    private static final int POD_A = 2;
    private static final int POD_B = 3;
    private static final int UDP = 17;
    private static final String A = "10.244.1.2";
    private static final String B = "10.244.1.3";
    private static final String FIRST = "10.96.0.10";
    private static final String SECOND = "10.96.0.11";
    @TempDir private Path directory;
    private FlowNode node;
    private CounterReader counters;

    @BeforeEach
    void open() {
        node = new FlowNode(directory, 1);
        counters = node.counters.reader();
        node.tables.putLocal(FlowNode.local("192.0.2.11", "10.244.1.0/24"));
        node.tables.putPort(new PortSpec(POD_A, 1, "weft2", IpAddress.of(A), 2, 1450));
        node.tables.putPort(new PortSpec(POD_B, 1, "weft3", IpAddress.of(B), 3, 1450));
        service(FIRST, B);
        service(SECOND, B);
        node.tables.commit();
        node.settle();
        node.make(new Plan(A, 1000, FIRST, 80, UDP, B, POD_A));
        node.make(new Plan(A, 1001, SECOND, 80, UDP, B, POD_A));
    }

    @AfterEach
    void close() {
        node.close();
    }

    private void service(String address, String... backends) {
        node.tables.services().put(new ServiceSpec(new ServiceKey(IpAddress.of(address), 80, UDP), address,
            List.of(backends).stream().map(backend -> Backend.ready(IpAddress.of(backend), 8080)).toList()));
    }

    private void loseEndpointsOf(String address) {
        service(address);
        node.tables.commit();
    }

    private boolean hasFlowTo(String address) {
        return node.has(A, address.equals(FIRST) ? 1000 : 1001, address, 80, UDP);
    }

    /** What the conductor does in each of its passes. */
    private void step() {
        node.epochs.advance();
        node.watch.poll(System.nanoTime()).ifPresent(node.revalidation::tablesChanged);
        node.revalidation.pass(System.nanoTime());
    }

    /** Until the pass has begun that is due, after the pause of the one before. While no worker is in a batch it is then over too. */
    private void stepUntilBegun() {
        TestNetwork.await("the pass to begin", () -> {
            step();
            return node.revalidation.isBusy() || node.revalidation.isIdle();
        });
    }

    /** No flow is valid any more, but nothing was said to have changed. */
    private PortDirectory closePortBUnnoticed() {
        PortDirectory before = node.state.ports();
        node.state.publish(before.without(POD_B));
        return before;
    }

    // -- which flows -------------------------------------------------------------------------------------------------

    @Test
    void aChangeOfOneAddressComparesItsFlowsOnly() {
        closePortBUnnoticed();
        loseEndpointsOf(FIRST);
        node.settle();
        assertFalse(hasFlowTo(FIRST));
        assertTrue(hasFlowTo(SECOND));
    }

    @Test
    void aPortsChangeComparesTheFlowsOfItsPod() {
        PortDirectory before = closePortBUnnoticed();
        node.revalidation.portsChanged(before, node.state.ports());
        node.settle();
        assertEquals(0, node.flows.flows());
    }

    @Test
    void aChangeOfTheKernelsRoutesComparesAllFlows() {
        closePortBUnnoticed();
        node.revalidation.kernelChanged();
        assertFalse(node.revalidation.isIdle());
        node.settle();
        assertEquals(0, node.flows.flows());
    }

    @Test
    void aChangeOfTheNodeComparesAllFlows() {
        closePortBUnnoticed();
        node.tables.putLocal(FlowNode.local("192.0.2.12", "10.244.1.0/24"));
        node.tables.commit();
        node.settle();
        assertEquals(0, node.flows.flows());
    }

    @Test
    void nothingToDoIsNoPass() {
        long scans = counters.gauge(ConductorGauge.SCANS);
        node.revalidation.nextHopAdded(); // no flow waits for one
        assertTrue(node.revalidation.isIdle());
        step();
        assertFalse(node.revalidation.isBusy());
        assertEquals(scans, counters.gauge(ConductorGauge.SCANS));
    }

    // -- when --------------------------------------------------------------------------------------------------------

    @Test
    void aPassWaitsForWorkersThatDecideByWhatWasBefore() {
        node.epochs.enter(0);
        loseEndpointsOf(FIRST);
        stepUntilBegun();
        for (int i = 0; i < 5; i++) {
            step();
            assertTrue(node.revalidation.isBusy());
            assertTrue(hasFlowTo(FIRST));
        }
        node.epochs.enter(0);
        step();
        assertFalse(node.revalidation.isBusy());
        assertFalse(hasFlowTo(FIRST));
        assertTrue(node.revalidation.isIdle());
    }

    @Test
    void whatChangesDuringAPassIsForTheNextOne() {
        node.epochs.enter(0);
        loseEndpointsOf(FIRST);
        stepUntilBegun();
        assertTrue(node.revalidation.isBusy());
        loseEndpointsOf(SECOND);
        step();
        node.epochs.sleep(0);
        step();
        assertFalse(hasFlowTo(FIRST));
        assertTrue(hasFlowTo(SECOND), "not of this pass");
        assertFalse(node.revalidation.isBusy() || node.revalidation.isIdle());
        stepUntilBegun();
        assertFalse(hasFlowTo(SECOND));
        assertTrue(node.revalidation.isIdle());
    }

    @Test
    void aNextHopThatIsTakenInDuringAPassMakesTheNextOneCompareAllFlows() {
        node.epochs.enter(0);
        node.tables.putPort(new PortSpec(9, 1, "weft9", IpAddress.of("10.244.1.9"), 9, 1450));
        node.tables.commit();
        stepUntilBegun();
        closePortBUnnoticed();
        node.revalidation.nextHopAdded();
        node.epochs.sleep(0);
        step();
        assertTrue(hasFlowTo(FIRST) && hasFlowTo(SECOND));
        stepUntilBegun();
        assertEquals(0, node.flows.flows());
    }

    /** As long as other changes need a pass that waits for a worker. */
    @Test
    void aServicesFlowsAreSearchedForWhateverElseHasChanged() {
        node.epochs.enter(0);
        node.revalidation.kernelChanged();
        stepUntilBegun();
        node.epochs.sleep(0);
        loseEndpointsOf(FIRST);
        closePortBUnnoticed();
        node.watch.poll(System.nanoTime()).ifPresent(node.revalidation::tablesChanged);
        node.revalidation.pass(System.nanoTime());
        assertEquals(0, node.flows.flows(), "both are over at once");
        assertTrue(node.revalidation.isIdle());
    }

    @Test
    void afterAPassThereIsAPause() {
        node.revalidation.kernelChanged();
        long before = System.nanoTime();
        stepUntilBegun();
        assertTrue(node.revalidation.isIdle());
        node.revalidation.kernelChanged();
        node.revalidation.pass(before);
        assertFalse(node.revalidation.isBusy() || node.revalidation.isIdle(), "it waits");
        stepUntilBegun();
        assertTrue(node.revalidation.isIdle());
    }

    // -- what comes of it --------------------------------------------------------------------------------------------

    @Test
    void theGaugesTellOfThePass() {
        long scans = counters.gauge(ConductorGauge.SCANS);
        loseEndpointsOf(FIRST);
        stepUntilBegun();
        assertEquals(scans, counters.gauge(ConductorGauge.SCANS), "a search is no scan");
        assertEquals(1, counters.gauge(ConductorGauge.FLOWS_ENDED));
        assertEquals(2, counters.gauge(ConductorGauge.FLOWS), "entries, two for a flow");
        assertTrue(counters.gauge(ConductorGauge.LAST_SCAN_NANOS) > 0);
    }

    private static PeerSpec peer(int index) {
        IpAddress address = IpAddress.of("198.51.100." + index);
        return new PeerSpec(index, index, "n" + index, address, index, IpPrefix.of("10.244." + index + ".0/24"),
            List.of(address), true);
    }

    /** There is one slot only. */
    @Test
    void theSlotOfAPeerThatIsGoneIsReusedOnceNoFlowAndNoWorkerHasIt() {
        node.tables.putPeer(peer(20));
        node.tables.commit();
        node.settle();
        assertNotEquals(Adjacencies.NONE, node.state.adjacencies().slotOfPeer(20));
        node.epochs.enter(0);
        node.tables.removePeer(20);
        node.tables.putPeer(peer(21));
        node.tables.commit();
        stepUntilBegun();
        step();
        assertEquals(Adjacencies.NONE, node.state.adjacencies().slotOfPeer(20));
        assertTrue(node.nextHops.lacksSlots());
        node.epochs.enter(0); // has begun again after the change, and may hold what it has found in a flow
        step();
        assertTrue(node.revalidation.isIdle());
        assertFalse(isSlotFree());
        node.epochs.enter(0);
        step();
        assertTrue(isSlotFree());
    }

    /** Binds the peer that lacks it when there is one. */
    private boolean isSlotFree() {
        node.nextHops.setPeers(List.of(peer(21)), FlowNode.local("192.0.2.11", "10.244.1.0/24"),
            new ChangedAddresses());
        return node.state.adjacencies().slotOfPeer(21) != Adjacencies.NONE;
    }
}
