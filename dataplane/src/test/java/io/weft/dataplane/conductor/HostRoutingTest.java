package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.config.PortRange;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.Ethtool;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.RtnetlinkMonitor;
import io.weft.nativebindings.netlink.Rule;
import io.weft.nativebindings.netlink.VethSpec;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Tests with a real kernel, in a network namespace per test. No dataplane is bound to {@code weft-host}, as after a crash: processes of the
 * node must reach each other all the same.
 */
class HostRoutingTest {
    private static final int TCP = IpProtocol.IPPROTO_TCP;
    private static final int UDP = IpProtocol.IPPROTO_UDP;
    private static final PortRange NODE_PORTS = new PortRange(30_000, 32_767);
    private static final int NODE = Ipv4Address.of("192.0.2.11");
    private static final int SECOND = Ipv4Address.of("192.0.2.12");
    private static final int LOCALHOST = Ipv4Address.of("127.0.0.1");
    private static final int VIP = Ipv4Address.of("203.0.113.7");
    private static final LocalNode LOCAL = new LocalNode("n1", IpAddress.of("192.0.2.11"), IpPrefix.of("10.244.1.0/24"),
        IpPrefix.of("10.244.0.0/16"), IpPrefix.of("10.96.0.0/16"), 0x0200_0000_0101L,
        new Overlay(Encapsulation.VXLAN, 1, 8472), 9000, 1450, true, 61_000, 65_535);
    private static final int TCP_443 = 970_600_443;
    private static final int TCP_8080 = 970_608_080;
    private static final Rule KERNELS_LOCAL = Rule.lookup(Route.RT_TABLE_LOCAL, 0).protocol(Route.RTPROT_KERNEL);

    /** Code to run inside a namespace. */
    private interface Task {
        void run(Node node) throws Exception;
    }

    /** A node with an uplink and {@code weft-host}. */
    private record Node(Rtnetlink rtnetlink, HostRouting routing, HostRouting.Path path) {
        void update(HostFrontends frontends) {
            routing.update(frontends, path);
        }

        /** Rules as text, without the kernel's for the tables main and default. */
        List<String> rules() {
            return rtnetlink.rules().stream().filter(rule -> rule.priority() < 32_000).map(Rule::toString).sorted()
                .toList();
        }

        /** Destination and source of each route of a table. */
        Set<String> routes(int table) {
            return new TreeSet<>(rtnetlink.routes(table).stream()
                .map(route -> Ipv4Address.format(route.destination()) + " from " + Ipv4Address.format(route.source()))
                .toList());
        }
    }

    @BeforeEach
    void needsRoot() {
        TestNetwork.requireRoot();
    }

    private static void onNode(Task task) throws Exception {
        NetworkNamespace.callInNew(() -> {
            try (Rtnetlink rtnetlink = Rtnetlink.open(); Ethtool ethtool = Ethtool.open()) {
                rtnetlink.setUp(1);
                Link uplink = rtnetlink.createVeth(VethSpec.of("up0", "far0"));
                rtnetlink.setUp(uplink.index());
                rtnetlink.setUp(uplink.peerIndex());
                rtnetlink.addAddress(uplink.index(), NODE, 24, Route.RT_SCOPE_UNIVERSE);
                rtnetlink.addAddress(uplink.index(), SECOND, 24, Route.RT_SCOPE_UNIVERSE);
                HostLink host = new HostLink(rtnetlink, ethtool);
                host.open(1, 1500);
                host.configure(LOCAL);
                task.run(new Node(rtnetlink, new HostRouting(rtnetlink), host.path(LOCAL)));
            }
            return null;
        });
    }

    private static HostFrontends.Builder frontends() {
        return new HostFrontends.Builder(NODE_PORTS, Set.of(NODE), Set.of(NODE, SECOND, LOCALHOST));
    }

