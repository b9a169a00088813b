package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.net.NamespaceThread;
import io.weft.vmlab.traffic.HttpBackend;
import io.weft.vmlab.traffic.HttpBurst;
import io.weft.vmlab.traffic.Ping;
import io.weft.vmlab.traffic.WhoAmI;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Nodes and pods reach each other with their own addresses; pods reach the outside with the node's. */
class NodeTrafficIT {
    private static final int PORT = 9000;
    private static final int HTTP_PORT = 8080;
    private static final InetSocketAddress WEB = new InetSocketAddress("10.96.0.80", 80);
    private static final int OUTSIDE_FLOWS = 2000;
    private static final int FIRST_SNAT_PORT = 10_000;
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("node", 2);
    private static Lab lab;
    private static Pod near;
    private static Pod far;

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        near = lab.node("n1").addPod("near");
        far = lab.node("n2").addPod("far");
    }

    @Test
    void aNodeReachesItsOwnPodAndRemotePodsWithAnAddressOfItsOwn() throws Exception {
        WeftNode n1 = lab.node("n1");
        Set<String> own = Set.of(n1.host().address().getHostAddress(), n1.host().podCidrBase().getHostAddress());
        for (Pod pod : List.of(near, far)) {
            String seen = ask(n1.thread(), null, pod.thread(), pod.address());
            assertTrue(own.contains(hostOf(seen)), seen);
        }
    }

    @Test
    void aNodeKeepsItsUnderlayAddressTowardsPodsWhenItBindsIt() throws Exception {
        WeftNode n1 = lab.node("n1");
        for (Pod pod : List.of(near, far)) {
            assertEquals(n1.host().address().getHostAddress(),
                hostOf(ask(n1.thread(), n1.host().address(), pod.thread(), pod.address())));
        }
    }

    /** As host-network pods and the kubelet's HTTP probes do. */
    @Test
    void aNodesOwnProcessReachesLocalAndRemotePodsThroughAClusterIp() throws Exception {
        WeftNode n1 = lab.node("n1");
        List<Manifests.Port> ports = List.of(new Manifests.Port("http", "TCP", WEB.getPort(), HTTP_PORT));
        List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(near.address(), "n1", true),
            new Manifests.Endpoint(far.address(), "n2", true));
        try (HttpBackend local = HttpBackend.start(near.thread(), "local", near.port(HTTP_PORT));
            HttpBackend remote = HttpBackend.start(far.thread(), "remote", far.port(HTTP_PORT))) {
            lab.manifests().service("web", WEB.getAddress(), ports);
            lab.manifests().endpoints("web", ports, endpoints);
            lab.awaitEndpoints(WEB, endpoints);
            HttpBurst.Result result = new HttpBurst().run(n1.thread(), WEB, 200, 4);
            assertEquals(Map.of(), result.failures());
            assertEquals(Set.of("local", "remote"), result.perBackend().keySet());
            for (HttpBackend backend : List.of(local, remote)) {
                assertEquals(Set.of(n1.host().podCidrBase().getHostAddress()), backend.clients().keySet(),
                    "the node's address towards pods and Services, seen by " + backend.name());
            }
            HttpBurst.Result probe = new HttpBurst().run(n1.thread(), near.port(HTTP_PORT), 20, 1);
            assertEquals(Map.of("local", 20), probe.perBackend(), probe.failures().toString());
        }
    }

    @Test
    void aPodReachesItsOwnNodeAndRemoteNodesWithItsOwnAddress() throws Exception {
        for (WeftNode node : lab.nodes()) {
            String seen = ask(near.thread(), null, node.thread(), node.host().address());
            assertEquals(near.address().getHostAddress(), hostOf(seen), "seen by " + node.name());
        }
    }

    @Test
    void twoThousandConnectionsToTheOutsideLiveAtOnceBehindTheNodesAddress() throws Exception {
        NamespaceThread outside = lab.outside().thread();
        InetSocketAddress target = new InetSocketAddress(lab.outside().address(), PORT);
        Set<String> sources = new HashSet<>();
        List<SocketChannel> open = new ArrayList<>();
        try (var listener = outside
            .call(() -> java.nio.channels.ServerSocketChannel.open(StandardProtocolFamily.INET).bind(target, 4096))) {
            for (int i = 0; i < OUTSIDE_FLOWS; i++) {
                SocketChannel channel = near.thread().call(() -> SocketChannel.open(StandardProtocolFamily.INET));
                open.add(channel);
                channel.connect(target);
                SocketChannel accepted = listener.accept();
                open.add(accepted);
                InetSocketAddress from = (InetSocketAddress) accepted.getRemoteAddress();
                assertEquals(near.host().address(), from.getAddress());
                assertTrue(from.getPort() >= FIRST_SNAT_PORT, from.toString());
                assertTrue(from.getPort() < 30_000 || from.getPort() >= 61_000, from.toString());
                sources.add(from.toString());
            }
            assertEquals(OUTSIDE_FLOWS, sources.size(), "every flow has a source of its own");
        } finally {
            for (SocketChannel channel : open) {
                channel.close();
            }
        }
    }

    @Test
    void pingToTheOutsideIsAnsweredAndAClosedUdpPortIsReported() throws Exception {
        Ping.run(near.thread(), lab.outside().address(), 5); // the first packets to a new neighbour may be lost
        Ping.Result result = Ping.run(near.thread(), lab.outside().address(), 20);
        assertEquals(result.sent(), result.received(), result.output());
        try (var channel = near.thread()
            .call(() -> java.nio.channels.DatagramChannel.open(StandardProtocolFamily.INET))) {
            channel.connect(new InetSocketAddress(lab.outside().address(), 9));
            channel.socket().setSoTimeout(5000);
            channel.write(java.nio.ByteBuffer.wrap(new byte[8]));
            org.junit.jupiter.api.Assertions.assertThrows(
                java.net.PortUnreachableException.class,
                () -> channel.socket().receive(new java.net.DatagramPacket(new byte[8], 8)));
        }
    }

    @Test
    void portsOfTheNodesProcessesAreNeverAllocated() throws Exception {
        WeftNode n1 = lab.node("n1");
        InetSocketAddress own = new InetSocketAddress(n1.host().address(), FIRST_SNAT_PORT + 7);
        InetSocketAddress outsidePort = new InetSocketAddress(lab.outside().address(), PORT);
        try (WhoAmI nodeServer = WhoAmI.serve(n1.thread(), own);
            WhoAmI outsideServer = WhoAmI.serve(lab.outside().thread(), outsidePort)) {
            n1.view().awaitSocketScan();
            for (int i = 0; i < 500; i++) {
                String seen = WhoAmI.ask(near.thread(), null, outsidePort);
                assertTrue(!seen.endsWith(":" + own.getPort()), seen);
            }
            assertEquals(lab.outside().address().getHostAddress(),
                hostOf(WhoAmI.ask(lab.outside().thread(), null, own)));
        }
    }

    private static String ask(NamespaceThread from, InetAddress bind, NamespaceThread to, InetAddress address)
        throws Exception {
        InetSocketAddress target = new InetSocketAddress(address, PORT);
        try (WhoAmI server = WhoAmI.serve(to, target)) {
            return WhoAmI.ask(from, bind, target);
        }
    }

    private static String hostOf(String seen) {
        return seen.substring(0, seen.indexOf(':'));
    }
}
