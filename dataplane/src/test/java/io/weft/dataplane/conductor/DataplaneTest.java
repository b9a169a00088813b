package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.*;

import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.testing.NodeAndHost;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.testing.TestNode;
import io.weft.dataplane.testing.TestPod;
import io.weft.dataplane.testing.Transfer;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import io.weft.nativebindings.process.ExternalCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Start, stop and end of a real dataplane process on real veths. */
class DataplaneTest {
    /** {@code <linux/if.h>} */
    private static final int IF_OPER_UP = 6;

    @TempDir Path directory;

    private NodeAndHost net;
    private TestNode node;

    @BeforeEach
    void makeNode() throws Exception {
        TestNetwork.requireTool("ping");
        net = new NodeAndHost(directory);
        node = net.node;
    }

    @AfterEach
    void removeNode() {
        if (net != null) {
            net.close();
        }
    }

    @Test
    void killedDataplaneLeavesTheNodeReachableAndThePodsClosedUntilItIsBack() throws Exception {
        node.start();
        TestPod a = net.upPod(2, 1);
        TestPod b = net.upPod(3, 1);
        net.assertReaches(a, b.ip);
        NetworkNamespace.run(node.namespace, () -> Sysctl.write("net/ipv4/ip_forward", "1"));
        NetworkNamespace.run(node.namespace, () -> Sysctl.write("net/ipv4/conf/" + a.device() + "/forwarding", "0"));
        NetworkNamespace.run(node.namespace, () -> Sysctl.write("net/ipv4/conf/" + b.device() + "/forwarding", "0"));

        node.kill();
        assertEquals(0,
            TestNetwork.run(net.outside, "ping", "-c", "1", "-W", "2", Ipv4Address.format(node.local.address().toInt()))
                .exit());
        long before = forwarded();
        assertNotEquals(0,
            TestNetwork.run(a.namespace, "ping", "-c", "2", "-i", "0.2", "-W", "1", Ipv4Address.format(net.outsideIp))
                .exit());
        assertEquals(before, forwarded());

        node.start();
        node.awaitPort(a.portId, PortState.UP);
        node.awaitPort(b.portId, PortState.UP);
        net.assertReaches(a, b.ip);
        net.assertReaches(a, net.outsideIp);
        net.assertReaches(b, node.local.address().toInt());
    }

    @Test
    void stopLeavesTheHostAsItWas() throws Exception {
        String before = host();
        node.start();
        TestPod a = net.upPod(2, 1);
        net.assertReaches(a, net.outsideIp);
        a.unlist();
        a.deleteVeth();
        assertNotEquals(before, host());
        assertEquals(0, node.stop(), node.logText());
        assertEquals(before, host());
        assertTrue(node.logText().endsWith("stopped\n"), node.logText());
    }

    @Test
    void anotherDataplaneOfTheNamespaceKeepsItsHostLink() throws Exception {
        node.start();
        TestNode other = new TestNode(net.network, node.namespace, 1, "up0", directory.resolve("other"));
        try {
            assertRefused(other, "another dataplane uses weft-host in this network namespace");
        } finally {
            other.close();
        }
        TestPod a = net.upPod(2, 1);
        net.assertReaches(a, node.local.address().toInt());
    }

