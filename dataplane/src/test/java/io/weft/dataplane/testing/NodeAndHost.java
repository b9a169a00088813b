package io.weft.dataplane.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.dataplane.counters.PortState;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import io.weft.nativebindings.process.ExternalCommand;
import java.nio.file.Path;

/** A {@link TestNode}, not yet started, and a plain host at the other end of its uplink, which is its default gateway. */
public final class NodeAndHost implements AutoCloseable {
    public final TestNetwork network = new TestNetwork();
    public final Path outside = network.namespace("out");
    public final TestNode node;
    public final int outsideIp;

    /** @param directory has room for the node's run directory */
    public NodeAndHost(Path directory) throws Exception {
        node = new TestNode(network, network.namespace("n1"), 1, "up0", directory);
        outsideIp = node.local.address().toInt() + 89;
        makeUplink(1);
    }

    /** Replaces the former uplink, if there is one. */
    public void makeUplink(int queues) throws Exception {
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

    public TestPod upPod(int host, int queues) throws Exception {
        TestPod pod = node.pod(host, queues);
        node.awaitPort(pod.portId, PortState.UP);
        return pod;
    }

    public void assertReaches(TestPod pod, int destination) throws Exception {
        ExternalCommand.Output output = pod.ping(destination, 3);
        assertEquals(0, output.exit(), () -> Ipv4Address.format(destination) + ": " + output.text() + node.report());
    }

    @Override
    public void close() {
        node.close();
        network.close();
    }
}
