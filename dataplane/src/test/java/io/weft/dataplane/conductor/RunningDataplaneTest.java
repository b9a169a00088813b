package io.weft.dataplane.conductor;

import static java.net.StandardProtocolFamily.INET;
import static org.junit.jupiter.api.Assertions.*;

import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.testing.NodeAndHost;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.testing.TestNode;
import io.weft.dataplane.testing.TestPod;
import io.weft.dataplane.testing.Transfer;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real dataplane process on real veths, the same for all tests, each of which has pods of its own. */
class RunningDataplaneTest {
    @TempDir private static Path directory;

    private static NodeAndHost net;
    private static TestNode node;
    private static int lastHost = 1;

    @BeforeAll
    static void start() throws Exception {
        TestNetwork.requireTool("ping");
        net = new NodeAndHost(directory);
        node = net.node.start();
    }

    @AfterAll
    static void stop() {
        if (net != null) {
            net.close();
        }
    }

    private static TestPod upPod() throws Exception {
        return net.upPod(++lastHost, 1);
    }

    @Test
    void podsReachEachOtherTheNodeAndTheOutside() throws Exception {
        TestPod a = upPod();
        TestPod b = upPod();

        net.assertReaches(a, b.ip);
        net.assertReaches(a, node.local.gateway().toInt());
        net.assertReaches(a, node.local.address().toInt());
        net.assertReaches(a, net.outsideIp);
        assertEquals(0, TestNetwork.run(node.namespace, "ping", "-c", "2", "-W", "2", Ipv4Address.format(b.ip)).exit(),
            node::report);
        assertEquals(Ipv4Address.format(a.ip), TestPod.askOverUdp(a.namespace, b.namespace, b.ip, 3));
        assertEquals(Ipv4Address.format(a.ip),
            TestPod.askOverUdp(a.namespace, node.namespace, node.local.address().toInt(), 3));
        assertEquals(Ipv4Address.format(node.local.base().toInt()),
            TestPod.askOverUdp(node.namespace, a.namespace, a.ip, 3));
        assertEquals(Ipv4Address.format(node.local.address().toInt()),
            TestPod.askOverUdp(a.namespace, net.outside, net.outsideIp, 5));
        Transfer.run(a.namespace, b.namespace, b.ip, 20 << 20);
        Transfer.run(a.namespace, net.outside, net.outsideIp, 4 << 20);
        assertEquals(0, TestPod.checksumErrors(a.namespace) + TestPod.checksumErrors(b.namespace)
            + TestPod.checksumErrors(net.outside));
    }

    /** A process may bind a port at any time. The XDP program redirects the port's frames as long as a masqueraded flow uses it. */
    @Test
    void aProcessThatBindsThePortOfAMasqueradedFlowIsReachedByAllOthers() throws Exception {
        TestPod a = upPod();
        net.assertReaches(a, net.outsideIp);
        InetSocketAddress far = new InetSocketAddress(TestPod.address(net.outsideIp), 9000);
        try (
            ServerSocketChannel listener = NetworkNamespace.call(net.outside,
                () -> ServerSocketChannel.open(INET).bind(far));
            SocketChannel pod = NetworkNamespace.call(a.namespace, () -> SocketChannel.open(INET))) {
            pod.connect(far);
            SocketChannel accepted = listener.accept();
            InetSocketAddress mapped = (InetSocketAddress) accepted.getRemoteAddress();
            try (
                ServerSocketChannel own = NetworkNamespace.call(node.namespace,
                    () -> ServerSocketChannel.open(INET).bind(mapped));
                SocketChannel client = NetworkNamespace.call(net.outside, () -> SocketChannel.open(INET))) {
                client.connect(mapped);
                assertEquals(client.getLocalAddress(), own.accept().getRemoteAddress());
            }
            accepted.write(ByteBuffer.wrap(new byte[]{7}));
            ByteBuffer got = ByteBuffer.allocate(1);
            pod.read(got);
            assertEquals(7, got.get(0), "the flow keeps its port");
        }
        try (DatagramSocket server = NetworkNamespace.call(net.outside, () -> new DatagramSocket(far));
            DatagramSocket pod = NetworkNamespace.call(a.namespace, () -> new DatagramSocket());
            DatagramSocket other = NetworkNamespace.call(net.outside, () -> new DatagramSocket())) {
            pod.send(new DatagramPacket(new byte[]{1}, 1, far));
            DatagramPacket packet = new DatagramPacket(new byte[1], 1);
            server.setSoTimeout(10_000);
            server.receive(packet);
            InetSocketAddress mapped = (InetSocketAddress) packet.getSocketAddress();
            try (DatagramSocket own = NetworkNamespace.call(node.namespace, () -> new DatagramSocket(mapped))) {
                other.send(new DatagramPacket(new byte[]{2}, 1, mapped));
                own.setSoTimeout(10_000);
                own.receive(packet);
                assertEquals(other.getLocalPort(), packet.getPort());
                server.send(new DatagramPacket(new byte[]{3}, 1, mapped));
                pod.setSoTimeout(10_000);
                pod.receive(packet);
                assertEquals(3, packet.getData()[0], "the flow keeps its port");
            }
        }
    }

