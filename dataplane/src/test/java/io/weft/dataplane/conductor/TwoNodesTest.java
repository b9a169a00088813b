package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.*;

import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.testing.TestNode;
import io.weft.dataplane.testing.TestPod;
import io.weft.dataplane.testing.Transfer;
import io.weft.dataplane.testing.TwoNodes;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.process.ExternalCommand;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pods and nodes of two real dataplane processes, through the tunnel. */
class TwoNodesTest {
    private static final int VIP = Ipv4Address.of("10.96.0.10");

    @TempDir private static Path directory;
    private static TwoNodes nodes;
    private static TestNode n1;
    private static TestNode n2;
    private static TestPod a;
    private static TestPod b;

    @BeforeAll
    static void start() throws Exception {
        TestNetwork.requireTool("ping");
        nodes = new TwoNodes(directory);
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

    @Test
    void podsAndNodesReachEachOtherThroughTheTunnelWithoutTranslation() throws Exception {
        ExternalCommand.Output output = a.ping(b.ip, 3);
        assertEquals(0, output.exit(), () -> output.text() + n1.report() + n2.report());
        assertEquals(text(a.ip), TestPod.askOverUdp(a.namespace, b.namespace, b.ip, 5));
        assertEquals(text(b.ip), TestPod.askOverUdp(b.namespace, a.namespace, a.ip, 5));
        assertEquals(text(n1.local.base().toInt()), TestPod.askOverUdp(n1.namespace, b.namespace, b.ip, 5));
        assertEquals(text(a.ip), TestPod.askOverUdp(a.namespace, n2.namespace, n2.local.address().toInt(), 5));
        Transfer.run(a.namespace, b.namespace, b.ip, 16 << 20);
        Transfer.run(b.namespace, a.namespace, a.ip, 16 << 20);
        assertEquals(0, TestPod.checksumErrors(a.namespace) + TestPod.checksumErrors(b.namespace));
    }

    @Test
    void serviceReachesABackendOfTheOtherNode() throws Exception {
        List<Backend> backends = List.of(Backend.ready(IpAddress.ipv4(b.ip), 8080));
        n1.tables.services()
            .put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(VIP), 80, IpProtocol.IPPROTO_TCP), "default/web:http",
                backends));
        n1.tables.commit();
        Transfer.run(a.namespace, VIP, 80, b.namespace, b.ip, 8080, 1 << 20);
        Transfer.run(n1.namespace, VIP, 80, b.namespace, b.ip, 8080, 1 << 20);
        assertEquals(0, TestPod.checksumErrors(a.namespace) + TestPod.checksumErrors(b.namespace));
    }

    @Test
    void aPeerThatIsRemovedAndAddedAgainIsReached() throws Exception {
        assertEquals(0, a.ping(b.ip, 2).exit());
        n1.tables.removePeer(0);
        n1.tables.commit();
        assertNotEquals(0, TestNetwork.run(a.namespace, "ping", "-c", "1", "-W", "1", text(b.ip)).exit());
        TwoNodes.introduce(n1, n2);
        ExternalCommand.Output output = a.ping(b.ip, 3);
        assertEquals(0, output.exit(), () -> output.text() + n1.report());
    }

    @Test
    void aChangedMacAddressOfTheNextHopIsFollowed() throws Exception {
        assertEquals(0, a.ping(b.ip, 2).exit());
        try (Rtnetlink far = Rtnetlink.openIn(n2.namespace); Rtnetlink near = Rtnetlink.openIn(n1.namespace)) {
            long mac = 0x0200_00BB_0002L;
            far.setAddress(far.link("up0").orElseThrow().index(), mac);
            near.replaceNeighbour(near.link("up0").orElseThrow().index(), n2.local.address().toInt(), mac);
        }
        ExternalCommand.Output output = a.ping(b.ip, 5);
        assertEquals(0, output.exit(), () -> output.text() + n1.report() + n2.report());
    }

    private static String text(int ip) {
        return Ipv4Address.format(ip);
    }
}
