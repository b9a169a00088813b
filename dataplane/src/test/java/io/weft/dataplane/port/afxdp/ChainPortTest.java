package io.weft.dataplane.port.afxdp;

import static org.junit.jupiter.api.Assertions.*;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.counters.PortCounter;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.Device;
import io.weft.dataplane.port.FrameMemory;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.port.WorkerMemory;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.testing.TestPod;
import io.weft.dataplane.testing.Transfer;
import io.weft.dataplane.testing.Wire;
import io.weft.dataplane.worker.BatchProcessor;
import io.weft.dataplane.worker.Epochs;
import io.weft.dataplane.worker.Worker;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.xdp.RingSizes;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Frames of several descriptors over real veths, joined by a {@link Wire}. */
class ChainPortTest {
    private static final int CHUNKS = 4096;
    private static final int A = Ipv4Address.of("10.9.0.2");
    private static final int B = Ipv4Address.of("10.9.0.3");
    private static final int UDP_HEADERS = 28;
    private static final int MAX_DESCRIPTORS = 18;
    private static final int RECEIVE_RING = 1024;

    private TestNetwork network;
    private Path node;
    private Path podA;
    private Path podB;

    @BeforeEach
    void makeNetwork() throws Exception {
        network = new TestNetwork();
        node = network.namespace("node");
        podA = network.namespace("a");
        podB = network.namespace("b");
    }

    @AfterEach
    void removeNetwork() {
        network.close();
    }

    /** Lets the worker through to a wire, or has it wait with its batch. */
    private static final class Gate implements BatchProcessor {
        volatile boolean waiting;
        private final Wire wire;
        private volatile boolean closed;

        Gate(Wire wire) {
            this.wire = wire;
        }

        void close() {
            closed = true;
        }

        void open() {
            closed = false;
        }

        @Override
        public void use(Port[] portsById) {
            wire.use(portsById);
        }

        @Override
        public void process(FrameBatch batch, long nowNanos) {
            waiting = closed;
            while (closed) {
                Thread.onSpinWait();
            }
            wire.process(batch, nowNanos);
        }
    }

    /** One worker with devices 2 and 3. */
    private final class Rig implements AutoCloseable {
        final CounterFile file = CounterFile.inMemory(new CounterSizing(1, 8, 8));
        final WorkerCounters counters = file.worker(0);
        final CounterReader reader = file.reader();
        final MappedMemory slots = MappedMemory.anonymous(1 << 16, false);
        final FrameMemory memory;
        final List<WorkerUmem> umems;
        final List<AfXdpDevice> devices = new ArrayList<>();
        final Gate gate;
        final Worker worker;
        final Thread thread;

        Rig(ChunkLayout layout, int mtu, int ring) {
            memory = FrameMemory.allocate(CHUNKS, layout);
            umems = List.of(new WorkerUmem(new WorkerMemory(memory, counters)));
            ForwardingState state = new ForwardingState(new Adjacencies(slots.address(), 8, 8));
            gate = new Gate(new Wire(memory.pool(), counters));
            worker = new Worker(0, -1, counters, state, new Epochs(1), gate, false);
            thread = Thread.ofPlatform().start(worker);
            open(2, attach(podA, "weft-a", A, mtu), ring);
            open(3, attach(podB, "weft-b", B, mtu), ring);
            neighbour(podA, B, TestNetwork.macOf(podB, "eth0"));
            neighbour(podB, A, TestNetwork.macOf(podA, "eth0"));
        }

        private void open(int id, Link link, int ring) {
            AfXdpDevice device = NetworkNamespace.call(node, () -> AfXdpDevice.open(
                new Device.Spec(id, PortKind.POD, link.name(), link.index(), 1),
                new AfXdpDevice.Setup(XdpMode.NATIVE_COPY,
                    new RingSizes(RECEIVE_RING, RECEIVE_RING, RECEIVE_RING, ring), PodClassifier::load, () -> {
                    }),
                umems));
            devices.add(device);
            assign(List.of());
            NetworkNamespace.run(node, device::attach);
        }

        private void assign(List<AfXdpDevice> closed) {
            long version = worker.assign(devices.stream().map(device -> device.ports().getFirst()).toList(),
                closed.stream().map(device -> device.ports().getFirst()).toList());
            TestNetwork.await("worker to take its ports", () -> worker.hasAdopted(version));
        }

        long refused() {
            return reader.port(3, PortCounter.TX_REFUSED);
        }

