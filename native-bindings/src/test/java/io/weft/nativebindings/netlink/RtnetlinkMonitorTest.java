package io.weft.nativebindings.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.netlink.RtnetlinkMonitor.Group;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RtnetlinkMonitorTest {
    private static final int NETWORK = 0x0AF40200; // 10.244.2.0
    private static final int SELF = 0xC0000201; // 192.0.2.1
    private static final long MAC = 0x02AABBCCDD01L;

    private final Recorder seen = new Recorder();
    private TestNamespace node;
    private Rtnetlink rtnetlink;
    private RtnetlinkMonitor monitor;

    /** Records what a listener was told, one line per call. */
    private static final class Recorder implements RtnetlinkMonitor.Listener {
        final List<String> lines = new ArrayList<>();
        int overruns;

        @Override
        public void linkChanged(Link link) {
            lines.add("link " + link.name() + (link.isUp() ? " up" : " down") + (link.hasCarrier() ? " carrier" : ""));
        }

        @Override
        public void linkRemoved(Link link) {
            lines.add("no link " + link.name());
        }

        @Override
        public void addressAdded(Address address) {
            lines.add("address " + AddressText.prefix(address.ip(), address.prefixLength()));
        }

        @Override
        public void addressRemoved(Address address) {
            lines.add("no address " + AddressText.prefix(address.ip(), address.prefixLength()));
        }

        @Override
        public void routeChanged(Route route) {
            lines.add("route " + AddressText.prefix(route.destination(), route.prefixLength()));
        }

        @Override
        public void routeRemoved(Route route) {
            lines.add("no route " + AddressText.prefix(route.destination(), route.prefixLength()));
        }

        @Override
        public void ruleAdded(Rule rule) {
            lines.add(rule.toString());
        }

        @Override
        public void ruleRemoved(Rule rule) {
            lines.add("no " + rule);
        }

        @Override
        public void neighbourChanged(Neighbour neighbour) {
            lines.add("neighbour " + AddressText.ipv4(neighbour.ip()) + " " + AddressText.mac(neighbour.mac()));
        }

        @Override
        public void neighbourRemoved(Neighbour neighbour) {
            lines.add("no neighbour " + AddressText.ipv4(neighbour.ip()));
        }

        @Override
        public void overrun() {
            overruns++;
        }
    }

    @BeforeEach
    void createNamespace() {
        node = new TestNamespace();
        rtnetlink = node.rtnetlink;
        monitor = RtnetlinkMonitor.openIn(node.path, Group.values());
    }

    @AfterEach
    void deleteNamespace() {
        if (monitor != null) {
            monitor.close();
        }
        if (node != null) {
            node.close();
        }
    }

    @Test
    void nothingHappensWithoutChanges() {
        drain();
        assertEquals(0, monitor.drain(seen));
    }

    @Test
    void linksComeChangeAndGo() {
        Link near = rtnetlink.createVeth(VethSpec.of("near", "far"));
        awaitLines("link near down", "link far down");
        rtnetlink.setUp(near.index());
        rtnetlink.setUp(near.peerIndex());
        awaitLines("link near up carrier", "link far up carrier");
        rtnetlink.deleteLink(near.index());
        awaitLines("no link near", "no link far");
    }

    @Test
    void leavingANamespaceIsARemovalAndLeavingABridgeIsNot() {
        Link bridge = rtnetlink.createBridge("br0");
        Link near = rtnetlink.createVeth(VethSpec.of("near", "far"));
        rtnetlink.setMaster(near.index(), bridge.index());
        rtnetlink.setMaster(near.index(), 0);
        drain();
        assertTrue(seen.lines.stream().noneMatch(line -> line.startsWith("no link")), seen.lines.toString());
        try (TestNamespace other = new TestNamespace(); NetworkNamespace there = NetworkNamespace.open(other.path)) {
            rtnetlink.moveToNamespace(near.index(), there);
            awaitLines("no link near");
        }
    }

    @Test
    void addressesRoutesAndNeighboursComeAndGo() {
        int ifindex = upLink();
        rtnetlink.addAddress(ifindex, SELF, 24, Route.RT_SCOPE_UNIVERSE);
        awaitLines("address 192.0.2.1/24", "route 192.0.2.0/24");
        Route route = Route.to(NETWORK, 24).via(NETWORK, ifindex).onLink();
        rtnetlink.replaceRoute(route);
        rtnetlink.replaceNeighbour(ifindex, NETWORK, MAC);
        awaitLines("route 10.244.2.0/24", "neighbour 10.244.2.0 02:aa:bb:cc:dd:01");
        rtnetlink.deleteRoute(route);
        rtnetlink.deleteNeighbour(ifindex, NETWORK);
        awaitLines("no route 10.244.2.0/24", "no neighbour 10.244.2.0");
        rtnetlink.deleteAddress(ifindex, SELF, 24);
        awaitLines("no address 192.0.2.1/24");
    }

    @Test
    void rulesComeAndGo() {
        Rule rule = Rule.lookup(1000, 80).inputDevice(Rule.LOOPBACK).ports(6, 80, 80);
        rtnetlink.addRule(rule);
        awaitLines("rule 80: from 0.0.0.0/0 iif lo ipproto 6 dport 80 lookup 1000");
        rtnetlink.deleteRule(rule);
        awaitLines("no rule 80: from 0.0.0.0/0 iif lo ipproto 6 dport 80 lookup 1000");
    }

    @Test
    void kernelIsSilentAboutRoutesOfALinkThatWentDown() {
        int ifindex = upLink();
        rtnetlink.replaceRoute(Route.to(NETWORK, 24).device(ifindex));
        awaitLines("route 10.244.2.0/24");
        rtnetlink.setDown(ifindex);
        awaitLines("link near down");
        assertEquals(List.of(), rtnetlink.routes(Route.RT_TABLE_MAIN));
        drain();
        assertTrue(seen.lines.stream().noneMatch(line -> line.startsWith("no route 10.244")), seen.lines.toString());
    }

    @Test
    void ipv6ChangesAreSkipped() {
        int ifindex = upLink();
        node.output("ip", "addr", "add", "2001:db8::1/64", "dev", "near", "nodad");
        node.output("ip", "neigh", "add", "2001:db8::9", "lladdr", "02:aa:bb:cc:dd:09", "dev", "near");
        rtnetlink.replaceNeighbour(ifindex, NETWORK, MAC);
        awaitLines("neighbour 10.244.2.0 02:aa:bb:cc:dd:01");
        assertEquals(1, seen.lines.stream().filter(line -> line.startsWith("neighbour")).count());
    }

    @Test
    void onlyChosenGroupsAreFollowed() {
        monitor.close();
        monitor = RtnetlinkMonitor.openIn(node.path, Group.NEIGHBOUR);
        int ifindex = upLink();
        rtnetlink.replaceNeighbour(ifindex, NETWORK, MAC);
        awaitLines("neighbour 10.244.2.0 02:aa:bb:cc:dd:01");
        assertEquals(1, seen.lines.size());
    }

    @Test
    void overrunIsReportedAndLaterChangesStillArrive() {
        monitor.close();
        monitor = NetworkNamespace.call(node.path, () -> RtnetlinkMonitor.open(16 << 10, Group.values()));
        for (int i = 0; i < 100; i++) {
            rtnetlink.createVeth(VethSpec.of("near" + i, "far" + i));
        }
        drain();
        assertTrue(seen.overruns > 0);
        rtnetlink.createBridge("br0");
        awaitLines("link br0 down");
    }

    @Test
    void burstOfTenThousandChangesIsDrainedWithoutLossAndWithLittleGarbage() {
        int ifindex = upLink();
        drain();
        seen.lines.clear();
        for (int i = 0; i < 10_000; i++) {
            rtnetlink.replaceRoute(Route.to(0x0A000000 + (i << 8), 24).device(ifindex));
        }
        int[] count = new int[1];
        RtnetlinkMonitor.Listener counter = new RtnetlinkMonitor.Listener() {
            @Override
            public void routeChanged(Route route) {
                count[0]++;
            }

            @Override
            public void overrun() {
                throw new AssertionError("overrun");
            }
        };
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        Await.until("all routes were reported", () -> {
            monitor.drain(counter);
            return count[0] >= 10_000;
        });
        long perRoute = (threads.getCurrentThreadAllocatedBytes() - before) / 10_000;
        assertEquals(10_000, count[0]);
        assertTrue(perRoute < 1024, perRoute + " bytes a route");
    }

    private int upLink() {
        Link near = rtnetlink.createVeth(VethSpec.of("near", "far"));
        rtnetlink.setUp(near.index());
        rtnetlink.setUp(near.peerIndex());
        return near.index();
    }

    private void drain() {
        Await.until("no change is waiting", () -> monitor.drain(seen) == 0);
    }

    private void awaitLines(String... lines) {
        Set<String> missing = new TreeSet<>(List.of(lines));
        Await.until("the monitor reports all of " + missing, () -> {
            monitor.drain(seen);
            missing.removeAll(seen.lines);
            return missing.isEmpty();
        });
    }
}
