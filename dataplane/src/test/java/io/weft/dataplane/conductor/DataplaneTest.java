package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.*;

import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.testing.TestNode;
import io.weft.dataplane.testing.TestPod;
import io.weft.dataplane.testing.Transfer;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real dataplane process on real veths; the other end of its uplink is a plain host. */
class DataplaneTest {
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
        outsideIp = node.local.address() + 89;
        try (Rtnetlink atNode = Rtnetlink.openIn(namespace);
            NetworkNamespace far = NetworkNamespace.open(outside);
            Rtnetlink atFar = Rtnetlink.openIn(outside)) {
            Link near = atNode.createVeth(VethSpec.of("up0", "eth0").withQueues(1).withPeerNamespace(far.fd()));
            atNode.setUp(near.index());
            atNode.addAddress(near.index(), node.local.address(), 24, Route.RT_SCOPE_UNIVERSE);
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
    void podsTalkToEachOtherToTheNodeAndToTheOutside() throws Exception {
        node.start();
        TestPod a = upPod(2, 1);
        TestPod b = upPod(3, 1);

        assertReaches(a, b.ip);
        assertReaches(a, node.local.gateway());
        assertReaches(a, node.local.address());
        assertReaches(a, outsideIp);
        assertEquals(0, TestNetwork.run(node.namespace, "ping", "-c", "2", "-W", "2", text(b.ip)).exit(), node::report);
        assertEquals(text(a.ip), TestPod.askOverUdp(a.namespace, b.namespace, b.ip, 3));
        assertEquals(text(a.ip), TestPod.askOverUdp(a.namespace, node.namespace, node.local.address(), 3));
        assertEquals(text(node.local.base()), TestPod.askOverUdp(node.namespace, a.namespace, a.ip, 3));
        assertEquals(text(node.local.address()), TestPod.askOverUdp(a.namespace, outside, outsideIp, 5));
        Transfer.run(a.namespace, b.namespace, b.ip, 20 << 20);
        Transfer.run(a.namespace, outside, outsideIp, 4 << 20);
        assertEquals(0, TestPod.checksumErrors(a.namespace) + TestPod.checksumErrors(b.namespace)
            + TestPod.checksumErrors(outside));
    }

    private TestPod upPod(int host, int queues) throws Exception {
        TestPod pod = node.pod(host, queues);
        node.awaitPort(pod.portId, PortState.UP);
        return pod;
    }

    private void assertReaches(TestPod pod, int destination) throws Exception {
        TestNetwork.Output output = pod.ping(destination, 3);
        assertEquals(0, output.exit(), () -> text(destination) + ": " + output.text() + node.report());
    }

    private static String text(int ip) {
        return Ipv4Address.format(ip);
    }
}
