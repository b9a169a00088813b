package io.weft.dataplane.conductor;

import static java.net.StandardProtocolFamily.INET;
import static org.junit.jupiter.api.Assertions.*;

import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.testing.TestNode;
import io.weft.dataplane.testing.TestPod;
import io.weft.dataplane.testing.Transfer;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import io.weft.nativebindings.process.ExternalCommand;
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
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real dataplane process on real veths; the other end of its uplink is a plain host. */
class DataplaneTest {
    /** {@code <linux/if.h>} */
    private static final int IF_OPER_UP = 6;

    @TempDir Path directory;

    private TestNetwork network;
    private Path outside;
    private int outsideIp;
    private TestNode node;

    @BeforeEach
    void makeNode() throws Exception {
        TestNetwork.requireTool("ping");
        network = new TestNetwork();
        outside = network.namespace("out");
        Path namespace = network.namespace("n1");
        node = new TestNode(network, namespace, 1, "up0", directory);
        outsideIp = node.local.address().toInt() + 89;
        makeUplink(1);
    }

    /** Replaces the former uplink, if there is one. */
    private void makeUplink(int queues) throws Exception {
        try (Rtnetlink atNode = Rtnetlink.openIn(node.namespace);
            NetworkNamespace far = NetworkNamespace.open(outside);
            Rtnetlink atFar = Rtnetlink.openIn(outside)) {
            atNode.link("up0").ifPresent(before -> atNode.deleteLink(before.index()));
            Link near = atNode.createVeth(VethSpec.of("up0", "eth0").withQueues(queues).withPeerNamespace(far.fd()));
            atNode.setUp(near.index());
            atNode.addAddress(near.index(), node.local.address().toInt(), 24, Route.RT_SCOPE_UNIVERSE);
            Link eth0 = atFar.link("eth0").orElseThrow();
            atFar.setUp(eth0.index());
            atFar.addAddress(eth0.index(), outsideIp, 24, Route.RT_SCOPE_UNIVERSE);
            atNode.replaceRoute(Route.to(0, 0).via(outsideIp, near.index()));
        }
    }

    @AfterEach
    void removeNode() {
        if (node != null) {
            node.close();
        }
        if (network != null) {
            network.close();
        }
    }

    @Test
    void podsReachEachOtherTheNodeAndTheOutside() throws Exception {
        node.start();
        TestPod a = upPod(2, 1);
        TestPod b = upPod(3, 1);

        assertReaches(a, b.ip);
        assertReaches(a, node.local.gateway().toInt());
        assertReaches(a, node.local.address().toInt());
        assertReaches(a, outsideIp);
        assertEquals(0, TestNetwork.run(node.namespace, "ping", "-c", "2", "-W", "2", text(b.ip)).exit(), node::report);
        assertEquals(text(a.ip), TestPod.askOverUdp(a.namespace, b.namespace, b.ip, 3));
        assertEquals(text(a.ip), TestPod.askOverUdp(a.namespace, node.namespace, node.local.address().toInt(), 3));
        assertEquals(text(node.local.base().toInt()), TestPod.askOverUdp(node.namespace, a.namespace, a.ip, 3));
        assertEquals(text(node.local.address().toInt()), TestPod.askOverUdp(a.namespace, outside, outsideIp, 5));
        Transfer.run(a.namespace, b.namespace, b.ip, 20 << 20);
        Transfer.run(a.namespace, outside, outsideIp, 4 << 20);
        assertEquals(0, TestPod.checksumErrors(a.namespace) + TestPod.checksumErrors(b.namespace)
            + TestPod.checksumErrors(outside));
    }

