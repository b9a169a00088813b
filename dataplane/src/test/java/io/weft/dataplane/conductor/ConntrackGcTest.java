package io.weft.dataplane.conductor;

import static io.weft.dataplane.conductor.FlowNode.ip;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.conductor.FlowNode.Plan;
import io.weft.dataplane.table.ChangedAddresses;
import io.weft.dataplane.table.PortSpec;
import io.weft.encap.address.IpAddress;
import io.weft.lb.flow.FlowCounter;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConntrackGcTest {
    private static final int POD_A = 2;
    private static final int POD_B = 3;
    private static final int UDP = 17;

    @TempDir private Path directory;
    private FlowNode node;

    @BeforeEach
    void open() {
        node = new FlowNode(directory);
        node.tables.putLocal(FlowNode.local("192.0.2.11", "10.244.1.0/24"));
        node.tables.putPort(new PortSpec(POD_A, 1, "weft2", IpAddress.of("10.244.1.2"), 2, 1450));
        node.tables.putPort(new PortSpec(POD_B, 1, "weft3", IpAddress.of("10.244.1.3"), 3, 1450));
        service("10.96.0.10", "10.244.1.3");
        service("10.96.0.11", "10.244.1.3");
        node.tables.commit();
        node.settle();
    }

    @AfterEach
    void close() {
        node.close();
    }

    private void service(String address, String... backends) {
        node.tables.services().put(new ServiceSpec(new ServiceKey(IpAddress.of(address), 80, UDP), address,
            Arrays.stream(backends).map(backend -> Backend.ready(IpAddress.of(backend), 8080)).toList()));
    }

    private void flow(int sourcePort, String service) {
        node.make(new Plan("10.244.1.2", sourcePort, service, 80, UDP, "10.244.1.3", POD_A));
    }

    private boolean hasFlow(int sourcePort, String service) {
        return node.has("10.244.1.2", sourcePort, service, 80, UDP);
    }

    private void revalidate(ChangedAddresses changed) {
        node.gc.startRevalidation(changed);
        while (node.gc.isRevalidating()) {
            node.gc.revalidate(System.nanoTime());
        }
    }

    private static ChangedAddresses changed(String... addresses) {
        ChangedAddresses changed = new ChangedAddresses();
        Arrays.stream(addresses).forEach(address -> changed.add(ip(address), 32));
        return changed;
    }

    @Test
    void onlyFlowsWithAChangedAddressAreCompared() {
        flow(1000, "10.96.0.10");
        flow(1001, "10.96.0.11");
        service("10.96.0.10");
        service("10.96.0.11");
        revalidate(changed("10.96.0.10"));
        assertFalse(hasFlow(1000, "10.96.0.10"));
        assertTrue(hasFlow(1001, "10.96.0.11"));
        revalidate(changed());
        assertTrue(hasFlow(1001, "10.96.0.11"));
        ChangedAddresses everything = new ChangedAddresses();
        everything.addEverything();
        revalidate(everything);
        assertEquals(0, node.flows.flows());
        assertEquals(2, node.ended());
    }

    /** The table has 32,768 slots. */
    @Test
    void aSearchFindsTheFlowsToChangedServices() {
        for (int i = 0; i < 4000; i++) {
            flow(1000 + i, i % 2 == 0 ? "10.96.0.10" : "10.96.0.11");
        }
        service("10.96.0.10");
        service("10.96.0.11");
        search("10.96.0.99", "10.244.1.3", "10.244.1.2");
        assertEquals(0, node.ended());
        search("10.96.0.10", "10.96.0.99");
        assertEquals(2000, node.ended());
        assertEquals(2000, node.flows.flows());
        assertTrue(hasFlow(1001, "10.96.0.11"));
        ChangedAddresses everything = new ChangedAddresses();
        everything.addEverything();
        search(everything);
        assertEquals(0, node.flows.flows());
    }

    /** An ended flow's slot keeps its tag, also when it has the reply's entry of another flow. */
    @Test
    void aSearchIsNotConfusedByFlowsThatHaveEnded() {
        flow(1000, "10.96.0.10");
        service("10.96.0.10");
        search("10.96.0.10");
        assertEquals(1, node.ended());
        service("10.96.0.10", "10.244.1.3");
        for (int i = 0; i < 4000; i++) {
            flow(2000 + i, "10.96.0.11");
        }
        search("10.96.0.10");
        assertEquals(4000, node.flows.flows());
    }

    /** 0.0.0.0 stands for the Services on the node's own addresses and on 127.0.0.0/8. */
    @Test
    void aSearchForTheNodesOwnFrontendsFindsFlowsToItsAddresses() {
        hostPort("10.244.1.3");
        node.tables.commit();
        node.settle();
        node.make(new Plan("10.244.1.2", 999, "192.0.2.11", 30_080, UDP, "10.244.1.3", POD_A));
        flow(1000, "10.96.0.10");
        hostPort();
        search("10.96.0.10");
        assertEquals(2, node.flows.flows());
        search("0.0.0.0");
        assertEquals(1, node.flows.flows());
        assertTrue(hasFlow(1000, "10.96.0.10"));
    }

    private void hostPort(String... backends) {
        ServiceKey key = new ServiceKey(ServiceKey.NODE_ADDRESSES, 30_080, UDP);
        node.tables.services().put(new ServiceSpec(key, FrontendKind.HOST_PORT, "hostport", false, false, 0, List.of(),
            Arrays.stream(backends).map(backend -> Backend.ready(IpAddress.of(backend), 8080)).toList()));
    }

    private void search(String... services) {
        search(changed(services));
    }

    private void search(ChangedAddresses services) {
        int middle = node.flows.slotCount() / 2;
        node.gc.startSearch(services, System.nanoTime());
        node.gc.search(0, middle, System.nanoTime());
        node.gc.search(middle, node.flows.slotCount(), System.nanoTime());
    }

    @Test
    void aChangedAddressMayBeTheSourceOrTheBackend() {
        flow(1000, "10.96.0.10");
        flow(1001, "10.96.0.11");
        node.tables.removePort(POD_B);
        revalidate(changed("10.244.1.3"));
        assertEquals(0, node.flows.flows());
        node.make(new Plan("10.244.1.2", 1, "10.244.1.0", 9, UDP, null, POD_A));
        node.tables.removePort(POD_A);
        node.state.publish(node.state.ports().without(POD_A));
        revalidate(changed("10.244.1.2"));
        assertEquals(0, node.flows.flows());
    }

    /** A pass is made in pieces. Between them flows are created and expire, and ports close. */
    @Test
    void nothingIsSkippedWhenOtherWorkRunsBetweenThePieces() {
        for (int i = 0; i < 4000; i++) {
            flow(1000 + i, i % 2 == 0 ? "10.96.0.10" : "10.96.0.11");
        }
        service("10.96.0.10");
        long now = System.nanoTime();
        node.gc.startRevalidation(changed("10.96.0.10"));
        node.gc.scan(now + TimeUnit.SECONDS.toNanos(2)); // has to wait
        node.gc.endFlowsOf(14, now);
        while (node.gc.isRevalidating()) {
            node.gc.revalidate(System.nanoTime());
            node.gc.scan(System.nanoTime());
        }
        assertEquals(2000, node.flows.flows());
        assertEquals(2000, node.ended());
    }

    @Test
    void idleFlowsEndWhenTheyAreDue() {
        flow(1000, "10.96.0.10");
        long now = System.nanoTime();
        node.gc.scan(now + TimeUnit.SECONDS.toNanos(6));
        assertTrue(hasFlow(1000, "10.96.0.10"));
        node.gc.scan(now + TimeUnit.SECONDS.toNanos(40));
        assertFalse(hasFlow(1000, "10.96.0.10"));
        assertEquals(1, node.flows.count(FlowCounter.EXPIRED));
    }

    @Test
    void idleFlowsEndInARevalidationPass() {
        flow(1000, "10.96.0.10");
        node.gc.startRevalidation(changed("10.96.0.99"));
        while (node.gc.isRevalidating()) {
            node.gc.revalidate(System.nanoTime() + TimeUnit.SECONDS.toNanos(40));
        }
        assertEquals(1, node.flows.count(FlowCounter.EXPIRED));
        assertEquals(0, node.ended());
    }

    @Test
    void theFlowsOfAPortEndWithIt() {
        flow(1000, "10.96.0.10");
        node.make(new Plan("10.244.1.0", 5, "10.96.0.10", 80, UDP, "10.244.1.3", FlowNode.HOST));
        node.gc.endFlowsOf(POD_A, System.nanoTime());
        assertFalse(hasFlow(1000, "10.96.0.10"));
        assertTrue(node.has("10.244.1.0", 5, "10.96.0.10", 80, UDP));
        node.gc.endFlowsOf(POD_B, System.nanoTime());
        assertEquals(0, node.flows.flows());
    }

    @Test
    void countsWhatItDid() {
        flow(1000, "10.96.0.10");
        service("10.96.0.10");
        flow(1001, "10.96.0.11");
        revalidate(changed("10.96.0.10"));
        assertEquals(1, node.ended());
        assertEquals(1, node.flows.flows());
    }
}
