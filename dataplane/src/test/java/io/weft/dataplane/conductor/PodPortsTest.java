package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.*;

import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.port.WorkerMemory;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.testing.MemoryDevice;
import io.weft.dataplane.testing.MemoryDriver;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.worker.BatchProcessor;
import io.weft.dataplane.worker.Epochs;
import io.weft.dataplane.worker.Worker;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.netlink.Link;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pods' ports with two real workers and in-memory devices: needs no privileges and no network interfaces. */
class PodPortsTest {
    private static final int WORKERS = 2;
    private static final int CHUNKS = 64;
    private static final int SLOTS = 8;
    private static final int MAX_FLOWS = 64;
    private static final int ENXIO = 6;
    private static final int A_IP = Ipv4Address.of("10.244.1.2");
    private static final LocalNode LOCAL = new LocalNode("n1", IpAddress.of("192.0.2.11"),
        IpPrefix.of("10.244.1.0/24"), IpPrefix.of("10.244.0.0/16"), IpPrefix.of("10.96.0.0/16"),
        0x0200_00AA_0001L, new Overlay(Encapsulation.VXLAN, 1, 8472), 1450, 1450, true, 61_000, 65_535);
    private static final PortSpec A = new PortSpec(2, 100, "weft-a", IpAddress.ipv4(A_IP), 0x0200_0000_0002L, 1450);
    private static final PortSpec B = new PortSpec(3, 101, "weft-b", IpAddress.of("10.244.1.3"), 0x0200_0000_0003L,
        1450);

    private final MappedMemory slots = MappedMemory.anonymous((long) SLOTS * Adjacencies.SLOT_BYTES, false);
    private final MappedMemory flowMemory = MappedMemory.anonymous(FlowTable.sizeFor(MAX_FLOWS), false);
    private final MappedMemory bitmaps = MappedMemory.anonymous(SnatPorts.BITMAPS_LENGTH, false);
    private final FlowTable flows = FlowTable.create(flowMemory.address(), flowMemory.size(), MAX_FLOWS, 1);
    private final ForwardingState state = new ForwardingState(new Adjacencies(slots.address(), SLOTS, SLOTS));
    private final CounterFile counters = CounterFile.inMemory(new CounterSizing(WORKERS, SLOTS, SLOTS));
    private final CounterReader reader = counters.reader();
    private final Map<String, Link> links = new HashMap<>();
    private final MemoryDriver driver = new MemoryDriver();
    private WorkerPool workers;
    private Devices devices;
    private PodPorts pods;

    /** Sends nothing and expects no frame. */
    private static final class NoGraph implements BatchProcessor {
        @Override
        public void use(Port[] portsById) {
            // No frame is sent.
        }

        @Override
        public void process(FrameBatch batch, long nowNanos) {
            throw new AssertionError("a frame");
        }
    }

    @BeforeEach
    void start() {
        Epochs epochs = new Epochs(WORKERS);
        workers = new WorkerPool(WORKERS, CHUNKS, ChunkLayout.aligned(2048), counters::worker,
            (index, memory) -> new Worker(index, -1, memory.counters(), state, epochs, new NoGraph(), false));
        workers.start();
        devices = new Devices(driver, workers);
        SnatPorts snatPorts = new SnatPorts(bitmaps.address(), 61_000, 65_535);
        pods = new PodPorts(devices, name -> Optional.ofNullable(links.get(name)), state,
            new ConntrackGc(flows, snatPorts, state, epochs, counters.conductor()), counters.conductor(), workers);
    }

    @AfterEach
    void closesAllInOrderAndLosesNoChunk() {
        devices.closeAll();
        assertTrue(driver.devices().stream().allMatch(MemoryDevice::isClosed));
        for (WorkerMemory memory : workers.memories()) {
            assertEquals(CHUNKS, memory.memory().pool().free());
        }
        assertEquals(List.of(), driver.violations());
        assertEquals(Optional.empty(), workers.fault());
        workers.faults().forEach(faults -> assertNull(faults.last()));
        workers.close();
        List.of(counters, slots, flowMemory, bitmaps).forEach(PodPortsTest::close);
    }

