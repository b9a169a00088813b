package io.weft.dataplane.port.afxdp;

import static org.junit.jupiter.api.Assertions.*;

import com.sun.management.ThreadMXBean;
import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
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
import io.weft.dataplane.worker.Epochs;
import io.weft.dataplane.worker.Worker;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.xdp.RingSizes;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ports, workers and devices on real veths, joined by a {@link Wire}. */
class AfXdpPortTest {
    private static final int CHUNKS = 4096;
    private static final int A = Ipv4Address.of("10.9.0.2");
    private static final int B = Ipv4Address.of("10.9.0.3");

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

    /** Workers with devices 2 and 3; device 2 anchors the memory. */
    private final class Rig implements AutoCloseable {
        final CounterFile file;
        final List<WorkerMemory> memories = new ArrayList<>();
        final List<WorkerUmem> umems = new ArrayList<>();
        final List<Worker> workers = new ArrayList<>();
        final List<Thread> threads = new ArrayList<>();
        final List<AfXdpDevice> devices = new ArrayList<>();
        final MappedMemory slots = MappedMemory.anonymous(1 << 16, false);

        Rig(int count) {
            file = CounterFile.inMemory(new CounterSizing(count, 8, 8));
            Epochs epochs = new Epochs(count);
            ForwardingState state = new ForwardingState(new Adjacencies(slots.address(), 8, 8));
            for (int i = 0; i < count; i++) {
                WorkerCounters counters = file.worker(i);
                FrameMemory memory = FrameMemory.allocate(CHUNKS, ChunkLayout.spread(2048));
                memories.add(new WorkerMemory(memory, counters));
                umems.add(new WorkerUmem(memories.get(i)));
                workers.add(new Worker(i, -1, counters, state, epochs, new Wire(memory.pool(), counters), false));
                threads.add(Thread.ofPlatform().start(workers.get(i)));
            }
        }

        AfXdpDevice open(int id, Link link) {
            AfXdpDevice device = NetworkNamespace.call(node, () -> openUnassigned(id, link));
            devices.add(device);
            assign(List.of());
            NetworkNamespace.run(node, device::attach);
            return device;
        }

        /** In the node's namespace. */
        AfXdpDevice openUnassigned(int id, Link link) {
            return AfXdpDevice.open(new Device.Spec(id, PortKind.POD, link.name(), link.index(), workers.size()),
                new AfXdpDevice.Setup(XdpMode.ZERO_COPY, RingSizes.all(256), PodClassifier::load, () -> {
                }), umems);
        }

        void close(AfXdpDevice device) {
            device.detach();
            devices.remove(device);
            assign(List.of());
            device.close();
            assign(List.of(device));
        }

        void assign(List<AfXdpDevice> closed) {
            for (Worker worker : workers) {
                long version = worker.assign(
                    devices.stream().map(device -> device.ports().get(worker.index())).toList(),
                    closed.stream().map(device -> device.ports().get(worker.index())).toList());
                TestNetwork.await("worker to take its ports", () -> worker.hasAdopted(version));
            }
        }

        @Override
        public void close() {
            List.copyOf(devices).forEach(this::close);
            workers.forEach(Worker::stop);
            threads.forEach(thread -> TestNetwork.await("worker to end", () -> !thread.isAlive()));
            workers.forEach(worker -> assertNull(worker.failure()));
            for (WorkerMemory memory : memories) {
                assertEquals(CHUNKS, memory.memory().pool().free());
                memory.memory().close();
            }
            file.close();
            slots.close();
        }
    }

    @Test
    void carriesPingAndTcpWithPartialChecksumsBetweenTwoPods() throws Exception {
        try (Rig rig = new Rig(1)) {
            connect(rig, 1);
            ping();
            transfer(20 << 20);
            assertEquals(0, TestPod.checksumErrors(podA) + TestPod.checksumErrors(podB));
            WorkerCounters counters = rig.memories.getFirst().counters();
            TestNetwork.await("frames to end", () -> counters
                .total(FrameTotal.RECEIVED) == counters.total(FrameTotal.SENT) + counters.total(FrameTotal.DROPPED));
        }
    }

    @Test
    void twoWorkersServeTwoQueues() throws Exception {
        try (Rig rig = new Rig(2)) {
            connect(rig, 2);
            for (int i = 0; i < 16; i++) {
                transfer(1 << 16);
            }
            for (WorkerMemory memory : rig.memories) {
                assertTrue(memory.counters().total(FrameTotal.RECEIVED) > 0);
            }
        }
    }

    @Test
    void portsOpenAndCloseWithoutLeavingAnythingBehind() throws Exception {
        try (Rig rig = new Rig(1)) {
            Link a = attach(podA, "weft-a", A, 1);
            Link b = attach(podB, "weft-b", B, 1);
            rig.open(2, a);
            rig.close(rig.open(3, b));
            long descriptors = descriptors();
            int mappings = mappings();
            int free = rig.memories.getFirst().memory().pool().free();
            for (int i = 0; i < 200; i++) {
                AfXdpDevice device = rig.open(3, b);
                if (i % 20 == 0) {
                    pair();
                    ping();
                }
                rig.close(device);
            }
            assertEquals(descriptors, descriptors());
            assertEquals(mappings, mappings());
            TestNetwork.await("chunks in flight", () -> rig.memories.getFirst().memory().pool().free() == free);
        }
    }

