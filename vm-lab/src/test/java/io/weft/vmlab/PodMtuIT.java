package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.net.NamespaceThread;
import io.weft.vmlab.traffic.BulkTransfer;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pods of one node exchange long packets; to all other destinations packets must fit the tunnel, and senders of longer ones are notified. */
class PodMtuIT {
    private static final int LONG_MTU = 65_200;
    /** Headers of IPv4 and TCP, with timestamps; the segment size that ss shows excludes them. */
    private static final int TCP_HEADERS = 52;
    private static final int ICMP_HEADERS = 28;
    private static final int PORT = 5001;
    private static final InetSocketAddress SERVICE = new InetSocketAddress("10.96.0.31", 80);
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("mtu", 2).withKernelPeer().needing("ping",
        "ss");
    private static Lab lab;
    private static Pod near;
    private static Pod neighbour;
    private static Pod far;

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        near = lab.node("n1").addPod("near");
        neighbour = lab.node("n1").addPod("neighbour");
        far = lab.node("n2").addPod("far");
    }

    @Test
    void tcpAnnouncesTheSegmentSizeOfEachPath() throws Exception {
        assertEquals(LONG_MTU - TCP_HEADERS, segmentSize(near, neighbour, neighbour.port(PORT)));
        assertEquals(LabPlan.POD_MTU - TCP_HEADERS, segmentSize(near, far, far.port(PORT)));
        assertEquals(LabPlan.POD_MTU - TCP_HEADERS, segmentSize(far, near, near.port(PORT)));
        Pod kernelPod = lab.kernelNode().orElseThrow().pod();
        assertEquals(LabPlan.POD_MTU - TCP_HEADERS, segmentSize(near, kernelPod, kernelPod.port(PORT)));
        assertEquals(LabPlan.POD_MTU - TCP_HEADERS, segmentSize(kernelPod, near, near.port(PORT)));
    }

    @Test
    void aServiceCountsAsRemoteEvenIfItsBackendIsLocal() throws Exception {
        List<Manifests.Port> ports = List.of(new Manifests.Port("mtu", "TCP", SERVICE.getPort(), PORT));
        lab.manifests().service("mtu", SERVICE.getAddress(), ports);
        List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(neighbour.address(), "n1", true));
        lab.manifests().endpoints("mtu", ports, endpoints);
        lab.awaitEndpoints(SERVICE, endpoints);
        assertEquals(LabPlan.POD_MTU - TCP_HEADERS, segmentSize(near, neighbour, SERVICE));
        BulkTransfer.Result result = new BulkTransfer().run(near.thread(), neighbour.thread(), neighbour.port(PORT),
            SERVICE, 16 << 20);
        assertTrue(result.intact(), result.toString());
    }

    /** The segment size that the client announced (advmss), which only the client's kernel shows. */
    private static int segmentSize(Pod client, Pod server, InetSocketAddress target) throws Exception {
        try (
            ServerSocketChannel listener = server.thread()
                .call(() -> ServerSocketChannel.open().bind(server.port(PORT)));
            SocketChannel socket = client.thread().call(SocketChannel::open)) {
            socket.socket().connect(target, 10_000);
            try (SocketChannel accepted = listener.accept()) {
                assertTrue(accepted.isConnected());
                String text = client.thread().call(ExternalCommand.of("ss", "-tin", "dst",
                    target.getAddress().getHostAddress() + ":" + target.getPort())::run).text();
                Matcher announced = Pattern.compile(" advmss:(\\d+)").matcher(text);
                assertTrue(announced.find(), text);
                return Integer.parseInt(announced.group(1));
            }
        }
    }

    @Test
    void longEchoesPassOnTheNodeUnfragmented() throws Exception {
        assertAnswered(near.thread(), neighbour.address(), LONG_MTU - ICMP_HEADERS);
        assertAnswered(near.thread(), InetAddress.getByName("10.244.1.1"), LONG_MTU - ICMP_HEADERS);
        assertAnswered(lab.node("n1").thread(), near.address(), LONG_MTU - ICMP_HEADERS);
    }

    @Test
    void echoesToAnotherNodePassUpToTheTunnelsMtu() throws Exception {
        int max = LabPlan.POD_MTU - ICMP_HEADERS;
        Pod kernelPod = lab.kernelNode().orElseThrow().pod();
        for (InetAddress target : List.of(far.address(), kernelPod.address())) {
            assertAnswered(near.thread(), target, max);
            ExternalCommand.Output refused = ping(near.thread(), target, max + 1, 1);
            assertTrue(refused.exit() != 0 && refused.text().contains("mtu=" + LabPlan.POD_MTU), refused.text());
        }
        assertAnswered(lab.node("n1").thread(), far.address(), max);
    }

    @Test
    void aSenderThatIgnoresTheRoutesMtuGetsAnIcmpError() throws Exception {
        near.thread().call(() -> {
            try (Rtnetlink rtnetlink = Rtnetlink.open()) {
                int ifindex = rtnetlink.link("eth0").orElseThrow().index();
                rtnetlink.replaceRoute(Route.to(Ipv4Address.of(far.address().getHostAddress()), 32)
                    .via(Ipv4Address.of("10.244.1.1"), ifindex).onLink());
                return null;
            }
        });
        ExternalCommand.Output told = ping(near.thread(), far.address(), 5000, 3);
        assertTrue(told.text().contains("mtu = " + LabPlan.POD_MTU) || told.text().contains("mtu=" + LabPlan.POD_MTU),
            told.text());
        BulkTransfer.Result result = new BulkTransfer().run(near.thread(), far.thread(), far.port(PORT), far.port(PORT),
            8 << 20);
        assertTrue(result.intact(), result.toString());
    }

    @Test
    void datagramsOfAllLengthsArriveOnTheNodeAndOffIt() throws Exception {
        Pod kernelPod = lab.kernelNode().orElseThrow().pod();
        for (Pod target : List.of(neighbour, far, kernelPod)) {
            for (int length : new int[]{1, 1422, 1423, 3798, 3799, 9000, 30_000, LONG_MTU - 28, 60_000, 65_507}) {
                assertArrives(near, target, length);
                assertArrives(target, near, length);
            }
        }
        for (Pod pod : List.of(near, neighbour, far, kernelPod)) {
            assertEquals(0, PodCounters.checksumErrors(pod.thread()), pod.name());
        }
    }

    private static void assertArrives(Pod from, Pod to, int length) throws Exception {
        byte[] content = new byte[length];
        new Random(length).nextBytes(content);
        try (DatagramSocket there = to.thread().call(() -> new DatagramSocket(to.port(PORT)));
            DatagramSocket here = from.thread().call(() -> new DatagramSocket(from.port(0)))) {
            there.setSoTimeout(10_000);
            here.setSendBufferSize(1 << 18);
            here.send(new DatagramPacket(content, length, to.port(PORT)));
            DatagramPacket received = new DatagramPacket(new byte[1 << 16], 1 << 16);
            there.receive(received);
            assertArrayEquals(content, Arrays.copyOf(received.getData(), received.getLength()),
                length + " bytes from " + from.name() + " to " + to.name());
        }
    }

    private static void assertAnswered(NamespaceThread from, InetAddress target, int payload) throws Exception {
        ExternalCommand.Output output = ping(from, target, payload, 2);
        assertEquals(0, output.exit(), output.text());
    }

    private static ExternalCommand.Output ping(NamespaceThread from, InetAddress target, int payload, int count)
        throws Exception {
        return from.call(ExternalCommand.of("ping", "-n", "-M", "do", "-c", Integer.toString(count), "-i", "0.2", "-W",
            "5", "-s", Integer.toString(payload), target.getHostAddress())::run);
    }
}