    private static void close(AutoCloseable resource) {
        assertDoesNotThrow(resource::close);
    }

    private void addLink(String name, int ifindex, int flags) {
        links.put(name, new Link(ifindex, name, 0x0200_0000_00FFL, 1450, flags, 6, "veth", -1, -1, 0, "", WORKERS,
            WORKERS, 0, Link.XdpMode.NONE));
    }

    private void want(PortSpec... specs) {
        pods.setWanted(List.of(specs), LOCAL);
    }

    private void refresh(Integer... removedLinks) {
        pods.refresh(Set.of(removedLinks), LOCAL);
    }

    private PortStatus status(PortSpec spec) {
        return reader.port(spec.id()).orElseThrow();
    }

    private boolean isGone(PortSpec spec) {
        return reader.port(spec.id()).isEmpty();
    }

    private MemoryDevice onlyDevice() {
        assertEquals(1, driver.devices().size());
        return driver.devices().getFirst();
    }

    private long insertFlow(int sourcePort, int ingress, int egress) {
        long k0 = FlowKey.k0(A_IP, B.podIp().toInt());
        long k1 = FlowKey.k1(sourcePort, 53, IpProtocol.IPPROTO_UDP);
        FlowTemplate template = new FlowTemplate().reset(k0, k1, FlowState.UDP_UNREPLIED,
            (int) (System.nanoTime() / 1_000_000_000));
        template.forwardIngress = ingress;
        template.forwardEgress = egress;
        assertTrue(flows.insertPair(FlowHash.hash(k0, k1), k0, k1, template) > 0);
        return flows.flows();
    }

    @Test
    void opensAPortOnAllWorkersOnceItsDeviceIsThereAndUp() {
        want(A);
        assertEquals(new PortStatus(A.id(), PortState.OPENING, 100, "weft-a", 0, 0, "", "waiting for device weft-a"),
            status(A));
        addLink("weft-a", 7, 0);
        refresh();
        assertEquals(List.of(), driver.devices());
        addLink("weft-a", 7, Link.IFF_UP);
        refresh();
        assertEquals(new PortStatus(A.id(), PortState.UP, 100, "weft-a", 7, WORKERS, "memory", "a test"), status(A));
        assertTrue(onlyDevice().isAttached());
        assertEquals(PortKind.POD, onlyDevice().spec().kind());
        assertEquals(PortKind.POD, state.ports().kind(A.id()));
        assertEquals(A_IP, state.ports().ip(A.id()));
        assertEquals(LOCAL.vtepMac(), state.ports().localMac(A.id()));
        assertEquals(1, reader.gauge(ConductorGauge.PORTS_OPENED));
        assertEquals(1, pods.count());
        for (WorkerMemory memory : workers.memories()) {
            assertEquals(CHUNKS - MemoryDevice.LENT, memory.memory().pool().free());
        }
    }

    @Test
    void closesAPortThatIsNoLongerListedWithItsFlowsOnly() {
        addLink("weft-a", 7, Link.IFF_UP);
        addLink("weft-b", 8, Link.IFF_UP);
        want(A, B);
        assertEquals(2, pods.count());
        insertFlow(1, A.id(), Egress.UPLINK);
        insertFlow(2, B.id(), Egress.PORT | A.id());
        assertEquals(3, insertFlow(3, B.id(), Egress.UPLINK));
        want(B);
        assertEquals(1, flows.flows());
        assertTrue(isGone(A));
        assertEquals(PortState.UP, status(B).state());
        assertEquals(PortKind.NONE, state.ports().kind(A.id()));
        assertEquals(PortKind.POD, state.ports().kind(B.id()));
        assertEquals(1, reader.gauge(ConductorGauge.PORTS_CLOSED));
        assertTrue(driver.devices().stream().filter(device -> device.spec().portId() == A.id())
            .allMatch(MemoryDevice::isClosed));
        assertEquals(1, pods.count());
    }

