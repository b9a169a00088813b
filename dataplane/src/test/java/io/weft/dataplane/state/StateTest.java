package io.weft.dataplane.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.LocalPods;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.table.ServiceRules;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.tunnel.Encapsulation;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class StateTest {
    private static final int GATEWAY = Ipv4Address.of("192.0.2.1");

    @Test
    void underlayRoutesPreferTheLongerPrefixAndTheEarlierOfTwo() {
        UnderlayRoutes routes = new UnderlayRoutes(List.of(
            route("0.0.0.0/0", "192.0.2.1"), route("192.0.2.0/24", "0.0.0.0"), route("198.51.100.0/24", "192.0.2.7"),
            route("198.51.100.0/24", "192.0.2.8"), route("198.51.100.128/25", "192.0.2.9")));
        assertEquals(Integer.toUnsignedLong(GATEWAY), routes.lookup(Ipv4Address.of("203.0.113.5")));
        assertEquals(Integer.toUnsignedLong(Ipv4Address.of("192.0.2.77")), routes.lookup(Ipv4Address.of("192.0.2.77")));
        assertEquals(Integer.toUnsignedLong(Ipv4Address.of("192.0.2.7")),
            routes.lookup(Ipv4Address.of("198.51.100.5")));
        assertEquals(Integer.toUnsignedLong(Ipv4Address.of("192.0.2.9")),
            routes.lookup(Ipv4Address.of("198.51.100.200")));
        assertEquals(UnderlayRoutes.NO_ROUTE, UnderlayRoutes.NONE.lookup(GATEWAY));
    }

    @Test
    void everyRangeOfServicesCounts() {
        IpAddress address = IpAddress.of("192.0.2.11");
        LocalNode4 node = new LocalNode4(new LocalNode("n1", address, IpPrefix.of("10.244.1.0/24"),
            IpPrefix.of("10.244.0.0/16"), IpPrefix.of("10.96.0.0/16"), 1, new Overlay(Encapsulation.VXLAN, 1, 8472),
            1450,
            1450, true, 61_000, 65_535, new ServiceRules(List.of(IpPrefix.single(address)), false, LocalPods.NODE_CIDR,
                List.of(IpPrefix.of("10.97.8.0/24"), IpPrefix.of("172.30.4.0/22")))));
        List.of("10.96.255.255", "10.97.8.0", "172.30.7.255").forEach(
            inside -> assertTrue(node.isInServiceCidr(Ipv4Address.of(inside)), inside));
        List.of("10.97.9.0", "172.30.8.0", "192.0.2.11", "0.0.0.0").forEach(
            outside -> assertFalse(node.isInServiceCidr(Ipv4Address.of(outside)), outside));
    }

    @Test
    void aRouteWithoutANextHopHidesShorterPrefixes() {
        List<Long> reasons = List.of(UnderlayRoutes.NO_ROUTE, UnderlayRoutes.OTHER_DEVICE, UnderlayRoutes.BLACKHOLE,
            UnderlayRoutes.UNREACHABLE, UnderlayRoutes.PROHIBIT);
        for (long reason : reasons) {
            UnderlayRoutes routes = new UnderlayRoutes(List.of(
                route("0.0.0.0/0", "192.0.2.1"),
                new UnderlayRoutes.Entry(IpPrefix.of("198.51.100.0/24"), reason)));
            assertEquals(reason, routes.lookup(Ipv4Address.of("198.51.100.9")));
            assertEquals(Integer.toUnsignedLong(GATEWAY), routes.lookup(Ipv4Address.of("198.51.101.9")));
        }
    }

    @Test
    void underlayRoutesAgreeWithAPlainScan() {
        Random random = new Random(4);
        List<UnderlayRoutes.Entry> entries = random.ints(300)
            .mapToObj(i -> {
                int length = random.nextInt(33);
                return UnderlayRoutes.Entry.via(IpPrefix.containing(IpAddress.ipv4(i), length),
                    1 + random.nextInt(9));
            }).toList();
        UnderlayRoutes routes = new UnderlayRoutes(entries);
        for (int n = 0; n < 20_000; n++) {
            int destination = n % 2 == 0 ? random.nextInt()
                : entries.get(random.nextInt(300)).destination().last().toInt();
            assertEquals(scan(entries, destination), routes.lookup(destination));
        }
    }

    @Test
    void localAddressesContainWhatTheyWereGiven() {
        LocalAddresses addresses = new LocalAddresses(0xC0000201, 0x0A000001, 0xC0000201, 0x7F000001);
        assertTrue(addresses.contains(0xC0000201));
        assertTrue(addresses.contains(0x0A000001));
        assertFalse(addresses.contains(0x0A000002));
        assertFalse(LocalAddresses.NONE.contains(0));
    }

    @Test
    void neighbourRequestsAreListedOnce() {
        NeighbourRequests requests = new NeighbourRequests();
        Set<Integer> posted = new TreeSet<>();
        for (int i = 1; i <= 20; i++) {
            boolean first = requests.post(i);
            if (first && requests.post(i)) {
                posted.add(i);
            }
        }
        Set<Integer> taken = new TreeSet<>();
        for (int ip = requests.take(); ip != 0; ip = requests.take()) {
            assertTrue(taken.add(ip), "twice: " + ip);
        }
        assertEquals(posted, taken);
        assertTrue(taken.size() >= 10);
    }

    @Test
    void intMapKeepsEveryKeyUntilItIsFull() {
        IntMap map = new IntMap(100);
        for (int key = 1; key <= 100; key++) {
            assertTrue(map.put(key * 256, key));
        }
        for (int key = 1; key <= 100; key++) {
            map.put(key * 256, -key);
            assertEquals(-key, map.get(key * 256, 0));
        }
        assertEquals(77, map.get(5, 77));
    }

    @Test
    void aPortDirectoryVersionDoesNotChange() {
        PortDirectory one = PortDirectory.EMPTY.with(5, PortKind.POD, 0x0AF40105, 0x02AA, 0x02BB, 1450);
        PortDirectory two = one.without(5);
        assertEquals(PortKind.POD, one.kind(5));
        assertEquals(PortKind.NONE, two.kind(5));
        assertEquals(PortKind.NONE, one.kind(-1));
        assertEquals(PortKind.NONE, one.kind(PortId.COUNT));
        assertEquals(0x02AAL << 16, one.ethernet0(5));
    }

    private static UnderlayRoutes.Entry route(String prefix, String gateway) {
        return UnderlayRoutes.Entry.via(IpPrefix.of(prefix), Ipv4Address.of(gateway));
    }

    private static long scan(List<UnderlayRoutes.Entry> entries, int destination) {
        UnderlayRoutes.Entry best = null;
        for (UnderlayRoutes.Entry entry : entries) {
            boolean longer = best == null || entry.destination().length() > best.destination().length();
            if (longer && entry.destination().contains(IpAddress.ipv4(destination))) {
                best = entry;
            }
        }
        return best == null ? UnderlayRoutes.NO_ROUTE : best.result();
    }
}
