package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.testing.TestNode;
import io.weft.dataplane.testing.TestPod;
import io.weft.dataplane.testing.Transfer;
import io.weft.dataplane.testing.TwoNodes;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host outside the cluster, two real dataplanes and the kernels' sockets. Each test has frontends of its own, as those of earlier ones stay. */
class OutsideClientTest {
    private static final int VIP = Ipv4Address.of("203.0.113.80");
    private static final int TCP = IpProtocol.IPPROTO_TCP;
    private static final int UDP = IpProtocol.IPPROTO_UDP;
    private static final int WAIT_MILLIS = 2000;

    @TempDir private static Path directory;
    private static TwoNodes nodes;
    private static Path out;
    private static TestNode n1;
    private static TestNode n2;
    private static TestPod a;
    private static TestPod b;

    @BeforeAll
    static void start() throws Exception {
        nodes = new TwoNodes(directory);
        out = nodes.out;
        n1 = nodes.n1;
        n2 = nodes.n2;
        a = nodes.a;
        b = nodes.b;
    }

    @AfterAll
    static void stop() {
        if (nodes != null) {
            nodes.close();
        }
    }

    private void frontend(int kind, IpAddress address, int port, int protocol, boolean policyLocal,
        Backend... backends) {
        ServiceKey key = new ServiceKey(address, port, protocol);
        n1.tables.services().put(new ServiceSpec(key, kind, "default/web:p", policyLocal, false, 0, List.of(),
            List.of(backends)));
        commit();
    }

    /** Once the generation is applied, clients outside are served. */
    private void commit() {
        n1.tables.commit();
        long generation = n1.tables.generation();
        TestNetwork.await("the dataplane to follow the tables", () -> {
            n1.requireAlive();
            try (CounterReader counters = n1.counters()) {
                return counters.gauge(ConductorGauge.APPLIED_GENERATION) >= generation;
            }
        });
    }

    private void nodePort(int port, int protocol, boolean policyLocal, Backend... backends) {
        frontend(FrontendKind.NODE_PORT, ServiceKey.NODE_ADDRESSES, port, protocol, policyLocal, backends);
    }

    private Backend onA(int port) {
        return Backend.readyHere(IpAddress.ipv4(a.ip), port);
    }

    private Backend onB(int port) {
        return Backend.ready(IpAddress.ipv4(b.ip), port);
    }

    private int node() {
        return n1.local.address().toInt();
    }

    @Test
    void nodePortsOfPodsHereAndElsewhere() throws Exception {
        nodePort(30080, TCP, false, onA(8080));
        nodePort(30081, TCP, true, onA(8080));
        nodePort(30082, TCP, false, onB(8080));
        Transfer.run(out, node(), 30080, a.namespace, a.ip, 8080, 1 << 20);
        Transfer.run(out, node(), 30081, a.namespace, a.ip, 8080, 1 << 20);
        Transfer.run(out, node(), 30082, b.namespace, b.ip, 8080, 1 << 20);
        Transfer.run(n2.namespace, node(), 30082, b.namespace, b.ip, 8080, 1 << 18); // through the tunnel and back into it
        Transfer.run(b.namespace, node(), 30082, b.namespace, b.ip, 8080, 1 << 18);
        Transfer.run(a.namespace, node(), 30080, a.namespace, a.ip, 8080, 1 << 18);
        assertEquals(0, TestPod.checksumErrors(a.namespace) + TestPod.checksumErrors(b.namespace)
            + TestPod.checksumErrors(out));
    }

    @Test
    void aLoadBalancersAddress() throws Exception {
        try (Rtnetlink there = Rtnetlink.openIn(out)) {
            there.replaceRoute(Route.to(VIP, 32).via(node(), there.link("up0").orElseThrow().index()));
        }
        frontend(FrontendKind.LOAD_BALANCER, IpAddress.ipv4(VIP), 80, TCP, false, onB(8080));
        Transfer.run(out, VIP, 80, b.namespace, b.ip, 8080, 1 << 20);
        frontend(FrontendKind.LOAD_BALANCER, IpAddress.ipv4(VIP), 53, UDP, true, onA(5353));
        assertEquals(text(TwoNodes.OUTSIDE), ask(VIP, 53, a.namespace, a.ip, 5353, 100));
        frontend(FrontendKind.LOAD_BALANCER, IpAddress.ipv4(VIP), 54, UDP, false, onA(5353));
        assertEquals(text(n1.local.gateway().toInt()), ask(VIP, 54, a.namespace, a.ip, 5353, 100));
        frontend(FrontendKind.LOAD_BALANCER, IpAddress.ipv4(VIP), 55, UDP, true, onA(5353));
        assertEquals(text(TwoNodes.OUTSIDE), ask(VIP, 55, a.namespace, a.ip, 5353, 5000)); // in fragments
    }