    @Test
    void aPortThatFailsToOpenReportsWhyAndIsTriedAgain() {
        addLink("weft-a", 7, Link.IFF_UP);
        driver.refuse("weft-a", "no queue left");
        want(A);
        assertEquals(new PortStatus(A.id(), PortState.FAILED, 100, "weft-a", 0, 0, "", "no queue left"), status(A));
        assertEquals(PortKind.NONE, state.ports().kind(A.id()));
        driver.refuse("weft-a", null);
        TestNetwork.await("the port to be tried again", () -> {
            refresh();
            return status(A).state() == PortState.UP;
        });
        assertEquals(PortKind.POD, state.ports().kind(A.id()));
    }

    @Test
    void aChangeOfAPortThatHasFailedIsTriedAtOnce() {
        addLink("weft-a", 7, Link.IFF_UP);
        driver.refuse("weft-a", "no queue left");
        want(A);
        driver.refuse("weft-a", null);
        want(new PortSpec(A.id(), A.attachId(), A.ifName(), IpAddress.ipv4(A_IP), A.podMac(), 1400));
        assertEquals(PortState.UP, status(A).state());
    }

    @Test
    void closesAPortWhoseLinkIsRemovedAndOpensItAgainWithTheNextLinkOfThatName() {
        addLink("weft-a", 7, Link.IFF_UP);
        want(A);
        links.clear();
        refresh(7);
        assertTrue(isGone(A));
        assertTrue(onlyDevice().isClosed());
        addLink("weft-a", 9, Link.IFF_UP);
        refresh(8);
        assertEquals(9, status(A).ifindex());
        assertEquals(PortState.UP, status(A).state());
    }

    @Test
    void closesAPortWhoseDeviceHasFailed() {
        addLink("weft-a", 7, Link.IFF_UP);
        want(A);
        links.clear();
        refresh();
        assertFalse(onlyDevice().isClosed());
        onlyDevice().fail(ENXIO);
        refresh();
        assertTrue(onlyDevice().isClosed());
        assertTrue(isGone(A));
    }

    @Test
    void anotherPodUnderTheSameIdGetsAPortOfItsOwn() {
        addLink("weft-a", 7, Link.IFF_UP);
        want(A);
        insertFlow(1, A.id(), Egress.UPLINK);
        PortSpec next = new PortSpec(A.id(), 200, A.ifName(), IpAddress.ipv4(A_IP), A.podMac(), A.mtu());
        want(next);
        assertEquals(0, flows.flows());
        assertEquals(2, driver.devices().size());
        assertTrue(driver.devices().getFirst().isClosed());
        assertTrue(driver.devices().getLast().isAttached());
        assertEquals(new PortStatus(A.id(), PortState.UP, 200, "weft-a", 7, WORKERS, "memory", "a test"), status(next));
    }

    @Test
    void aNewMacAddressOrMtuLeavesThePortAndItsFlowsAlone() {
        addLink("weft-a", 7, Link.IFF_UP);
        want(A);
        insertFlow(1, A.id(), Egress.UPLINK);
        want(new PortSpec(A.id(), A.attachId(), A.ifName(), IpAddress.ipv4(A_IP), 0x0200_0000_0009L, 1300));
        assertFalse(onlyDevice().isClosed());
        assertEquals(1300, state.ports().mtu(A.id()));
        assertEquals(0x0200_0000_0009L, state.ports().peerMac(A.id()));
        assertEquals(1, flows.flows());
    }

    @Test
    void readsTheStatisticsOfOpenPortsOnly() {
        addLink("weft-a", 7, Link.IFF_UP);
        want(A);
        pods.readStatistics();
        MemoryDevice device = onlyDevice();
        want();
        pods.readStatistics();
        assertEquals(1, device.statisticsReadings());
    }

    @Test
    void reportsEveryPortGoneAtTheEnd() {
        addLink("weft-a", 7, Link.IFF_UP);
        want(A, B);
        pods.reportAllGone();
        assertTrue(isGone(A));
        assertTrue(isGone(B));
    }
}
