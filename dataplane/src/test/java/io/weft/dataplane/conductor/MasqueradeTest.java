package io.weft.dataplane.conductor;

import static java.net.StandardProtocolFamily.INET;
import static org.junit.jupiter.api.Assertions.*;

import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.testing.NodeAndHost;
import io.weft.dataplane.testing.TestNode;
import io.weft.dataplane.testing.TestPod;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.NetworkNamespace;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ports of a real node for flows of its pods to the outside. */
class MasqueradeTest {
    @TempDir Path directory;

    private NodeAndHost net;
    private TestNode node;

    @BeforeEach
    void makeNode() throws Exception {
        net = new NodeAndHost(directory);
        node = net.node;
    }

    @AfterEach
    void removeNode() {
        if (net != null) {
            net.close();
        }
    }

    /** More flows than the former default had ports, within the time for which a flow holds its port. */
    @Test
    void thousandsOfShortFlowsOfOnePodAreNotLostAndDoNotBlockAnotherPod() throws Exception {
        node.set("flows.capacity", "131072").start();
        TestPod a = net.upPod(2, 1);
        TestPod b = net.upPod(3, 1);
        net.assertReaches(a, net.outsideIp);
        InetSocketAddress far = new InetSocketAddress(TestPod.address(net.outsideIp), 9000);
        try (ServerSocketChannel listener = NetworkNamespace.call(net.outside,
            () -> ServerSocketChannel.open(INET).bind(far, 4096))) {
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
        try (SocketChannel client = NetworkNamespace.call(pod.namespace, () -> SocketChannel.open(INET))) {
            client.connect(far);
            listener.accept().close();
            assertEquals(-1, client.read(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void aFloodOfOnePodLeavesPortsToAnother() throws Exception {
        node.set("flows.capacity", "131072").start();
        TestPod a = net.upPod(2, 1);
        TestPod b = net.upPod(3, 1);
        net.assertReaches(a, net.outsideIp);
        InetSocketAddress far = new InetSocketAddress(TestPod.address(net.outsideIp), 9001);
        for (int i = 0; i < 25_000; i++) {
            int port = 10_000 + i;
            try (DatagramSocket client = NetworkNamespace.call(a.namespace, () -> new DatagramSocket(port))) {
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
        TestPod a = net.upPod(2, 1);
        net.assertReaches(a, net.outsideIp);
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
        InetSocketAddress far = new InetSocketAddress(TestPod.address(net.outsideIp), 9001);
        try (DatagramSocket server = NetworkNamespace.call(net.outside, () -> new DatagramSocket(far))) {
            server.setSoTimeout(10_000);
            DatagramPacket packet = new DatagramPacket(new byte[1], 1);
            for (int i = 0; i < flows; i++) {
                try (DatagramSocket client = NetworkNamespace.call(pod.namespace, () -> new DatagramSocket())) {
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
}