    @Test
    void aProcessOfTheNodeItself() throws Exception {
        nodePort(30090, TCP, false, Backend.readyHere(n1.local.address(), 9100));
        Transfer.run(out, node(), 30090, n1.namespace, node(), 9100, 1 << 20);
        Transfer.run(b.namespace, node(), 30090, n1.namespace, node(), 9100, 1 << 18);
    }

    /** Whatever the policy: what stays on the node needs no other source for its answers to come back, as with kube-proxy. */
    @Test
    void aProcessOfTheNodeItselfSeesItsClient() throws Exception {
        Backend process = Backend.readyHere(n1.local.address(), 9100);
        nodePort(30093, TCP, true, process);
        nodePort(30094, TCP, false, process);
        nodePort(30054, UDP, true, Backend.readyHere(n1.local.address(), 5353));
        try (ServerSocket listener = NetworkNamespace.call(n1.namespace, () -> new ServerSocket(9100))) {
            for (int port : new int[]{30093, 30094, 9100, 30093}) { // 9100: directly, past Weft
                assertSeen(listener, port, 40_001);
            }
        }
        Transfer.run(out, node(), 30093, n1.namespace, node(), 9100, 4 << 20);
        assertEquals(text(TwoNodes.OUTSIDE), ask(node(), 30054, n1.namespace, node(), 5353, 100));
        assertEquals(text(TwoNodes.OUTSIDE), ask(node(), 30054, n1.namespace, node(), 5353, 5000)); // in fragments
        assertEquals(text(TwoNodes.OUTSIDE), ask(node(), 5353, n1.namespace, node(), 5353, 5000));
        assertRefused(node(), 30093);
        assertPortUnreachable(node(), 30054);
        assertEquals(0, TestPod.checksumErrors(n1.namespace) + TestPod.checksumErrors(out));
    }

