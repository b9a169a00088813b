package io.weft.dataplane.testing;

import io.weft.dataplane.counters.PortState;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.nio.file.Path;

/**
 * Two real dataplane processes that know each other, each with one pod, and a host outside the cluster, joined by a bridge. To start them takes
 * seconds, so the tests of a class share one.
 */
public final class TwoNodes implements AutoCloseable {
    public static final int OUTSIDE = Ipv4Address.of("192.0.2.200");

    public final Path out;
    public final TestNode n1;
    public final TestNode n2;
    public final TestPod a;
    public final TestPod b;
    private final TestNetwork network = new TestNetwork();

    /** @param directory has room for the nodes' run directories */
    public TwoNodes(Path directory) throws Exception {
        Path middle = network.namespace("net");
        out = network.namespace("out");
        n1 = new TestNode(network, network.namespace("n1"), 1, "up0", directory);
        n2 = new TestNode(network, network.namespace("n2"), 2, "up0", directory);
        try {
            try (Rtnetlink bridge = Rtnetlink.openIn(middle)) {
                Link master = bridge.createBridge("br0");
                bridge.setUp(master.index());
                join(bridge, master, out, OUTSIDE);
                join(bridge, master, n1.namespace, n1.local.address().toInt());
                join(bridge, master, n2.namespace, n2.local.address().toInt());
            }
            introduce(n1, n2);
            introduce(n2, n1);
            n1.start();
            n2.start();
            a = n1.pod(2, 1);
            b = n2.pod(2, 1);
            n1.awaitPort(a.portId, PortState.UP);
            n2.awaitPort(b.portId, PortState.UP);
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    private static void join(Rtnetlink bridge, Link master, Path namespace, int address) throws Exception {
        String name = "h" + (address & 0xFF);
        try (NetworkNamespace far = NetworkNamespace.open(namespace); Rtnetlink there = Rtnetlink.openIn(namespace)) {
            Link near = bridge.createVeth(VethSpec.of(name, "up0").withQueues(1).withPeerNamespace(far.fd()));
            bridge.setMaster(near.index(), master.index());
            bridge.setUp(near.index());
            int up0 = there.link("up0").orElseThrow().index();
            there.setUp(up0);
            there.addAddress(up0, address, 24, Route.RT_SCOPE_UNIVERSE);
        }
    }

    /** Tells a node of its peer. */
    public static void introduce(TestNode node, TestNode peer) {
        node.tables.putPeer(peer.asPeer(0));
        node.tables.commit();
    }

    @Override
    public void close() {
        n1.close();
        n2.close();
        network.close();
    }
}
