package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.LocalPods;
import io.weft.dataplane.table.ServiceRules;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.testing.TestNode;
import io.weft.dataplane.testing.TestPod;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.Rule;
import io.weft.nativebindings.netlink.VethSpec;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the node's own processes send to the node, with a real dataplane process: while it runs, when it is killed, after it has stopped. */
class NodeTrafficTest {
    private static final int TCP = IpProtocol.IPPROTO_TCP;
    private static final int LOCALHOST = Ipv4Address.of("127.0.0.1");
    private static final int HOST_PORT = 8088;
    /** In the range of NodePorts, but no Service's. */
    private static final int LISTENER = 30_500;

    @TempDir Path directory;

    private TestNetwork network;
    private TestNode node;

    @BeforeEach
    void makeNode() throws Exception {
        network = new TestNetwork();
        Path namespace = network.namespace("n1");
        node = new TestNode(network, namespace, 1, "up0", directory);
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(namespace)) {
            var uplink = rtnetlink.createVeth(VethSpec.of("up0", "far0"));
            rtnetlink.setUp(uplink.index());
            rtnetlink.setUp(uplink.peerIndex());
            rtnetlink.addAddress(uplink.index(), node.local.address().toInt(), 24, Route.RT_SCOPE_UNIVERSE);
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
    void processesOfTheNodeReachEachOtherWhateverHappensToTheDataplane() throws Exception {
        List<Rule> before = rules();
        int own = node.local.address().toInt();
        try (Connection ssh = new Connection(own, 22)) {
            node.start();
            ssh.assertAlive();
            assertReachable(own, LISTENER);
            assertEquals(before, rules(), "without such frontends nothing changes");

            putFrontend(FrontendKind.NODE_PORT, 30_080);
            putFrontend(FrontendKind.HOST_PORT, HOST_PORT);
            TestNetwork.await("rules for both", () -> rules().size() == before.size() + 3);
            ssh.assertAlive();
            long punted = punted();
            assertReachable(own, LISTENER);
            assertTrue(punted() > punted, "these packets have passed the dataplane");
            assertReachable(LOCALHOST, LISTENER);
            assertEquals(0, TestPod.checksumErrors(node.namespace));

            List<Rule> installed = rules();
            node.kill();
            assertReachable(own, LISTENER);
            assertReachable(own, HOST_PORT);
            assertReachable(LOCALHOST, HOST_PORT);
            ssh.assertAlive();
            assertEquals(installed, rules());

            node.tables.services().remove(key(30_080));
            node.tables.commit();
            node.start();
            TestNetwork.await("the successor to remove what nobody needs", () -> rules().size() == before.size() + 1);
            ssh.assertAlive();
            assertReachable(own, LISTENER);

            assertEquals(0, node.stop());
            assertEquals(before, rules());
            ssh.assertAlive();
            assertReachable(own, LISTENER);
            assertReachable(LOCALHOST, HOST_PORT);
        }
    }

    /** By 127.0.0.1 the pod sees the gateway in place of its client; by the node's address, the node. */
    @Test
    void aPodIsReachedByItsHostPortAndByANodePortFromTheNodeItself() throws Exception {
        node.start();
        TestPod pod = node.pod(2, 1);
        node.awaitPort(pod.portId, PortState.UP);
        int own = node.local.address().toInt();
        putFrontend(FrontendKind.HOST_PORT, HOST_PORT, pod);
        putFrontend(FrontendKind.NODE_PORT, 30_080, pod);
        TestNetwork.await("rules for both",
            () -> rules().stream().filter(rule -> rule.priority() == HostRouting.RULE_PRIORITY).count() == 3);
        try (ServerSocket server = NetworkNamespace.call(pod.namespace, () -> new ServerSocket(80))) {
            assertServed(server, LOCALHOST, HOST_PORT, node.local.gateway().toInt());
            assertServed(server, own, HOST_PORT, own);
            assertServed(server, own, 30_080, own);
            assertThrows(ConnectException.class,
                () -> connect(new InetSocketAddress(TestPod.address(LOCALHOST), 30_080)).close());
            node.kill();
            node.start();
            node.awaitPort(pod.portId, PortState.UP);
            assertServed(server, LOCALHOST, HOST_PORT, node.local.gateway().toInt());
        }
        assertEquals(0, TestPod.checksumErrors(node.namespace) + TestPod.checksumErrors(pod.namespace));
    }

    /** By a route, so no port needs a rule; and only while it is a range of Services. */
    @Test
    void aServiceOfAnotherServiceCidrIsReachedWhileThereIsTheRange() throws Exception {
        int clusterIp = Ipv4Address.of("172.30.4.9");
        node.tables.putLocal(withServiceCidrs("10.97.0.0/16", "172.30.4.0/22"));
        node.start();
        TestPod pod = node.pod(2, 1);
        node.awaitPort(pod.portId, PortState.UP);
        int before = rules().size();
        node.tables.services().put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(clusterIp), 80, TCP),
            FrontendKind.CLUSTER_IP, "default/web:http", false, false, 0, List.of(),
            List.of(Backend.readyHere(IpAddress.ipv4(pod.ip), 80))));
        node.tables.commit();
        try (ServerSocket server = NetworkNamespace.call(pod.namespace, () -> new ServerSocket(80))) {
            assertServed(server, clusterIp, 80, node.local.base().toInt());
            assertEquals(before, rules().size());
            node.tables.putLocal(withServiceCidrs("10.97.0.0/16"));
            node.tables.commit();
            TestNetwork.await("the route to go", () -> !hasRoute("172.30.4.0/22"));
            assertTrue(hasRoute("10.97.0.0/16") && hasRoute(TestNode.SERVICES.toString()));
            node.tables.putLocal(withServiceCidrs("172.30.4.0/22"));
            node.tables.commit();
            TestNetwork.await("the route to come", () -> hasRoute("172.30.4.0/22"));
            assertServed(server, clusterIp, 80, node.local.base().toInt());
        }
    }

    private LocalNode withServiceCidrs(String... more) {
        LocalNode local = node.local;
        return new LocalNode(local.name(), local.address(), local.podCidr(), local.clusterCidr(), local.serviceCidr(),
            local.vtepMac(), local.overlay(), local.podMtu(), local.offNodeMtu(), local.masquerade(), local.snatFirst(),
            local.snatLast(), new ServiceRules(local.services().nodePortAddresses(), false, LocalPods.NODE_CIDR,
                Stream.of(more).map(IpPrefix::of).toList()));
    }

    private boolean hasRoute(String prefix) {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace)) {
            return rtnetlink.routes(Route.RT_TABLE_MAIN).stream().anyMatch(
                route -> new IpPrefix(IpAddress.ipv4(route.destination()), route.prefixLength()).toString()
                    .equals(prefix));
        }
    }

    /** Rules choose by the destination port alone, so they lead the answers to this client to Weft. */
    @Test
    void aClientWhoseOwnPortIsAHostPortIsAnswered() throws Exception {
        node.start();
        int own = node.local.address().toInt();
        putFrontend(FrontendKind.HOST_PORT, HOST_PORT);
        TestNetwork.await("its rule",
            () -> rules().stream().anyMatch(rule -> rule.priority() == HostRouting.RULE_PRIORITY));
        InetSocketAddress server = new InetSocketAddress(TestPod.address(own), 2222);
        try (ServerSocket listener = onNode(() -> new ServerSocket(server.getPort())); Socket client = onNode(() -> {
            Socket socket = new Socket();
            socket.bind(new InetSocketAddress(server.getAddress(), HOST_PORT));
            socket.connect(server, 10_000);
            return socket;
        }); Socket accepted = listener.accept()) {
            assertTransfer(client, accepted, 100_000);
            assertTransfer(accepted, client, 100_000);
        }
    }

    private void assertServed(ServerSocket server, int ip, int port, int seen) throws Exception {
        try (Socket client = connect(new InetSocketAddress(TestPod.address(ip), port));
            Socket accepted = server.accept()) {
            assertEquals(TestPod.address(seen), accepted.getInetAddress());
            assertTransfer(client, accepted, 300_000);
            assertTransfer(accepted, client, 300_000);
        }
    }

    private void putFrontend(int kind, int port, TestPod pod) {
        node.tables.services().put(new ServiceSpec(key(port), kind, "default/web:http", false, false, 0, List.of(),
            List.of(Backend.readyHere(IpAddress.ipv4(pod.ip), 80))));
        node.tables.commit();
    }

    @Test
    void rulesThatSomebodyElseDeletesAreInstalledAgain() throws Exception {
        node.start();
        int before = rules().size();
        putFrontend(FrontendKind.NODE_PORT, 30_080);
        TestNetwork.await("rules", () -> rules().size() == before + 2);
        List<Rule> installed = rules();
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace)) {
            installed.stream().filter(rule -> rule.priority() <= HostRouting.LOCAL_PRIORITY)
                .forEach(rtnetlink::deleteRule);
        }
        TestNetwork.await("the rules again", () -> rules().equals(installed));
    }

    private static ServiceKey key(int port) {
        return new ServiceKey(ServiceKey.NODE_ADDRESSES, port, TCP);
    }

    private void putFrontend(int kind, int port) {
        node.tables.services().put(new ServiceSpec(key(port), kind, "default/web:http", false, false, 0, List.of(),
            List.of(Backend.readyHere(IpAddress.of("10.244.1.9"), 80))));
        node.tables.commit();
    }

    private List<Rule> rules() {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace)) {
            return rtnetlink.rules();
        }
    }

    private long punted() {
        try (CounterReader counters = node.counters()) {
            return counters.total(FrameTotal.PUNTED);
        }
    }

    private <T> T onNode(Callable<T> call) throws Exception {
        return NetworkNamespace.call(node.namespace, call::call);
    }

    private Socket connect(InetSocketAddress to) throws Exception {
        return onNode(() -> {
            Socket socket = new Socket();
            try {
                socket.connect(to, 10_000);
                return socket;
            } catch (java.io.IOException e) {
                socket.close();
                throw e;
            }
        });
    }

    /** TCP and UDP to a listener, which sees the address itself as its client, and a refused connection to a port without one. */
    private void assertReachable(int ip, int port) throws Exception {
        InetSocketAddress at = new InetSocketAddress(TestPod.address(ip), port);
        try (ServerSocket listener = onNode(() -> new ServerSocket(port)); Socket client = connect(at)) {
            try (Socket accepted = listener.accept()) {
                assertEquals(at.getAddress(), accepted.getInetAddress());
                assertTransfer(client, accepted, 300_000);
                assertTransfer(accepted, client, 300_000);
            }
        }
        assertThrows(ConnectException.class, () -> connect(at).close());
        try (DatagramSocket server = onNode(() -> new DatagramSocket(port));
            DatagramSocket client = onNode(() -> new DatagramSocket())) {
            server.setSoTimeout(10_000);
            client.setSoTimeout(10_000);
            DatagramPacket packet = new DatagramPacket(new byte[9000], 9000);
            for (int length : new int[]{1, 1000, 5000}) {
                client.send(new DatagramPacket(new byte[length], length, at));
                packet.setLength(9000);
                server.receive(packet);
                assertEquals(length, packet.getLength());
                assertEquals(at.getAddress(), packet.getAddress());
                server.send(packet);
                client.receive(packet);
                assertEquals(at, packet.getSocketAddress());
            }
        }
    }

    private static void assertTransfer(Socket from, Socket to, int length) throws Exception {
        to.setSoTimeout(20_000);
        Thread sender = Thread.ofVirtual().start(() -> {
            try {
                from.getOutputStream().write(new byte[length]);
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        assertEquals(length, to.getInputStream().readNBytes(length).length);
        sender.join();
    }

    /** A connection within the node, to a port that Weft has nothing to do with. */
    private final class Connection implements AutoCloseable {
        private final ServerSocket listener;
        private final Socket client;
        private final Socket accepted;

        Connection(int ip, int port) throws Exception {
            InetSocketAddress at = new InetSocketAddress(TestPod.address(ip), port);
            listener = onNode(() -> new ServerSocket(port));
            client = connect(at);
            accepted = listener.accept();
            client.setSoTimeout(10_000);
            accepted.setSoTimeout(10_000);
        }

        void assertAlive() throws Exception {
            byte[] word = {1, 2, 3};
            client.getOutputStream().write(word);
            assertArrayEquals(word, accepted.getInputStream().readNBytes(word.length));
            accepted.getOutputStream().write(word);
            assertArrayEquals(word, client.getInputStream().readNBytes(word.length));
        }

        @Override
        public void close() throws Exception {
            client.close();
            accepted.close();
            listener.close();
        }
    }
}