    @Test
    void deletedVethReportsItsErrnoAndFreesItsFrames() throws Exception {
        try (Rig rig = new Rig(1)) {
            Link a = attach(podA, "weft-a", A, 1);
            Link b = attach(podB, "weft-b", B, 1);
            rig.open(2, a);
            AfXdpDevice device = rig.open(3, b);
            pair();
            ping();
            int free = rig.memories.getFirst().memory().pool().free();
            try (Rtnetlink rtnetlink = Rtnetlink.openIn(node)) {
                rtnetlink.deleteLink(b.index());
            }
            TestNetwork.run(podA, "ping", "-c", "1", "-W", "1", Ipv4Address.format(B));
            assertEquals(6, device.failure()); // ENXIO
            rig.close(device);
            assertTrue(rig.memories.getFirst().memory().pool().free() >= free + 256);
        }
    }

    /** One that lies in no chunk, as none does unless Weft has a fault. */
    @Test
    void aFrameThatCannotBeSentIsRefusedWithThoseBehindItAndThePortGoesOn() throws Exception {
        try (Rig rig = new Rig(1)) {
            Link link = attach(podA, "weft-a", A, 1);
            AfXdpDevice device = NetworkNamespace.call(node, () -> rig.openUnassigned(2, link));
            NetworkNamespace.run(node, device::attach);
            Port port = device.ports().getFirst();
            FramePool pool = rig.memories.getFirst().memory().pool();
            long good = pool.allocate() + FramePool.HEADROOM;
            long behind = pool.allocate() + FramePool.HEADROOM;
            long foreign = pool.chunkAt(pool.chunks());
            assertEquals(1, transmit(port, good, foreign, behind));
            assertThrows(IllegalStateException.class, port::flush);
            assertThrows(IllegalStateException.class, () -> transmit(port, foreign, behind));
            assertEquals(1, transmit(port, behind));
            TestNetwork.await("both frames to be sent", () -> {
                port.flush();
                return pool.free() == CHUNKS;
            });
            device.detach();
            device.close();
            assertEquals(0, port.reclaim());
        }
    }

    private static int transmit(Port port, long... frames) {
        FrameBatch batch = new FrameBatch();
        FrameList list = new FrameList();
        for (long at : frames) {
            list.add(batch.size);
            batch.add(at, 60, 0);
        }
        return port.transmit(batch, list);
    }

    @Test
    void idleWorkerSleepsAndAllocatesNothing() throws Exception {
        try (Rig rig = new Rig(1)) {
            connect(rig, 1);
            ping();
            transfer(4 << 20);
            TestNetwork.await("worker to sleep", rig.workers.getFirst()::isSleeping);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long id = rig.threads.getFirst().threadId();
            long allocated = 1;
            for (int i = 0; i < 10 && allocated > 0; i++) { // until its calls are linked and compiled
                roundTrips(5000);
                long before = threads.getThreadAllocatedBytes(id);
                roundTrips(1000);
                transfer(4 << 20);
                allocated = threads.getThreadAllocatedBytes(id) - before;
            }
            assertEquals(0, allocated);
        }
    }

    private void connect(Rig rig, int queues) {
        rig.open(2, attach(podA, "weft-a", A, queues));
        rig.open(3, attach(podB, "weft-b", B, queues));
        pair();
    }

    /** Gives each pod the other's MAC address. The wire also carries ARP, but a port that opens later is not learnt again. */
    private void pair() {
        neighbour(podA, B, TestNetwork.macOf(podB, "eth0"));
        neighbour(podB, A, TestNetwork.macOf(podA, "eth0"));
    }

    private static void neighbour(Path pod, int ip, long mac) {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(pod)) {
            Link eth0 = rtnetlink.link("eth0").orElseThrow();
            rtnetlink.replaceRoute(io.weft.nativebindings.netlink.Route.to(ip, 32).device(eth0.index()));
            rtnetlink.replaceNeighbour(eth0.index(), ip, mac);
        }
    }

    private Link attach(Path pod, String name, int ip, int queues) {
        return network.attachPod(node, name, pod, ip, Ipv4Address.of("10.9.0.1"), queues);
    }

    private void ping() throws Exception {
        TestNetwork.requireTool("ping");
        ExternalCommand.Output output = TestNetwork.run(podA, "ping", "-c", "3", "-i", "0.2", "-W", "2",
            Ipv4Address.format(B));
        assertEquals(0, output.exit(), output.text());
    }

    private void transfer(int bytes) throws Exception {
        Transfer.run(podA, podB, B, bytes);
    }

    /** Sends datagrams one at a time, so that the worker falls asleep between them. */
    private void roundTrips(int count) throws Exception {
        try (
            DatagramSocket there = NetworkNamespace.call(podB,
                () -> new DatagramSocket(new InetSocketAddress(TestPod.address(B), 0)));
            DatagramSocket here = NetworkNamespace.call(podA,
                () -> new DatagramSocket(new InetSocketAddress(TestPod.address(A), 0)))) {
            there.setSoTimeout(5000);
            DatagramPacket packet = new DatagramPacket(new byte[8], 8, there.getLocalSocketAddress());
            DatagramPacket received = new DatagramPacket(new byte[8], 8);
            for (int i = 0; i < count; i++) {
                here.send(packet);
                there.receive(received);
                LockSupport.parkNanos(100_000);
            }
        }
    }

    private static long descriptors() throws IOException {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }

    /** Mappings of AF_XDP rings. */
    private static int mappings() throws IOException {
        return (int) Files.readAllLines(Path.of("/proc/self/maps")).stream().filter(line -> line.contains("socket:"))
            .count();
    }
}