    @Test
    void aRefusedStartIsOneLineAndChangesNothing() throws Exception {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace)) {
            rtnetlink.createVeth(VethSpec.of("weft-host", "foreign0"));
            assertRefused(node, "there is a device weft-host that is not Weft's");
            rtnetlink.deleteLink("weft-host");
            int uplink = rtnetlink.link("up0").orElseThrow().index();
            rtnetlink.deleteAddress(uplink, node.local.address().toInt(), 24);
            assertRefused(node,
                "no device here has the node's address " + Ipv4Address.format(node.local.address().toInt()));
            rtnetlink.addAddress(uplink, node.local.address().toInt(), 24, Route.RT_SCOPE_UNIVERSE);
            NetworkNamespace.run(node.namespace, () -> Sysctl.write("net/ipv4/ip_local_port_range", "1024 65000"));
            assertRefused(node,
                "snat.ports: 10000-29999,61000-65535 overlaps the kernel's own ports 1024-65000 and leaves 535");
            rtnetlink.setDown(uplink);
            assertRefused(node, "uplink: device up0 is down; set it up first");
            rtnetlink.deleteLink(uplink);
            assertRefused(node, "uplink: there is no device up0");
        }
    }

    private void assertRefused(TestNode refused, String reason) throws Exception {
        String before = host();
        Path log = directory.resolve("refused.log");
        Process process = refused.launch(log);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        List<String> said = Files.readAllLines(log).stream().filter(line -> !line.contains(" INFO ")).toList();
        assertEquals(1, said.size(), said::toString);
        assertTrue(said.getFirst().startsWith("weft dataplane: " + reason), said::toString);
        assertEquals(1, process.exitValue());
        assertEquals(before, host());
    }

    @Test
    void twoWorkersForwardBetweenAllQueues() throws Exception {
        net.makeUplink(2);
        node.set("workers", "2").start();
        TestPod a = net.upPod(2, 2);
        TestPod b = net.upPod(3, 2);
        for (int i = 0; i < 8; i++) {
            Transfer.run(a.namespace, b.namespace, b.ip, 1 << 18);
            Transfer.run(node.namespace, b.namespace, b.ip, 1 << 18);
            Transfer.run(a.namespace, net.outside, net.outsideIp, 1 << 18);
        }
        try (CounterReader counters = node.counters()) {
            assertEquals(2, counters.workers());
            for (int worker = 0; worker < 2; worker++) {
                assertTrue(counters.total(worker, FrameTotal.RECEIVED) > 0, node::report);
            }
        }
        assertEquals(0, node.stop(), node.logText());
    }

    @Test
    void stopsInMidTrafficWithManyPods() throws Exception {
        node.start();
        TestPod a = net.upPod(2, 1);
        for (int host = 3; host < 33; host++) {
            node.pod(host, 1);
        }
        node.awaitPort(32, PortState.UP);
        String started = node.logText();
        Process flood = NetworkNamespace.call(a.namespace,
            ExternalCommand.of("ping", "-f", "-q", Ipv4Address.format(node.local.podCidr().base().toInt() + 3))
                .builder()::start);
        try {
            assertEquals(0, node.stop(), node.logText());
        } finally {
            flood.destroyForcibly().waitFor();
        }
        assertFalse(node.logText().substring(started.length()).contains("WARNING"), node.logText());
    }

    @Test
    void deletedUplinkOrHostLinkEndsTheProcessInOneLine() throws Exception {
        for (String device : List.of("weft-host", "up0")) {
            node.start();
            try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace)) {
                rtnetlink.deleteLink(device);
            }
            assertTrue(node.process().waitFor(30, TimeUnit.SECONDS));
            assertEquals(1, node.process().exitValue());
            assertTrue(
                node.logText().lines().anyMatch(line -> line.startsWith("weft dataplane: ") && line.contains(device)),
                node.logText());
        }
    }

    /** Packets that the node's kernel forwarded. */
    private long forwarded() throws Exception {
        String snmp = NetworkNamespace.call(node.namespace,
            () -> Files.readString(Path.of("/proc/thread-self/net/snmp")));
        List<String> rows = snmp.lines().filter(line -> line.startsWith("Ip:")).toList();
        return Long.parseLong(rows.get(1).split(" ")[List.of(rows.get(0).split(" ")).indexOf("ForwDatagrams")]);
    }

    /** The node's links, addresses, routes, permanent neighbours and settings, as soon as the kernel reports the uplink's new state. */
    private String host() throws Exception {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace)) {
            TestNetwork.await("the uplink's state", () -> rtnetlink.link("up0")
                .map(uplink -> !uplink.isUp() || uplink.operState() == IF_OPER_UP).orElse(true));
        }
        StringBuilder text = new StringBuilder();
        for (String command : List.of("ip -d link", "ip address", "ip route show table all", "sysctl net.ipv4.conf",
            "sysctl net.ipv6.conf",
            "ip neigh show nud permanent")) {
            text.append(TestNetwork.run(node.namespace, command.split(" ")).text());
        }
        return text.toString();
    }
}