        @Override
        public void close() {
            List<AfXdpDevice> all = List.copyOf(devices);
            devices.forEach(AfXdpDevice::detach);
            devices.clear();
            assign(List.of());
            all.forEach(AfXdpDevice::close);
            assign(all);
            worker.stop();
            TestNetwork.await("worker to end", () -> !thread.isAlive());
            assertNull(worker.failure());
            assertEquals(CHUNKS, memory.pool().free());
            for (int i = 0; i < CHUNKS; i++) {
                assertFalse(memory.pool().chains().isChain(memory.pool().allocate()));
            }
            memory.close();
            file.close();
            slots.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"2048, 2048, 9000", "4096, 4096, 9000", "2048, 2176, 31000", "4096, 4224, 60000", "4096, 4224, 65535"})
    void datagramsOfAllLengthsAroundSegmentsEndsArrive(int chunkSize, int stride, int mtu) throws Exception {
        int segment = chunkSize - FramePool.HEADROOM;
        TreeSet<Integer> lengths = new TreeSet<>(List.of(0, 1, 1472, mtu - UDP_HEADERS));
        for (int n = 1; n <= MAX_DESCRIPTORS; n++) {
            for (int more = -1; more <= 1; more++) {
                lengths.add(n * segment - 14 - UDP_HEADERS + more);
            }
        }
        int max = Math.min(mtu - UDP_HEADERS, 65_507);
        try (Rig rig = new Rig(new ChunkLayout(chunkSize, stride), mtu, 256);
            DatagramSocket there = socket(podB, B);
            DatagramSocket here = socket(podA, A)) {
            for (int length : lengths.headSet(max, true)) {
                byte[] content = new byte[length];
                new Random(length).nextBytes(content);
                here.send(new DatagramPacket(content, length, there.getLocalSocketAddress()));
                DatagramPacket received = new DatagramPacket(new byte[65_536], 65_536);
                there.receive(received);
                assertArrayEquals(content, Arrays.copyOf(received.getData(), received.getLength()), "of " + length);
            }
            assertEquals(0, TestPod.checksumErrors(podB));
        }
    }

    @ParameterizedTest
    @CsvSource({"2048, 2048, 9000, 256", "4096, 4224, 9000, 256", "4096, 4224, 60000, 32", "4096, 4096, 60000, 1024"})
    void aStreamArrivesThoughRingsWrapAndFillUp(int chunkSize, int stride, int mtu, int ring) throws Exception {
        try (Rig rig = new Rig(new ChunkLayout(chunkSize, stride), mtu, ring)) {
            transfer(64 << 20);
            assertEquals(0, TestPod.checksumErrors(podA) + TestPod.checksumErrors(podB));
            rig.devices.forEach(AfXdpDevice::readStatistics);
            assertEquals(0, rig.reader.port(2, PortCounter.XDP_TX_INVALID));
            assertEquals(0, rig.reader.port(3, PortCounter.XDP_TX_INVALID));
        }
    }

    /** The worker stands still while frames queue up, so that it takes more of them at once than the ring holds. */
    @Test
    void aFullRingRefusesFramesWhole() throws Exception {
        int length = 59_000;
        int frames = 8;
        try (Rig rig = new Rig(new ChunkLayout(4096, 4224), 60_000, 32);
            DatagramSocket there = socket(podB, B);
            DatagramSocket here = socket(podA, A)) {
            DatagramPacket packet = new DatagramPacket(new byte[length], length, there.getLocalSocketAddress());
            rig.gate.close();
            for (int i = 0; i < frames; i++) {
                here.send(packet);
            }
            TestNetwork.await("the worker to stand at the gate", () -> rig.gate.waiting);
            rig.gate.open();
            TestNetwork.await("a frame that found the ring full", () -> rig.refused() > 0);
            there.receive(new DatagramPacket(new byte[length], length));
            assertEquals(0, TestPod.checksumErrors(podB));
        }
    }

    private Link attach(Path pod, String name, int ip, int mtu) {
        Link near = network.attachPod(node, name, pod, ip, Ipv4Address.of("10.9.0.1"), 1);
        try (Rtnetlink atNode = Rtnetlink.openIn(node); Rtnetlink atPod = Rtnetlink.openIn(pod)) {
            atNode.setMtu(near.index(), mtu);
            atPod.setMtu(atPod.link("eth0").orElseThrow().index(), mtu);
            return atNode.link(name).orElseThrow();
        }
    }

    private static void neighbour(Path pod, int ip, long mac) {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(pod)) {
            Link eth0 = rtnetlink.link("eth0").orElseThrow();
            rtnetlink.replaceRoute(Route.to(ip, 32).device(eth0.index()));
            rtnetlink.replaceNeighbour(eth0.index(), ip, mac);
        }
    }

    private static DatagramSocket socket(Path pod, int ip) throws Exception {
        return NetworkNamespace.call(pod, () -> {
            DatagramSocket socket = new DatagramSocket(new InetSocketAddress(TestPod.address(ip), 0));
            socket.setSendBufferSize(1 << 20);
            socket.setSoTimeout(10_000);
            return socket;
        });
    }

    private void transfer(int bytes) throws Exception {
        Transfer.run(podA, podB, B, bytes);
    }
}