    @Test
    void rulesAndRoutesComeWithTheFrontendsAndGoWithThem() throws Exception {
        onNode(node -> {
            List<Rule> before = node.rtnetlink.rules();
            node.update(frontends().build());
            assertEquals(before, node.rtnetlink.rules(), "nothing changes on a node without such frontends");
            node.update(frontends().nodePort().hostPort(0, TCP, 8080).hostPort(SECOND, UDP, 53)
                .frontend(VIP, TCP, 443).frontend(NODE, TCP, 443).build());
            assertEquals(List.of(
                "rule 80: from 0.0.0.0/0 iif lo ipproto 17 dport 30000-32767 lookup 970000000",
                "rule 80: from 0.0.0.0/0 iif lo ipproto 17 dport 53 lookup 971700053",
                "rule 80: from 0.0.0.0/0 iif lo ipproto 6 dport 30000-32767 lookup 970000000",
                "rule 80: from 0.0.0.0/0 iif lo ipproto 6 dport 443 lookup 970600443",
                "rule 80: from 0.0.0.0/0 iif lo ipproto 6 dport 8080 lookup 970608080",
                "rule 90: from 0.0.0.0/0 lookup 255"), node.rules());
            assertEquals(Set.of("192.0.2.11 from 192.0.2.11"), node.routes(HostRouting.NODE_PORT_TABLE));
            assertEquals(
                Set.of("127.0.0.1 from 127.0.0.1", "192.0.2.11 from 192.0.2.11", "192.0.2.12 from 192.0.2.12"),
                node.routes(TCP_8080));
            assertEquals(Set.of("192.0.2.12 from 192.0.2.12"), node.routes(971_700_053));
            assertEquals(Set.of("192.0.2.11 from 192.0.2.11", "203.0.113.7 from 10.244.1.0"), node.routes(TCP_443));
            node.update(frontends().hostPort(0, TCP, 8080).build());
            assertEquals(List.of("rule 80: from 0.0.0.0/0 iif lo ipproto 6 dport 8080 lookup 970608080",
                "rule 90: from 0.0.0.0/0 lookup 255"), node.rules());
            assertEquals(Set.of(), node.routes(TCP_443));
            node.routing.close();
            assertEquals(before, node.rtnetlink.rules());
            assertEquals(Set.of(), node.routes(TCP_8080));
            assertEquals("", node.routing.complaint());
        });
    }

    @Test
    void aSuccessorAdoptsWhatItNeedsAndRemovesTheRest() throws Exception {
        onNode(node -> {
            List<Rule> before = node.rtnetlink.rules();
            node.update(frontends().nodePort().hostPort(0, TCP, 8080).frontend(VIP, TCP, 443).build());
            try (RtnetlinkMonitor monitor = RtnetlinkMonitor.open(RtnetlinkMonitor.Group.RULE,
                RtnetlinkMonitor.Group.ROUTE)) {
                Node successor = new Node(node.rtnetlink, new HostRouting(node.rtnetlink), node.path);
                successor.update(frontends().nodePort().hostPort(0, TCP, 8081).build());
                Changes changes = new Changes();
                monitor.drain(changes);
                assertEquals(4, changes.added, "only the new port: a rule and three addresses");
                assertEquals(6, changes.removed, "the former port, and the other address with its rule");
                successor.routing.close();
            }
            assertEquals(before, node.rtnetlink.rules());
            node.update(HostFrontends.none(NODE_PORTS));
            new HostRouting(node.rtnetlink).update(HostFrontends.none(NODE_PORTS), node.path);
            assertEquals(before, node.rtnetlink.rules());
        });
    }

    private static final class Changes implements RtnetlinkMonitor.Listener {
        int added;
        int removed;

        @Override
        public void ruleAdded(Rule rule) {
            added++;
        }

        @Override
        public void ruleRemoved(Rule rule) {
            removed++;
        }

        @Override
        public void routeChanged(Route route) {
            added++;
        }

        @Override
        public void routeRemoved(Route route) {
            removed++;
        }

        @Override
        public void overrun() {
            throw new AssertionError("changes are lost");
        }
    }

    @Test
    void theFirstUpdateWithoutFrontendsRemovesWhatAPredecessorHasLeft() throws Exception {
        onNode(node -> {
            List<Rule> before = node.rtnetlink.rules();
            node.update(frontends().nodePort().hostPort(0, TCP, 8080).frontend(VIP, TCP, 443).build());
            new HostRouting(node.rtnetlink).update(HostFrontends.none(NODE_PORTS), node.path);
            assertEquals(before, node.rtnetlink.rules());
            assertEquals(Set.of(), node.routes(TCP_443));
        });
    }