    /** The same client port each time: what Weft remembers of one connection must not divert the next one. */
    private void assertSeen(ServerSocket listener, int port, int clientPort) throws Exception {
        try (Socket client = NetworkNamespace.call(out, () -> {
            Socket socket = new Socket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(clientPort));
            socket.connect(new InetSocketAddress(TestPod.address(node()), port), 10_000);
            return socket;
        }); Socket server = listener.accept()) {
            assertEquals(TestPod.address(TwoNodes.OUTSIDE), server.getInetAddress(), n1::report);
            client.setSoTimeout(10_000);
            server.setSoTimeout(10_000);
            echo(client, server);
            client.setSoLinger(true, 0); // a reset, so that the port is free at once
        }
    }

    private void assertPortUnreachable(int address, int port) throws Exception {
        try (DatagramSocket client = NetworkNamespace.call(out, () -> new DatagramSocket())) {
            client.setSoTimeout(10_000);
            client.connect(new InetSocketAddress(TestPod.address(address), port));
            client.send(new DatagramPacket(new byte[8], 8));
            assertThrows(PortUnreachableException.class, () -> client.receive(new DatagramPacket(new byte[8], 8)));
        }
    }

    /** While the kernel still had such a port, it would refuse the connection. */
    @Test
    void everyAppliedFrontendIsServedFromItsFirstPacketOn() throws Exception {
        try (ServerSocket listener = NetworkNamespace.call(a.namespace, () -> new ServerSocket(8080, 128))) {
            for (int port = 30_100; port < 30_150; port++) {
                nodePort(port, TCP, true, onA(8080));
                int to = port;
                try (Socket client = NetworkNamespace.call(out, () -> {
                    Socket socket = new Socket();
                    socket.connect(new InetSocketAddress(TestPod.address(node()), to), 30_000);
                    return socket;
                }); Socket server = listener.accept()) {
                    echo(client, server);
                }
            }
        }
    }

    @Test
    void aServiceWithoutEndpointsRefusesAtOnce() throws Exception {
        nodePort(30091, TCP, false);
        assertRefused(node(), 30091);
        nodePort(30091, TCP, false, onA(8080));
        Transfer.run(out, node(), 30091, a.namespace, a.ip, 8080, 1 << 16);
    }

    private void assertRefused(int address, int port) throws Exception {
        String outcome = NetworkNamespace.call(out, () -> {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(TestPod.address(address), port), 10_000);
                return "connected";
            } catch (ConnectException refused) {
                return refused.getMessage();
            }
        });
        assertEquals("Connection refused", outcome);
    }

    /** The kernel gets its ports, whatever the Services are. */
    @Test
    void theNodesOwnServicesKeepTheirPorts() throws Exception {
        frontend(FrontendKind.EXTERNAL_IP, n1.local.address(), 22, TCP, false, onA(8080));
        frontend(FrontendKind.EXTERNAL_IP, n1.local.address(), 10_250, TCP, false);
        Transfer.run(out, node(), 22, n1.namespace, node(), 22, 1 << 16);
        Transfer.run(out, node(), 10_250, n1.namespace, node(), 10_250, 1 << 16);
        Transfer.run(out, node(), 30_000, n1.namespace, node(), 30_000, 1 << 16);
    }

    /** The Service is gone, its connection is not. */
    @Test
    void anEstablishedConnectionOutlivesItsService() throws Exception {
        long before = frontends();
        nodePort(30092, TCP, false, onA(8080));
        try (ServerSocket listener = NetworkNamespace.call(a.namespace,
            () -> new ServerSocket(8080, 16, TestPod.address(a.ip)));
            Socket client = NetworkNamespace.call(out, () -> new Socket(TestPod.address(node()), 30092));
            Socket server = listener.accept()) {
            client.setSoTimeout(30_000);
            echo(client, server);
            n1.tables.services().remove(new ServiceKey(ServiceKey.NODE_ADDRESSES, 30092, TCP));
            commit();
            echo(client, server);
            assertRefused(node(), 30092);
            awaitScans(3); // which must not take the frontend out of the filter
            echo(client, server);
            client.setSoLinger(true, 0); // a reset: its flow ends in ten seconds
        }
        TestNetwork.await("the frontend to leave the filter", () -> frontends() == before);
    }

    /** Whole scans of the flow table. */
    private void awaitScans(int count) {
        try (CounterReader counters = n1.counters()) {
            long before = counters.gauge(ConductorGauge.SCANS);
            TestNetwork.await("the flow table to be scanned",
                () -> counters.gauge(ConductorGauge.SCANS) >= before + count);
        }
    }

    private static long frontends() {
        try (CounterReader counters = n1.counters()) {
            return counters.gauge(ConductorGauge.UPLINK_FRONTENDS);
        }
    }

    /** A socket that keeps its port: conntrack of its own would keep its endpoint. */
    @Test
    void datagramsMoveToAnotherEndpointAtOnce() throws Exception {
        TestPod c = n1.pod(3, 1);
        n1.awaitPort(c.portId, PortState.UP);
        nodePort(30053, UDP, true, onA(5353));
        try (DatagramSocket first = listen(a.namespace, a.ip, 5353);
            DatagramSocket second = listen(c.namespace, c.ip, 5353);
            DatagramSocket client = NetworkNamespace.call(out, () -> new DatagramSocket())) {
            client.connect(new InetSocketAddress(TestPod.address(node()), 30053));
            awaitDatagram(client, first);
            nodePort(30053, UDP, true, Backend.readyHere(IpAddress.ipv4(c.ip), 5353));
            awaitDatagram(client, second);
            drain(first);
            client.send(new DatagramPacket(new byte[]{42}, 1));
            second.receive(new DatagramPacket(new byte[8], 8));
            assertThrows(SocketTimeoutException.class, () -> first.receive(new DatagramPacket(new byte[8], 8)));
        }
    }

    private static DatagramSocket listen(Path namespace, int address, int port) throws Exception {
        DatagramSocket socket = NetworkNamespace.call(namespace,
            () -> new DatagramSocket(new InetSocketAddress(TestPod.address(address), port)));
        socket.setSoTimeout(200);
        return socket;
    }

    private static void awaitDatagram(DatagramSocket client, DatagramSocket server) {
        TestNetwork.await("a datagram to arrive", () -> {
            try {
                client.send(new DatagramPacket(new byte[]{42}, 1));
                server.receive(new DatagramPacket(new byte[8], 8));
                return true;
            } catch (SocketTimeoutException notYet) {
                return false;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static void drain(DatagramSocket socket) throws IOException {
        try {
            for (;;) {
                socket.receive(new DatagramPacket(new byte[8], 8));
            }
        } catch (SocketTimeoutException empty) {
            // all have been read
        }
    }

    private static void echo(Socket client, Socket server) throws Exception {
        client.getOutputStream().write(42);
        assertEquals(42, server.getInputStream().read());
        server.getOutputStream().write(43);
        assertEquals(43, client.getInputStream().read());
    }

    /** Asks over UDP; returns the address that the server saw. */
    private String ask(int to, int port, Path server, int address, int serverPort, int length) throws Exception {
        try (
            DatagramSocket listener = NetworkNamespace.call(server,
                () -> new DatagramSocket(new InetSocketAddress(TestPod.address(address), serverPort)));
            DatagramSocket client = NetworkNamespace.call(out, () -> new DatagramSocket())) {
            listener.setSoTimeout(WAIT_MILLIS);
            client.setSoTimeout(WAIT_MILLIS);
            client.connect(new InetSocketAddress(TestPod.address(to), port));
            for (int attempt = 0; attempt < 5; attempt++) {
                try {
                    client.send(new DatagramPacket(new byte[length], length));
                    DatagramPacket packet = new DatagramPacket(new byte[length], length);
                    listener.receive(packet);
                    listener.send(packet);
                    String seen = packet.getAddress().getHostAddress();
                    client.receive(packet);
                    assertEquals(length, packet.getLength());
                    return seen;
                } catch (SocketTimeoutException lost) {
                    // the next attempt
                }
            }
            return "no answer\n" + n1.report();
        }
    }

    private static String text(int ip) {
        return Ipv4Address.format(ip);
    }
}