    /** The kernel resolves the neighbour only when a pod first sends to it. */
    @Test
    void theFirstDatagramToANewNeighbourArrives() throws Exception {
        TestPod a = upPod();
        int fresh = net.outsideIp + 1;
        try (Rtnetlink atFar = Rtnetlink.openIn(net.outside)) {
            atFar.addAddress(atFar.link("eth0").orElseThrow().index(), fresh, 24, Route.RT_SCOPE_UNIVERSE);
        }
        InetSocketAddress far = new InetSocketAddress(TestPod.address(fresh), 9000);
        try (DatagramSocket server = NetworkNamespace.call(net.outside, () -> new DatagramSocket(far));
            DatagramSocket client = NetworkNamespace.call(a.namespace, () -> new DatagramSocket());
            CounterReader counters = node.counters()) {
            server.setSoTimeout(10_000);
            long before = counters.drop(DropReason.NEIGHBOUR_UNRESOLVED);
            DatagramPacket packet = new DatagramPacket(new byte[1], 1);
            for (byte number = 1; number <= 3; number++) {
                client.send(new DatagramPacket(new byte[]{number}, 1, far));
            }
            for (byte number = 1; number <= 3; number++) {
                server.receive(packet);
                assertEquals(number, packet.getData()[0], "in order");
            }
            assertEquals(before, counters.drop(DropReason.NEIGHBOUR_UNRESOLVED), node::report);
        }
    }

    @Test
    void aNeighbourThatDoesNotAnswerIsUnreachableUntilItIsThere() throws Exception {
        TestPod a = upPod();
        int absent = net.outsideIp + 2;
        InetSocketAddress far = new InetSocketAddress(TestPod.address(absent), 9000);
        try (SocketChannel client = NetworkNamespace.call(a.namespace, () -> SocketChannel.open(INET))) {
            assertThrows(NoRouteToHostException.class, () -> client.connect(far));
        }
        try (Rtnetlink atFar = Rtnetlink.openIn(net.outside)) {
            atFar.addAddress(atFar.link("eth0").orElseThrow().index(), absent, 24, Route.RT_SCOPE_UNIVERSE);
        }
        try (
            ServerSocketChannel listener = NetworkNamespace.call(net.outside,
                () -> ServerSocketChannel.open(INET).bind(far));
            SocketChannel client = NetworkNamespace.call(a.namespace, () -> SocketChannel.open(INET))) {
            client.connect(far);
            listener.accept().close();
        }
    }

    @Test
    void deletedVethIsNoticedWhileTheOthersGoOn() throws Exception {
        TestPod a = upPod();
        TestPod b = upPod();
        TestPod c = upPod();
        net.assertReaches(a, b.ip);
        b.deleteVeth();
        node.awaitPort(b.portId, PortState.GONE);
        net.assertReaches(a, c.ip);
        b.attach(net.network);
        node.awaitPort(b.portId, PortState.UP);
        net.assertReaches(a, b.ip);
        b.unlist();
        node.awaitPort(b.portId, PortState.GONE);
        b.list();
        node.awaitPort(b.portId, PortState.UP);
        net.assertReaches(b, a.ip);
    }

