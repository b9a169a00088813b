package io.weft.nativebindings.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RtnetlinkRouteTest {
    private static final int SELF = 0xC0000201; // 192.0.2.1
    private static final int ROUTER = 0xC00002FE;
    private static final int POD_NETWORK = 0x0AF40200; // 10.244.2.0
    private static final int POD_BASE = 0x0AF40100;

    private TestNamespace node;
    private TestNamespace peer;
    private Rtnetlink rtnetlink;
    private int uplink;

    @BeforeEach
    void createUplink() {
        node = new TestNamespace();
        peer = new TestNamespace();
        rtnetlink = node.rtnetlink;
        try (NetworkNamespace namespace = NetworkNamespace.open(peer.path)) {
            Link link = rtnetlink.createVeth(VethSpec.of("uplink", "eth0").withPeerNamespace(namespace.fd()));
            uplink = link.index();
            peer.rtnetlink.setUp(link.peerIndex());
            peer.rtnetlink.addAddress(link.peerIndex(), ROUTER, 24, Route.RT_SCOPE_UNIVERSE);
        }
        rtnetlink.setUp(uplink);
        rtnetlink.addAddress(uplink, SELF, 24, Route.RT_SCOPE_UNIVERSE);
    }

    @AfterEach
    void deleteNamespaces() {
        if (node != null) {
            node.close();
        }
        if (peer != null) {
            peer.close();
        }
    }

    @Test
    void listsAddressesOfOneDeviceAndOfAll() {
        List<Address> addresses = rtnetlink.addresses(uplink);
        assertEquals(
            List.of(new Address(uplink, SELF, SELF, 24, Route.RT_SCOPE_UNIVERSE, 0x80, "uplink")), addresses);
        assertTrue(rtnetlink.addresses().containsAll(addresses));
        assertTrue(rtnetlink.addresses().stream().anyMatch(address -> address.ip() == 0x7F000001));
    }

    @Test
    void addressesAreAddedAndDeleted() {
        rtnetlink.addAddress(uplink, POD_BASE, 32, Route.RT_SCOPE_LINK);
        assertTrue(node.output("ip", "-4", "-o", "addr").contains("10.244.1.0/32 scope link uplink"));
        LinuxException twice = assertThrows(
            LinuxException.class, () -> rtnetlink.addAddress(uplink, POD_BASE, 32, Route.RT_SCOPE_LINK));
        assertEquals(Errno.EEXIST, twice.errno());
        assertTrue(twice.getMessage().startsWith("add address 10.244.1.0/32 to ifindex " + uplink + ": EEXIST (17)"));
        rtnetlink.replaceAddress(uplink, POD_BASE, 32, Route.RT_SCOPE_LINK);
        assertTrue(rtnetlink.deleteAddress(uplink, POD_BASE, 32));
        assertFalse(rtnetlink.deleteAddress(uplink, POD_BASE, 32));
        assertFalse(rtnetlink.deleteAddress(4711, POD_BASE, 32));
    }

    @Test
    void aRouteThatIsThereIsNotAddedAgain() {
        Route route = Route.to(POD_NETWORK, 24).via(ROUTER, uplink);
        rtnetlink.addRoute(route);
        LinuxException twice = assertThrows(LinuxException.class,
            () -> rtnetlink.addRoute(Route.to(POD_NETWORK, 24).device(uplink)));
        assertEquals(Errno.EEXIST, twice.errno());
        assertEquals(ROUTER, mainRoute(POD_NETWORK).gateway());
    }

    @Test
    void rulesAreAddedAndDeletedAndChooseTheTable() {
        Rule rule = Rule.lookup(1000, 900).from(POD_BASE, 32);
        rtnetlink.addRule(rule);
        assertTrue(node.output("ip", "rule").contains("900:\tfrom 10.244.1.0 lookup 1000"));
        assertTrue(rtnetlink.rules().contains(rule));
        assertTrue(rtnetlink.rules().contains(Rule.lookup(Route.RT_TABLE_MAIN, 32766).protocol(Route.RTPROT_KERNEL)));
        assertEquals(Errno.EEXIST, assertThrows(LinuxException.class, () -> rtnetlink.addRule(rule)).errno());
        assertFalse(rtnetlink.deleteRule(Rule.lookup(1001, 900).from(POD_BASE, 32)));
        assertTrue(rtnetlink.deleteRule(rule));
        assertFalse(rtnetlink.deleteRule(rule));
        assertFalse(rtnetlink.rules().contains(rule));
    }

    @Test
    void rulesSelectByDestinationDeviceProtocolAndPorts() {
        Rule range = Rule.lookup(1000, 80).inputDevice(Rule.LOOPBACK).ports(6, 30_000, 32_767)
            .protocol(Route.RTPROT_KERNEL);
        Rule single = Rule.lookup(1000, 80).inputDevice(Rule.LOOPBACK).to(SELF, 32).ports(17, 53, 53);
        rtnetlink.addRule(range);
        rtnetlink.addRule(single);
        String shown = node.output("ip", "rule");
        assertTrue(shown.contains("80:\tfrom all iif lo ipproto tcp dport 30000-32767 lookup 1000"), shown);
        assertTrue(shown.contains("80:\tfrom all to 192.0.2.1 iif lo ipproto udp dport 53 lookup 1000"), shown);
        assertTrue(rtnetlink.rules().containsAll(List.of(range, single)));
        assertEquals("rule 80: from 0.0.0.0/0 to 192.0.2.1/32 iif lo ipproto 17 dport 53 lookup 1000",
            single.toString());
        assertTrue(rtnetlink.deleteRule(range));
        assertFalse(rtnetlink.rules().contains(range));
        assertTrue(rtnetlink.rules().contains(single));
    }

    @Test
    void aRuleWithOtherSelectorsIsNotTakenForOneWithout() {
        node.output("ip", "rule", "add", "pref", "50", "fwmark", "7", "lookup", "1000");
        node.output("ip", "rule", "add", "pref", "51", "not", "from", "10.0.0.0/8", "lookup", "1000");
        node.output("ip", "rule", "add", "pref", "52", "lookup", "1000", "suppress_prefixlength", "0");
        List<Rule> read = rtnetlink.rules().stream().filter(rule -> rule.table() == 1000).toList();
        assertEquals(3, read.size());
        assertTrue(read.stream().allMatch(Rule::hasMore), read::toString);
        assertTrue(read.stream().noneMatch(Rule::isForAll), read::toString);
        assertThrows(IllegalArgumentException.class, () -> rtnetlink.addRule(read.getFirst()));
    }

    @Test
    void theLocalTablesRuleMovesBehindAnother() {
        Rule first = Rule.lookup(Route.RT_TABLE_LOCAL, 0).protocol(Route.RTPROT_KERNEL);
        assertTrue(rtnetlink.rules().contains(first) && first.isForAll(), () -> rtnetlink.rules().toString());
        rtnetlink.addRule(first.priority(90));
        assertTrue(rtnetlink.deleteRule(first));
        assertEquals(List.of(first.priority(90)),
            rtnetlink.rules().stream().filter(rule -> rule.table() == Route.RT_TABLE_LOCAL).toList());
        rtnetlink.addRule(first);
        assertTrue(rtnetlink.deleteRule(first.priority(90)));
        assertTrue(rtnetlink.rules().contains(first));
    }

    @Test
    void readsAVethsPeerAndItsAddressesAcrossNamespaces() {
        Link link = rtnetlink.link(uplink).orElseThrow();
        assertEquals("eth0", rtnetlink.peer(link).orElseThrow().name());
        assertEquals(List.of(ROUTER), rtnetlink.peerAddresses(link).stream().map(Address::ip).toList());
        Link near = rtnetlink.createVeth(VethSpec.of("both", "here"));
        rtnetlink.addAddress(near.peerIndex(), SELF + 1, 32, Route.RT_SCOPE_UNIVERSE);
        assertEquals("here", rtnetlink.peer(near).orElseThrow().name());
        assertEquals(List.of(SELF + 1), rtnetlink.peerAddresses(near).stream().map(Address::ip).toList());
        assertEquals(Optional.empty(), rtnetlink.peer(rtnetlink.link("lo").orElseThrow()));
    }

    @Test
    void readsTheRouteThatAnAddressAdds() {
        Route prefix = mainRoute(0xC0000200);
        assertEquals(24, prefix.prefixLength());
        assertEquals(Route.RTPROT_KERNEL, prefix.protocol());
        assertEquals(Route.RT_SCOPE_LINK, prefix.scope());
        assertEquals(SELF, prefix.source());
        assertEquals(uplink, prefix.ifindex());
        assertEquals(0, prefix.gateway());
    }

    @Test
    void installsFlannelRouteOnLink() {
        rtnetlink.addAddress(uplink, POD_BASE, 32, Route.RT_SCOPE_UNIVERSE);
        Route route = Route.to(POD_NETWORK, 24).via(POD_NETWORK, uplink).onLink().source(POD_BASE).metric(7).mtu(1450);
        rtnetlink.replaceRoute(route);
        assertEquals(route, mainRoute(POD_NETWORK));
        String shown = node.output("ip", "route");
        assertTrue(shown.contains(
            "10.244.2.0/24 via 10.244.2.0 dev uplink proto static src 10.244.1.0 metric 7 onlink mtu 1450"), shown);
        assertTrue(rtnetlink.deleteRoute(route));
        assertFalse(rtnetlink.deleteRoute(route));
    }

    @Test
    void replacesRouteOfSamePrefix() {
        rtnetlink.replaceRoute(Route.to(POD_NETWORK, 24).via(ROUTER, uplink));
        rtnetlink.replaceRoute(Route.to(POD_NETWORK, 24).device(uplink));
        assertEquals(List.of(Route.to(POD_NETWORK, 24).device(uplink)), routesTo(POD_NETWORK));
    }

    @Test
    void deletesByPrefixAlone() {
        rtnetlink.replaceRoute(Route.to(POD_NETWORK, 24).device(uplink));
        assertTrue(rtnetlink.deleteRoute(Route.to(POD_NETWORK, 24)));
        assertEquals(List.of(), routesTo(POD_NETWORK));
        assertFalse(rtnetlink.deleteRoute(Route.to(0xC0000200, 24)), "the kernel's own has another protocol");
    }

    @Test
    void routeReadWhileItsPeerIsDownCanBeWrittenAgain() {
        Route route = Route.to(POD_NETWORK, 24).via(ROUTER, uplink);
        rtnetlink.replaceRoute(route);
        peer.rtnetlink.setDown(peer.rtnetlink.link("eth0").orElseThrow().index());
        Await.until("the carrier is lost", () -> !mainRoute(POD_NETWORK).nextHops().getFirst().isUsable());
        rtnetlink.replaceRoute(mainRoute(POD_NETWORK).metric(9));
        assertEquals(2, routesTo(POD_NETWORK).size());
    }

    @Test
    void findsTheDeviceThatReachesARouter() {
        rtnetlink.replaceRoute(Route.to(POD_NETWORK, 24).via(ROUTER, 0));
        assertEquals(uplink, mainRoute(POD_NETWORK).ifindex());
    }

    @Test
    void hostBitsInAPrefixAreRefused() {
        LinuxException refused = assertThrows(
            LinuxException.class, () -> rtnetlink.replaceRoute(Route.to(POD_NETWORK + 1, 24).device(uplink)));
        assertTrue(refused.getMessage().endsWith("The kernel says: Invalid prefix for given prefix length"),
            refused.getMessage());
    }

    @Test
    void unreachableRouterIsExplained() {
        LinuxException refused = assertThrows(
            LinuxException.class, () -> rtnetlink.replaceRoute(Route.to(POD_NETWORK, 24).via(POD_NETWORK, uplink)));
        assertEquals(Errno.ENETUNREACH, refused.errno());
        assertEquals(
            "replace route to 10.244.2.0/24 via 10.244.2.0 on ifindex " + uplink
                + ": ENETUNREACH (101) Network is unreachable. The kernel says: Nexthop has invalid gateway",
            refused.getMessage());
    }

    @Test
    void keepsTablesApart() {
        Route route = Route.to(POD_NETWORK, 24).via(ROUTER, uplink).table(1000);
        assertEquals(List.of(), rtnetlink.routes(1000));
        rtnetlink.replaceRoute(route);
        assertEquals(List.of(route), rtnetlink.routes(1000));
        assertEquals(List.of(), routesTo(POD_NETWORK));
        assertTrue(rtnetlink.routes(0).contains(route));
        assertTrue(rtnetlink.deleteRoute(route));
        assertEquals(List.of(), rtnetlink.routes(1000));
    }

    @Test
    void readsAndWritesMultipathAndBlackholeRoutes() {
        Route multipath = Route.to(POD_NETWORK, 24)
            .nextHops(List.of(new NextHop(ROUTER, uplink, 1, 0, false), new NextHop(ROUTER - 1, uplink, 3, 0, false)));
        rtnetlink.replaceRoute(multipath);
        assertEquals(multipath, mainRoute(POD_NETWORK));
        Route blackhole = Route.to(0x0AF40300, 24).type(Route.RTN_BLACKHOLE);
        rtnetlink.replaceRoute(blackhole);
        assertEquals(blackhole, mainRoute(0x0AF40300));
        assertTrue(rtnetlink.deleteRoute(multipath));
        assertTrue(rtnetlink.deleteRoute(blackhole));
    }

    @Test
    void readsRouteThroughIpv6Router() {
        node.output("ip", "route", "add", "10.244.9.0/24", "via", "inet6", "fe80::1", "dev", "uplink");
        NextHop hop = mainRoute(0x0AF40900).nextHops().getFirst();
        assertTrue(hop.inet6Gateway());
        assertThrows(IllegalArgumentException.class, () -> rtnetlink.replaceRoute(mainRoute(0x0AF40900)));
        assertEquals(uplink, hop.ifindex());
    }

    @Test
    void looksUpDefaultRouteLocalAddressAndNothing() {
        assertEquals(Optional.empty(), rtnetlink.lookup(0x08080808));
        rtnetlink.replaceRoute(Route.to(0, 0).via(ROUTER, uplink));
        Route found = rtnetlink.lookup(0x08080808).orElseThrow();
        assertEquals(ROUTER, found.gateway());
        assertEquals(uplink, found.ifindex());
        assertEquals(SELF, found.source());
        assertEquals(32, found.prefixLength());
        assertEquals(Route.RT_TABLE_MAIN, found.table());
        Route self = rtnetlink.lookup(SELF).orElseThrow();
        assertEquals(Route.RTN_LOCAL, self.type());
        Route neighbour = rtnetlink.lookup(ROUTER).orElseThrow();
        assertEquals(0, neighbour.gateway());
    }

    @Test
    void losesRoutesOfDeviceThatIsGone() {
        rtnetlink.replaceRoute(Route.to(POD_NETWORK, 24).via(ROUTER, uplink));
        rtnetlink.deleteLink(uplink);
        assertEquals(List.of(), rtnetlink.routes(Route.RT_TABLE_MAIN));
    }

    @Test
    void listsTenThousandRoutes() {
        for (int i = 0; i < 10_000; i++) {
            rtnetlink.replaceRoute(Route.to(0x0A000000 + (i << 8), 24).via(ROUTER, uplink));
        }
        List<Route> routes = rtnetlink.routes(Route.RT_TABLE_MAIN);
        assertEquals(10_001, routes.size());
        assertEquals(10_001, routes.stream().mapToInt(Route::destination).distinct().count());
    }

    @Test
    void permanentNeighbourIsReplacedAndDeleted() {
        rtnetlink.replaceNeighbour(uplink, POD_NETWORK, 0x02AABBCCDD01L);
        rtnetlink.replaceNeighbour(uplink, POD_NETWORK, 0x02AABBCCDD02L);
        Neighbour neighbour = neighbour(POD_NETWORK).orElseThrow();
        assertEquals(0x02AABBCCDD02L, neighbour.mac());
        assertTrue(neighbour.isPermanent());
        assertTrue(neighbour.isValid());
        assertTrue(node.output("ip", "neigh").contains("10.244.2.0 dev uplink lladdr 02:aa:bb:cc:dd:02 PERMANENT"));
        assertTrue(rtnetlink.neighbours().contains(neighbour));
        assertTrue(rtnetlink.deleteNeighbour(uplink, POD_NETWORK));
        assertFalse(rtnetlink.deleteNeighbour(uplink, POD_NETWORK));
        assertEquals(Optional.empty(), neighbour(POD_NETWORK));
    }

    @Test
    void learntNeighbourIsValidAndAges() {
        rtnetlink.learnNeighbour(uplink, POD_NETWORK, 0x02AABBCCDD01L);
        Neighbour neighbour = neighbour(POD_NETWORK).orElseThrow();
        assertEquals(0x02AABBCCDD01L, neighbour.mac());
        assertTrue(neighbour.isValid());
        assertFalse(neighbour.isPermanent());
    }

    @Test
    void managedNeighbourIsResolvedWithoutTraffic() {
        rtnetlink.manageNeighbour(uplink, ROUTER);
        long routerMac = peer.rtnetlink.link("eth0").orElseThrow().mac();
        Await.until("the router is resolved", () -> neighbour(ROUTER).filter(Neighbour::isValid).isPresent());
        Neighbour neighbour = neighbour(ROUTER).orElseThrow();
        assertEquals(routerMac, neighbour.mac());
        assertTrue(neighbour.isManaged());
        assertTrue(rtnetlink.deleteNeighbour(uplink, ROUTER));
    }

    @Test
    void ipv6ObjectsAreSkipped() {
        node.output("ip", "addr", "add", "2001:db8::1/64", "dev", "uplink", "nodad");
        node.output("ip", "neigh", "add", "2001:db8::9", "lladdr", "02:aa:bb:cc:dd:09", "dev", "uplink");
        node.output("ip", "route", "add", "2001:db8:1::/64", "via", "2001:db8::9");
        assertEquals(1, rtnetlink.addresses(uplink).size());
        assertEquals(0, rtnetlink.neighbours(uplink).size());
        assertEquals(1, rtnetlink.routes(Route.RT_TABLE_MAIN).size());
    }

    private Optional<Neighbour> neighbour(int ip) {
        return rtnetlink.neighbours(uplink).stream().filter(entry -> entry.ip() == ip).findFirst();
    }

    private Route mainRoute(int destination) {
        return routesTo(destination).getFirst();
    }

    private List<Route> routesTo(int destination) {
        return rtnetlink.routes(Route.RT_TABLE_MAIN).stream()
            .filter(route -> route.destination() == destination)
            .toList();
    }
}