    /** A process may bind a port at any time. The XDP program redirects the port's frames as long as a masqueraded flow uses it. */
    @Test
    void aProcessThatBindsThePortOfAMasqueradedFlowIsReachedByAllOthers() throws Exception {
        node.start();
        TestPod a = upPod(2, 1);
        assertReaches(a, outsideIp);
        InetSocketAddress far = new InetSocketAddress(TestPod.address(outsideIp), 9000);
        try (ServerSocketChannel listener = in(outside, () -> ServerSocketChannel.open(INET).bind(far));
            SocketChannel pod = in(a.namespace, () -> SocketChannel.open(INET))) {
            pod.connect(far);
            SocketChannel accepted = listener.accept();
            InetSocketAddress mapped = (InetSocketAddress) accepted.getRemoteAddress();
            try (ServerSocketChannel own = in(node.namespace, () -> ServerSocketChannel.open(INET).bind(mapped));
                SocketChannel client = in(outside, () -> SocketChannel.open(INET))) {
                client.connect(mapped);
                assertEquals(client.getLocalAddress(), own.accept().getRemoteAddress());
            }
            accepted.write(ByteBuffer.wrap(new byte[]{7}));
            ByteBuffer got = ByteBuffer.allocate(1);
            pod.read(got);
            assertEquals(7, got.get(0), "the flow keeps its port");
        }
        try (DatagramSocket server = in(outside, () -> new DatagramSocket(far));
            DatagramSocket pod = in(a.namespace, () -> new DatagramSocket());
            DatagramSocket other = in(outside, () -> new DatagramSocket())) {
            pod.send(new DatagramPacket(new byte[]{1}, 1, far));
            DatagramPacket packet = new DatagramPacket(new byte[1], 1);
            server.setSoTimeout(10_000);
            server.receive(packet);
            InetSocketAddress mapped = (InetSocketAddress) packet.getSocketAddress();
            try (DatagramSocket own = in(node.namespace, () -> new DatagramSocket(mapped))) {
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
        node.start();
        TestPod a = upPod(2, 1);
        int fresh = outsideIp + 1;
        try (Rtnetlink atFar = Rtnetlink.openIn(outside)) {
            atFar.addAddress(atFar.link("eth0").orElseThrow().index(), fresh, 24, Route.RT_SCOPE_UNIVERSE);
        }
        InetSocketAddress far = new InetSocketAddress(TestPod.address(fresh), 9000);
        try (DatagramSocket server = in(outside, () -> new DatagramSocket(far));
            DatagramSocket client = in(a.namespace, () -> new DatagramSocket());
            CounterReader counters = node.counters()) {
            server.setSoTimeout(10_000);
            DatagramPacket packet = new DatagramPacket(new byte[1], 1);
            for (byte number = 1; number <= 3; number++) {
                client.send(new DatagramPacket(new byte[]{number}, 1, far));
            }
            for (byte number = 1; number <= 3; number++) {
                server.receive(packet);
                assertEquals(number, packet.getData()[0], "in order");
            }
            assertEquals(0, counters.drop(DropReason.NEIGHBOUR_UNRESOLVED), node::report);
        }
    }

    @Test
    void aNeighbourThatDoesNotAnswerIsUnreachableUntilItIsThere() throws Exception {
        node.start();
        TestPod a = upPod(2, 1);
        int absent = outsideIp + 2;
        InetSocketAddress far = new InetSocketAddress(TestPod.address(absent), 9000);
        try (SocketChannel client = in(a.namespace, () -> SocketChannel.open(INET))) {
            assertThrows(NoRouteToHostException.class, () -> client.connect(far));
        }
        try (Rtnetlink atFar = Rtnetlink.openIn(outside)) {
            atFar.addAddress(atFar.link("eth0").orElseThrow().index(), absent, 24, Route.RT_SCOPE_UNIVERSE);
        }
        try (ServerSocketChannel listener = in(outside, () -> ServerSocketChannel.open(INET).bind(far));
            SocketChannel client = in(a.namespace, () -> SocketChannel.open(INET))) {
            client.connect(far);
            listener.accept().close();
        }
    }

    /** More flows than the former default had ports, within the time for which a flow holds its port. */
    @Test
    void thousandsOfShortFlowsOfOnePodAreNotLostAndDoNotBlockAnotherPod() throws Exception {
        node.set("flows.capacity", "131072").start();
        TestPod a = upPod(2, 1);
        TestPod b = upPod(3, 1);
        assertReaches(a, outsideIp);
        InetSocketAddress far = new InetSocketAddress(TestPod.address(outsideIp), 9000);
        try (ServerSocketChannel listener = in(outside, () -> ServerSocketChannel.open(INET).bind(far, 4096))) {
            for (int i = 0; i < 9000; i++) {
                connectOnce(a, listener, far);
            }
            connectOnce(b, listener, far);
        }
        assertTrue(portsSeen(a, 5200).cardinality() > 4536, "more than there were before");
        portsSeen(b, 100);
    }

    /** The server closes first. */
    private static void connectOnce(TestPod pod, ServerSocketChannel listener, InetSocketAddress far) throws Exception {
        try (SocketChannel client = in(pod.namespace, () -> SocketChannel.open(INET))) {
            client.connect(far);
            listener.accept().close();
            assertEquals(-1, client.read(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void aFloodOfOnePodLeavesPortsToAnother() throws Exception {
        node.set("flows.capacity", "131072").start();
        TestPod a = upPod(2, 1);
        TestPod b = upPod(3, 1);
        assertReaches(a, outsideIp);
        InetSocketAddress far = new InetSocketAddress(TestPod.address(outsideIp), 9001);
        for (int i = 0; i < 25_000; i++) {
            int port = 10_000 + i;
            try (DatagramSocket client = in(a.namespace, () -> new DatagramSocket(port))) {
                client.send(new DatagramPacket(new byte[1], 1, far));
            }
        }
        portsSeen(b, 1000);
        try (CounterReader counters = node.counters()) {
            assertTrue(counters.drop(DropReason.SNAT_NO_PORT) > 0, node::report);
        }
    }

    @Test
    void masqueradedFlowsDoNotGetPortsOfTheKernelOrReservedPorts() throws Exception {
        NetworkNamespace.run(node.namespace, () -> Sysctl.write("net/ipv4/ip_local_port_range", "1024 60999"));
        node.start();
        TestPod a = upPod(2, 1);
        assertReaches(a, outsideIp);
        assertTrue(
            node.logText()
                .contains("snat.ports: 10000-29999 are the kernel's own or reserved, and are not used: 4536 ports"),
            node.logText());
        assertTrue(portsSeen(a, 10).nextSetBit(0) >= 61_000);
        NetworkNamespace.run(node.namespace, () -> Sysctl.write("net/ipv4/ip_local_reserved_ports", "61000-65000"));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (portsSeen(a, 10).nextSetBit(0) <= 65_000) {
            assertTrue(System.nanoTime() < deadline, "flows still get reserved ports");
            TimeUnit.MILLISECONDS.sleep(100); // each request holds its port for 30 s, and there are few ports
        }
    }

    /** The node's ports from which requests of the pod arrive, each sent from a socket of its own. Every request is answered. */
    private BitSet portsSeen(TestPod pod, int flows) throws Exception {
        BitSet ports = new BitSet();
        InetSocketAddress far = new InetSocketAddress(TestPod.address(outsideIp), 9001);
        try (DatagramSocket server = in(outside, () -> new DatagramSocket(far))) {
            server.setSoTimeout(10_000);
            DatagramPacket packet = new DatagramPacket(new byte[1], 1);
            for (int i = 0; i < flows; i++) {
                try (DatagramSocket client = in(pod.namespace, () -> new DatagramSocket())) {
                    client.setSoTimeout(10_000);
                    client.send(new DatagramPacket(new byte[1], 1, far));
                    server.receive(packet);
                    ports.set(packet.getPort());
                    server.send(packet);
                    client.receive(packet);
                }
            }
        }
        return ports;
    }

    private static <T> T in(Path namespace, Callable<T> action) throws Exception {
        return NetworkNamespace.call(namespace, action::call);
    }

    @Test
    void killedDataplaneLeavesTheNodeReachableAndThePodsClosedUntilItIsBack() throws Exception {
        node.start();
        TestPod a = upPod(2, 1);
        TestPod b = upPod(3, 1);
        assertReaches(a, b.ip);
        NetworkNamespace.run(node.namespace, () -> Sysctl.write("net/ipv4/ip_forward", "1"));
        NetworkNamespace.run(node.namespace, () -> Sysctl.write("net/ipv4/conf/" + a.device() + "/forwarding", "0"));
        NetworkNamespace.run(node.namespace, () -> Sysctl.write("net/ipv4/conf/" + b.device() + "/forwarding", "0"));

        node.kill();
        assertEquals(0,
            TestNetwork.run(outside, "ping", "-c", "1", "-W", "2", text(node.local.address().toInt())).exit());
        long before = forwarded();
        assertNotEquals(0,
            TestNetwork.run(a.namespace, "ping", "-c", "2", "-i", "0.2", "-W", "1", text(outsideIp)).exit());
        assertEquals(before, forwarded());

        node.start();
        node.awaitPort(a.portId, PortState.UP);
        node.awaitPort(b.portId, PortState.UP);
        assertReaches(a, b.ip);
        assertReaches(a, outsideIp);
        assertReaches(b, node.local.address().toInt());
    }

    @Test
    void deletedVethIsNoticedWhileTheOthersGoOn() throws Exception {
        node.start();
        TestPod a = upPod(2, 1);
        TestPod b = upPod(3, 1);
        TestPod c = upPod(4, 1);
        assertReaches(a, b.ip);
        b.deleteVeth();
        node.awaitPort(b.portId, PortState.GONE);
        assertReaches(a, c.ip);
        b.attach(network);
        node.awaitPort(b.portId, PortState.UP);
        assertReaches(a, b.ip);
        b.unlist();
        node.awaitPort(b.portId, PortState.GONE);
        b.list();
        node.awaitPort(b.portId, PortState.UP);
        assertReaches(b, a.ip);
    }

    @Test
    void twoHundredAttachmentsLeaveNothingInTheProcess() throws Exception {
        node.start();
        TestPod a = upPod(2, 1);
        TestPod b = upPod(3, 1);
        b.deleteVeth();
        b.unlist();
        node.awaitPort(b.portId, PortState.GONE);
        long descriptors = descriptors();
        long rings = rings();
        for (int i = 0; i < 200; i++) {
            b.attach(network);
            node.awaitPort(b.portId, PortState.UP);
            if (i % 50 == 0) {
                assertReaches(a, b.ip);
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
        b.attach(network);
        node.awaitPort(b.portId, PortState.UP);
        assertReaches(a, b.ip);
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

    @Test
    void stopLeavesTheHostAsItWas() throws Exception {
        String before = host();
        node.start();
        TestPod a = upPod(2, 1);
        assertReaches(a, outsideIp);
        a.unlist();
        a.deleteVeth();
        assertNotEquals(before, host());
        assertEquals(0, node.stop(), node.logText());
        assertEquals(before, host());
        assertTrue(node.logText().endsWith("stopped\n"), node.logText());
    }

    @Test
    void secondInstanceIsRefusedInOneLine() throws Exception {
        node.start();
        TestPod a = upPod(2, 1);
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
        assertReaches(a, node.local.gateway().toInt());
    }

    @Test
    void anotherDataplaneOfTheNamespaceKeepsItsHostLink() throws Exception {
        node.start();
        TestNode other = new TestNode(network, node.namespace, 1, "up0", directory.resolve("other"));
        try {
            assertRefused(other, "another dataplane uses weft-host in this network namespace");
        } finally {
            other.close();
        }
        TestPod a = upPod(2, 1);
        assertReaches(a, node.local.address().toInt());
    }

    @Test
    void aRefusedStartIsOneLineAndChangesNothing() throws Exception {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace)) {
            rtnetlink.createVeth(VethSpec.of("weft-host", "foreign0"));
            assertRefused(node, "there is a device weft-host that is not Weft's");
            rtnetlink.deleteLink("weft-host");
            int uplink = rtnetlink.link("up0").orElseThrow().index();
            rtnetlink.deleteAddress(uplink, node.local.address().toInt(), 24);
            assertRefused(node, "no device here has the node's address " + text(node.local.address().toInt()));
            rtnetlink.addAddress(uplink, node.local.address().toInt(), 24, Route.RT_SCOPE_UNIVERSE);
            NetworkNamespace.run(node.namespace, () -> Sysctl.write("net/ipv4/ip_local_port_range", "1024 65000"));
            assertRefused(node,
                "snat.ports: 10000-29999,61000-65535 overlaps the kernel's own ports 1024-65000 and leaves 535");
            rtnetlink.setDown(uplink);
            assertRefused(node, "uplink: device up0 is down; set it up first");
            rtnetlink.deleteLink(uplink);
            assertRefused(node, "uplink: there is no device up0");
        }
    }

    private void assertRefused(TestNode refused, String reason) throws Exception {
        String before = host();
        Path log = directory.resolve("refused.log");
        Process process = refused.launch(log);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        List<String> said = Files.readAllLines(log).stream().filter(line -> !line.contains(" INFO ")).toList();
        assertEquals(1, said.size(), said::toString);
        assertTrue(said.getFirst().startsWith("weft dataplane: " + reason), said::toString);
        assertEquals(1, process.exitValue());
        assertEquals(before, host());
    }

    @Test
    void twoWorkersForwardBetweenAllQueues() throws Exception {
        makeUplink(2);
        node.set("workers", "2").start();
        TestPod a = upPod(2, 2);
        TestPod b = upPod(3, 2);
        for (int i = 0; i < 8; i++) {
            Transfer.run(a.namespace, b.namespace, b.ip, 1 << 18);
            Transfer.run(node.namespace, b.namespace, b.ip, 1 << 18);
            Transfer.run(a.namespace, outside, outsideIp, 1 << 18);
        }
        try (CounterReader counters = node.counters()) {
            assertEquals(2, counters.workers());
            for (int worker = 0; worker < 2; worker++) {
                assertTrue(counters.total(worker, FrameTotal.RECEIVED) > 0, node::report);
            }
        }
        assertEquals(0, node.stop(), node.logText());
    }

    @Test
    void stopsInMidTrafficWithManyPods() throws Exception {
        node.start();
        TestPod a = upPod(2, 1);
        for (int host = 3; host < 33; host++) {
            node.pod(host, 1);
        }
        node.awaitPort(32, PortState.UP);
        Process flood = NetworkNamespace.call(a.namespace,
            ExternalCommand.of("ping", "-f", "-q", text(node.local.podCidr().base().toInt() + 3)).builder()::start);
        try {
            assertEquals(0, node.stop(), node.logText());
        } finally {
            flood.destroyForcibly().waitFor();
        }
        assertFalse(node.logText().contains("WARNING"), node.logText());
    }

    @Test
    void anotherWritersTablesTakeOverWithoutClosingPorts() throws Exception {
        node.start();
        TestPod a = upPod(2, 1);
        TestPod b = upPod(3, 1);
        assertReaches(a, b.ip);
        long opened = opened();
        node.takeOverTables(List.of(a.spec(), b.spec()));
        TestPod c = upPod(4, 1);
        assertReaches(a, b.ip);
        assertReaches(c, a.ip);
        assertEquals(opened + 1, opened());
        node.takeOverTables(List.of(a.spec(), c.spec()));
        node.awaitPort(b.portId, PortState.GONE);
        assertReaches(a, c.ip);
    }

    @Test
    void deletedUplinkOrHostLinkEndsTheProcessInOneLine() throws Exception {
        for (String device : List.of("weft-host", "up0")) {
            node.start();
            try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace)) {
                rtnetlink.deleteLink(device);
            }
            assertTrue(node.process().waitFor(30, TimeUnit.SECONDS));
            assertEquals(1, node.process().exitValue());
            assertTrue(
                node.logText().lines().anyMatch(line -> line.startsWith("weft dataplane: ") && line.contains(device)),
                node.logText());
        }
    }

    private long opened() {
        try (CounterReader counters = node.counters()) {
            return counters.gauge(ConductorGauge.PORTS_OPENED);
        }
    }

    @Test
    void accountsForEveryFrame() throws Exception {
        node.start();
        TestPod a = upPod(2, 1);
        TestPod b = upPod(3, 1);
        Transfer.run(a.namespace, b.namespace, b.ip, 1 << 20);
        try (CounterReader counters = node.counters()) {
            TestNetwork
                .await("accounts to balance",
                    () -> counters.total(FrameTotal.RECEIVED)
                        + counters.total(FrameTotal.ORIGINATED) == counters.total(FrameTotal.SENT)
                            + counters.total(FrameTotal.PUNTED) + counters.total(FrameTotal.DROPPED));
        }
    }

    /** Packets that the node's kernel forwarded. */
    private long forwarded() throws Exception {
        String snmp = NetworkNamespace.call(node.namespace,
            () -> Files.readString(Path.of("/proc/thread-self/net/snmp")));
        List<String> rows = snmp.lines().filter(line -> line.startsWith("Ip:")).toList();
        return Long.parseLong(rows.get(1).split(" ")[List.of(rows.get(0).split(" ")).indexOf("ForwDatagrams")]);
    }

    /** The node's links, addresses, routes, permanent neighbours and settings, as soon as the kernel reports the uplink's new state. */
    private String host() throws Exception {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace)) {
            TestNetwork.await("the uplink's state", () -> rtnetlink.link("up0")
                .map(uplink -> !uplink.isUp() || uplink.operState() == IF_OPER_UP).orElse(true));
        }
        StringBuilder text = new StringBuilder();
        for (String command : List.of("ip -d link", "ip address", "ip route show table all", "sysctl net.ipv4.conf",
            "sysctl net.ipv6.conf",
            "ip neigh show nud permanent")) {
            text.append(TestNetwork.run(node.namespace, command.split(" ")).text());
        }
        return text.toString();
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

    private TestPod upPod(int host, int queues) throws Exception {
        TestPod pod = node.pod(host, queues);
        node.awaitPort(pod.portId, PortState.UP);
        return pod;
    }

    private void assertReaches(TestPod pod, int destination) throws Exception {
        ExternalCommand.Output output = pod.ping(destination, 3);
        assertEquals(0, output.exit(), () -> text(destination) + ": " + output.text() + node.report());
    }

    private static String text(int ip) {
        return Ipv4Address.format(ip);
    }
}