    @Test
    void processesOfTheNodeReachEachOtherWithoutADataplane() throws Exception {
        onNode(node -> {
            for (String reversePathFilter : List.of("0", "1")) {
                Sysctl.write("net/ipv4/conf/all/rp_filter", reversePathFilter);
                node.update(HostFrontends.none(NODE_PORTS));
                assertReachable(NODE, 30_500);
                node.update(frontends().nodePort().hostPort(0, TCP, 8080).hostPort(0, UDP, 8080).build());
                assertReachable(NODE, 30_500);
                assertReachable(LOCALHOST, 30_500);
                assertReachable(NODE, 8080);
                assertReachable(LOCALHOST, 8080);
                assertReachable(NODE, 22);
                assertTrue(packets() > 0, "the packets have passed weft-host");
            }
        });
    }

    /** TCP and UDP to a listener, from the address itself, and a refused connection to a port without one. */
    private static void assertReachable(int ip, int port) throws Exception {
        InetSocketAddress at = new InetSocketAddress(InetAddress.getByName(Ipv4Address.format(ip)), port);
        try (ServerSocket listener = new ServerSocket(port); Socket client = new Socket()) {
            client.connect(at, 10_000);
            try (Socket accepted = listener.accept()) {
                assertEquals(at.getAddress(), accepted.getInetAddress(), "the client's address");
                byte[] data = new byte[200_000];
                Thread sender = Thread.ofVirtual().start(() -> send(client, data));
                assertEquals(data.length, accepted.getInputStream().readNBytes(data.length).length);
                sender.join();
            }
        }
        try (Socket client = new Socket()) {
            assertThrows(ConnectException.class, () -> client.connect(at, 10_000));
        }
        try (DatagramSocket server = new DatagramSocket(port); DatagramSocket client = new DatagramSocket()) {
            byte[] data = new byte[5000];
            client.send(new DatagramPacket(data, data.length, at));
            DatagramPacket got = new DatagramPacket(new byte[9000], 9000);
            server.setSoTimeout(10_000);
            server.receive(got);
            assertEquals(data.length, got.getLength());
            server.send(new DatagramPacket(data, data.length, got.getSocketAddress()));
            client.setSoTimeout(10_000);
            client.receive(got);
            assertEquals(at, got.getSocketAddress());
        }
    }