    @Test
    void twoHundredAttachmentsLeaveNothingInTheProcess() throws Exception {
        TestPod a = upPod();
        TestPod b = upPod();
        b.deleteVeth();
        b.unlist();
        node.awaitPort(b.portId, PortState.GONE);
        long descriptors = descriptors();
        long rings = rings();
        for (int i = 0; i < 200; i++) {
            b.attach(net.network);
            node.awaitPort(b.portId, PortState.UP);
            if (i % 50 == 0) {
                net.assertReaches(a, b.ip);
            }
            if (i % 2 == 0) {
                b.deleteVeth();
                b.unlist();
            } else {
                b.unlist();
                node.awaitPort(b.portId, PortState.GONE);
                b.deleteVeth();
            }
            node.awaitPort(b.portId, PortState.GONE);
        }
        assertEquals(descriptors, descriptors());
        assertEquals(rings, rings());
        awaitEveryChunk();
        b.attach(net.network);
        node.awaitPort(b.portId, PortState.UP);
        net.assertReaches(a, b.ip);
    }

    /** Waits until each chunk of frame memory is free or with a device. */
    private void awaitEveryChunk() throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        try (CounterReader counters = node.counters()) {
            long chunks = counters.gauge(ConductorGauge.CHUNKS);
            assertTrue(chunks > 0);
            while (counters.gauge(ConductorGauge.CHUNKS_FREE) + counters.gauge(ConductorGauge.CHUNKS_HELD) != chunks) {
                assertTrue(System.nanoTime() < deadline, node::report);
                TimeUnit.MILLISECONDS.sleep(100); // the dataplane counts once a second
            }
        }
    }

    private long descriptors() throws IOException {
        try (var files = Files.list(Path.of("/proc/" + node.process().pid() + "/fd"))) {
            return files.count();
        }
    }

    /** Mappings of AF_XDP rings. */
    private long rings() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + node.process().pid() + "/maps")).stream()
            .filter(line -> line.contains("socket:")).count();
    }

    @Test
    void secondInstanceIsRefusedInOneLine() throws Exception {
        TestPod a = upPod();
        Process first = node.process();
        Path log = node.log();
        String firstLog = Files.readString(log);
        Process second = node.launch(directory.resolve("second.log"));
        assertTrue(second.waitFor(30, TimeUnit.SECONDS));
        assertEquals(1, second.exitValue());
        List<String> said = Files.readAllLines(directory.resolve("second.log"));
        assertEquals(1, said.size(), said::toString);
        assertTrue(said.getFirst().contains("another dataplane (process " + first.pid() + ") runs on"), said::toString);
        assertTrue(first.isAlive(), firstLog);
        net.assertReaches(a, node.local.gateway().toInt());
    }

    @Test
    void anotherWritersTablesTakeOverWithoutClosingPorts() throws Exception {
        TestPod a = upPod();
        TestPod b = upPod();
        net.assertReaches(a, b.ip);
        long opened = opened();
        node.takeOverTables(List.of(a.spec(), b.spec()));
        TestPod c = upPod();
        net.assertReaches(a, b.ip);
        net.assertReaches(c, a.ip);
        assertEquals(opened + 1, opened());
        node.takeOverTables(List.of(a.spec(), c.spec()));
        node.awaitPort(b.portId, PortState.GONE);
        net.assertReaches(a, c.ip);
    }

    private long opened() {
        try (CounterReader counters = node.counters()) {
            return counters.gauge(ConductorGauge.PORTS_OPENED);
        }
    }

    @Test
    void accountsForEveryFrame() throws Exception {
        TestPod a = upPod();
        TestPod b = upPod();
        Transfer.run(a.namespace, b.namespace, b.ip, 1 << 20);
        try (CounterReader counters = node.counters()) {
            TestNetwork
                .await("accounts to balance",
                    () -> counters.total(FrameTotal.RECEIVED)
                        + counters.total(FrameTotal.ORIGINATED) == counters.total(FrameTotal.SENT)
                            + counters.total(FrameTotal.PUNTED) + counters.total(FrameTotal.DROPPED));
        }
    }
}
