package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.LocalPods;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.table.ServiceRules;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.Address;
import io.weft.nativebindings.netlink.Ethtool;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests with a real kernel, in a network namespace per test. */
class HostLinkTest {
    private static final int MTU = 1500;

    /** Code to run inside a namespace. */
    private interface Task {
        void run(HostLink host, Rtnetlink rtnetlink);
    }

    @BeforeEach
    void needsRoot() {
        TestNetwork.requireRoot();
    }

    private static void inNamespace(Task task) {
        NetworkNamespace.callInNew(() -> {
            try (Rtnetlink rtnetlink = Rtnetlink.open(); Ethtool ethtool = Ethtool.open()) {
                rtnetlink.setUp(1);
                task.run(new HostLink(rtnetlink, ethtool), rtnetlink);
            }
            return null;
        });
    }

    @Test
    void createsAddressAndRoutesAndRemovesAllOfThem() {
        inNamespace((host, rtnetlink) -> {
            List<String> before = names(rtnetlink);
            Link workers = host.open(2, MTU);
            assertEquals(HostLink.WORKER_SIDE, workers.name());
            assertTrue(workers.rxQueues() >= 2 && workers.mtu() == MTU, workers::toString);
            assertEquals("2", Sysctl.read("net/ipv4/conf/weft-host/rp_filter").strip());
            host.configure(local("10.244.1.0/24"));
            assertEquals(List.of(Ipv4Address.of("10.244.1.0")), addresses(rtnetlink));
            assertEquals("{10.244.0.0/16=1450, 10.244.1.0/24=9000, 10.96.0.0/16=1450}", routes(rtnetlink));
            host.remove();
            assertEquals(before, names(rtnetlink));
        });
    }

    @Test
    void anotherPodCidrLeavesNothingOfTheFormer() {
        inNamespace((host, rtnetlink) -> {
            host.open(1, MTU);
            host.configure(local("10.244.1.0/24"));
            host.configure(local("10.244.9.0/24"));
            assertEquals(List.of(Ipv4Address.of("10.244.9.0")), addresses(rtnetlink));
            assertEquals("{10.244.0.0/16=1450, 10.244.9.0/24=9000, 10.96.0.0/16=1450}", routes(rtnetlink));
        });
    }

    @Test
    void everyServiceCidrHasARouteWhileItIsOne() {
        inNamespace((host, rtnetlink) -> {
            host.open(1, MTU);
            host.configure(local("10.244.1.0/24", "10.97.0.0/16", "172.30.4.0/22"));
            assertEquals("{10.244.0.0/16=1450, 10.244.1.0/24=9000, 10.96.0.0/16=1450, 10.97.0.0/16=1450, "
                + "172.30.4.0/22=1450}", routes(rtnetlink));
            host.configure(local("10.244.1.0/24", "172.30.4.0/22"));
            assertEquals("{10.244.0.0/16=1450, 10.244.1.0/24=9000, 10.96.0.0/16=1450, 172.30.4.0/22=1450}",
                routes(rtnetlink));
        });
    }

    @Test
    void aPredecessorsPairIsAdoptedUnlessItHasTooFewQueues() {
        inNamespace((host, rtnetlink) -> {
            int first = host.open(1, MTU).index();
            try (Ethtool ethtool = Ethtool.open()) {
                HostLink successor = new HostLink(rtnetlink, ethtool);
                assertEquals(first, successor.open(1, 2000).index());
                assertEquals(2000, rtnetlink.link(HostLink.KERNEL_SIDE).orElseThrow().mtu());
                Link larger = successor.open(4, MTU);
                assertTrue(larger.rxQueues() >= 4, larger::toString);
            }
        });
    }

    @Test
    void aForeignDeviceOfThatNameIsRefusedAndKept() {
        inNamespace((host, rtnetlink) -> {
            rtnetlink.createVeth(VethSpec.of(HostLink.KERNEL_SIDE, "other"));
            SetupException refusal = assertThrows(SetupException.class, () -> host.open(1, MTU));
            assertEquals(
                "there is a device weft-host that is not Weft's: rename or delete it (ip link delete weft-host)",
                refusal.getMessage());
            host.remove();
            assertTrue(rtnetlink.link(HostLink.KERNEL_SIDE).isPresent());
        });
    }

    private static List<String> names(Rtnetlink rtnetlink) {
        return rtnetlink.links().stream().map(Link::name).sorted().toList();
    }

    private static List<Integer> addresses(Rtnetlink rtnetlink) {
        return rtnetlink.addresses(rtnetlink.link(HostLink.KERNEL_SIDE).orElseThrow().index()).stream().map(Address::ip)
            .toList();
    }

    /** Prefix and MTU of the routes through the gateway. */
    private static String routes(Rtnetlink rtnetlink) {
        Map<String, Integer> mtuOf = new TreeMap<>();
        for (Route route : rtnetlink.routes(Route.RT_TABLE_MAIN)) {
            if (!route.nextHops().isEmpty() && route.nextHops().getFirst().gateway() != 0) {
                mtuOf.put(new IpPrefix(IpAddress.ipv4(route.destination()), route.prefixLength()).toString(),
                    route.mtu());
            }
        }
        return mtuOf.toString();
    }

    private static LocalNode local(String podCidr, String... moreServiceCidrs) {
        IpAddress address = IpAddress.of("192.0.2.11");
        return new LocalNode("n1", address, IpPrefix.of(podCidr), IpPrefix.of("10.244.0.0/16"),
            IpPrefix.of("10.96.0.0/16"), 0x0200_0000_0101L, new Overlay(Encapsulation.VXLAN, 1, 8472), 9000, 1450, true,
            61_000, 65_535, new ServiceRules(List.of(IpPrefix.single(address)), false, LocalPods.NODE_CIDR,
                Stream.of(moreServiceCidrs).map(IpPrefix::of).toList()));
    }
}