    private static void send(Socket to, byte[] data) {
        try {
            to.getOutputStream().write(data);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static long packets() throws Exception {
        return Long.parseLong(java.nio.file.Files.readString(
            java.nio.file.Path.of("/proc/thread-self/net/dev")).lines()
            .filter(line -> line.strip().startsWith("weft-host0:"))
            .findFirst().orElseThrow().strip().split("[: ]+")[2]);
    }

    /** The SSH server's port is in no rule; one connection lives through every change. */
    @Test
    void aConnectionToAnotherPortIsNotInterrupted() throws Exception {
        onNode(node -> {
            InetAddress own = InetAddress.getByName(Ipv4Address.format(NODE));
            try (ServerSocket listener = new ServerSocket(22, 1, own);
                Socket client = new Socket(own, 22);
                Socket accepted = listener.accept()) {
                HostFrontends some = frontends().nodePort().hostPort(0, TCP, 8080).build();
                HostFrontends others = frontends().frontend(VIP, TCP, 443).frontend(NODE, TCP, 9000).build();
                for (int round = 0; round < 20; round++) {
                    for (HostFrontends each : List.of(some, others, HostFrontends.none(NODE_PORTS))) {
                        node.update(each);
                        assertEcho(client, accepted);
                        assertTrue(node.rtnetlink.lookup(NODE).orElseThrow().type() == Route.RTN_LOCAL);
                    }
                }
                node.update(some);
                node.routing.close();
                assertEcho(client, accepted);
            }
        });
    }

    private static void assertEcho(Socket client, Socket accepted) throws Exception {
        byte[] word = {1, 2, 3};
        client.setSoTimeout(10_000);
        accepted.setSoTimeout(10_000);
        client.getOutputStream().write(word);
        assertArrayEquals(word, accepted.getInputStream().readNBytes(word.length));
        accepted.getOutputStream().write(word);
        assertArrayEquals(word, client.getInputStream().readNBytes(word.length));
    }

    @Test
    void whatSomebodyElseDeletesIsInstalledAgain() throws Exception {
        onNode(node -> {
            node.update(frontends().nodePort().hostPort(0, TCP, 8080).build());
            List<String> rules = node.rules();
            Set<String> routes = node.routes(TCP_8080);
            try (RtnetlinkMonitor monitor = RtnetlinkMonitor.open(RtnetlinkMonitor.Group.RULE,
                RtnetlinkMonitor.Group.ROUTE)) {
                node.rtnetlink.rules().stream().filter(rule -> rule.priority() <= 90)
                    .forEach(node.rtnetlink::deleteRule);
                node.rtnetlink.routes(TCP_8080).forEach(node.rtnetlink::deleteRoute);
                deliver(monitor, node.routing);
                node.routing.retry();
                assertEquals(rules, node.rules());
                assertEquals(routes, node.routes(TCP_8080));
                node.rtnetlink.addRule(KERNELS_LOCAL);
                deliver(monitor, node.routing);
                node.routing.retry();
                assertEquals(rules, node.rules(), "the local table comes after Weft's rules again");
            }
        });
    }

    private static void deliver(RtnetlinkMonitor monitor, HostRouting routing) {
        monitor.drain(new RtnetlinkMonitor.Listener() {
            @Override
            public void ruleAdded(Rule rule) {
                routing.ruleAdded(rule);
            }

            @Override
            public void ruleRemoved(Rule rule) {
                routing.ruleRemoved(rule);
            }

            @Override
            public void routeRemoved(Route route) {
                routing.routeRemoved(route);
            }

            @Override
            public void overrun() {
                routing.invalidate();
            }
        });
    }

    @Test
    void aLocalRuleThatComesFirstIsReportedAndKept() throws Exception {
        onNode(node -> {
            Rule foreign = KERNELS_LOCAL.priority(10);
            node.rtnetlink.addRule(foreign);
            node.rtnetlink.deleteRule(KERNELS_LOCAL);
            node.update(frontends().nodePort().build());
            assertEquals(
                "processes of the node do not reach NodePorts and hostPorts: rule 10: from 0.0.0.0/0 lookup 255"
                    + " comes before Weft's rules of priority 80",
                node.routing.complaint());
            node.routing.close();
            assertEquals(List.of(foreign.toString()), node.rules());
        });
    }

    @Test
    void anAddressThatTheNodeHasLostIsReportedAndTriedAgain() throws Exception {
        onNode(node -> {
            int lost = Ipv4Address.of("192.0.2.99");
            HostFrontends frontends = new HostFrontends.Builder(NODE_PORTS, Set.of(NODE, lost), Set.of(NODE)).nodePort()
                .build();
            node.update(frontends);
            assertTrue(node.routing.complaint().contains("192.0.2.99"), node.routing.complaint());
            assertEquals(Set.of("192.0.2.11 from 192.0.2.11"), node.routes(HostRouting.NODE_PORT_TABLE));
            node.rtnetlink.addAddress(node.rtnetlink.link("up0").orElseThrow().index(), lost, 24,
                Route.RT_SCOPE_UNIVERSE);
            node.routing.retry();
            assertEquals("", node.routing.complaint());
            assertEquals(2, node.routes(HostRouting.NODE_PORT_TABLE).size());
        });
    }

    @Test
    void portsByWhichTheNodeIsManagedAreNeverTakenFromIt() throws Exception {
        onNode(node -> {
            List<Rule> before = node.rtnetlink.rules();
            node.update(frontends().hostPort(0, TCP, 22).hostPort(NODE, TCP, 10_250).frontend(NODE, TCP, 6443).build());
            assertEquals(before, node.rtnetlink.rules());
            node.update(frontends().frontend(VIP, TCP, 6443).frontend(NODE, TCP, 6443).build());
            assertEquals(Set.of("203.0.113.7 from 10.244.1.0"), node.routes(970_606_443));
        });
    }

    @Test
    void theNumberOfRulesIsBounded() throws Exception {
        onNode(node -> {
            HostFrontends.Builder many = frontends().nodePort();
            for (int port = 1; port <= 300; port++) {
                many.hostPort(0, TCP, 11_000 + port);
            }
            node.update(many.build());
            assertEquals(HostRouting.MAX_RULES + 1, node.rules().size());
            assertTrue(node.routing.complaint().startsWith("46 ports of the node are not served"),
                node.routing.complaint());
            assertEquals(2, Stream.of(TCP, UDP).filter(protocol -> node.rules().contains(
                "rule 80: from 0.0.0.0/0 iif lo ipproto " + protocol + " dport 30000-32767 lookup 970000000")).count());
        });
    }
}
