package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a real kernel, in a network namespace of each test: what is asked of the uplink at the start, and what {@link Underlay} tells of it later. */
class UplinkTest {
    private static final String ADDRESS = "192.0.2.11";
    private static final LocalNode LOCAL = FlowNode.local(ADDRESS, "10.244.1.0/24");
    private static final long MAC = MacAddress.of("02:00:00:00:77:77");
    private static final int SLOTS = 4;

    /** Work inside a namespace with a device {@code up0}, whose other end is {@code wire}; both are down. */
    private interface Task {
        void run(Rtnetlink rtnetlink, Link up0, Link wire);
    }

    @BeforeEach
    void needsRoot() {
        TestNetwork.requireRoot();
    }

    private static void inNamespace(Task task) {
        NetworkNamespace.callInNew(() -> {
            try (Rtnetlink rtnetlink = Rtnetlink.open()) {
                rtnetlink.setUp(1);
                Link up0 = rtnetlink.createVeth(VethSpec.of("up0", "wire"));
                task.run(rtnetlink, up0, rtnetlink.link("wire").orElseThrow());
            }
            return null;
        });
    }

    private static String refusal(Runnable task) {
        return assertThrows(SetupException.class, task::run).getMessage();
    }

    @Test
    void aDeviceThatIsNotThereOrDownIsRefusedWithWhatToDo() {
        inNamespace((rtnetlink, up0, wire) -> {
            assertEquals("uplink: there is no device eth7 in this network namespace",
                refusal(() -> new Uplink(rtnetlink, "eth7")));
            assertEquals("uplink: device up0 is down; set it up first (ip link set up0 up)",
                refusal(() -> new Uplink(rtnetlink, "up0")));
        });
    }

    /** A cable may be plugged in later. */
    @Test
    void aDeviceWithoutCarrierIsTaken() {
        inNamespace((rtnetlink, up0, wire) -> {
            rtnetlink.setUp(up0.index());
            Link link = new Uplink(rtnetlink, "up0").link();
            assertEquals(up0.index(), link.index());
            assertFalse(link.hasCarrier());
        });
    }

    @Test
    void theNodesAddressMayBeOnAnyDeviceButMustBeOnOne() {
        inNamespace((rtnetlink, up0, wire) -> {
            rtnetlink.setUp(up0.index());
            Uplink uplink = new Uplink(rtnetlink, "up0");
            rtnetlink.addAddress(up0.index(), Ipv4Address.of("192.0.2.12"), 24, Route.RT_SCOPE_UNIVERSE);
            String refusal = refusal(() -> uplink.requireAddress(LOCAL));
            assertTrue(refusal.startsWith("no device here has the node's address 192.0.2.11: give it to one"), refusal);
            assertTrue(refusal.contains("dev up0"), refusal);
            rtnetlink.addAddress(1, Ipv4Address.of(ADDRESS), 32, Route.RT_SCOPE_UNIVERSE);
            assertDoesNotThrow(() -> uplink.requireAddress(LOCAL));
            assertTrue(rtnetlink.deleteAddress(1, Ipv4Address.of(ADDRESS), 32));
            rtnetlink.addAddress(up0.index(), Ipv4Address.of(ADDRESS), 24, Route.RT_SCOPE_UNIVERSE);
            assertDoesNotThrow(() -> uplink.requireAddress(LOCAL));
        });
    }

    // -- later -------------------------------------------------------------------------------------------------------

    private static void follow(String what, Underlay underlay, BooleanSupplier condition) {
        TestNetwork.await(what, () -> {
            underlay.follow();
            return condition.getAsBoolean();
        });
    }

    @Test
    void whatChangesOfItLaterTheUnderlayFollows() {
        inNamespace((rtnetlink, up0, wire) -> {
            rtnetlink.setUp(up0.index());
            rtnetlink.setUp(wire.index());
            Uplink uplink = new Uplink(rtnetlink, "up0");
            int index = uplink.link().index();
            int outside = Ipv4Address.of("203.0.113.1");
            int gateway = Ipv4Address.of("192.0.2.1");
            long hop = Integer.toUnsignedLong(gateway);
            try (MappedMemory slots = MappedMemory.anonymous((long) SLOTS * Adjacencies.SLOT_BYTES, false);
                Rtnetlink own = Rtnetlink.open()) {
                ForwardingState state = new ForwardingState(new Adjacencies(slots.address(), SLOTS, SLOTS));
                Underlay underlay = new Underlay(own, state, index, new HostRouting(own));
                try (underlay) {
                    follow("carrier", underlay, () -> underlay.link(index).orElseThrow().hasCarrier());
                    rtnetlink.addAddress(index, Ipv4Address.of(ADDRESS), 24, Route.RT_SCOPE_UNIVERSE);
                    rtnetlink.replaceRoute(Route.to(0, 0).via(gateway, index));
                    follow("the address", underlay, () -> state.localAddresses().contains(Ipv4Address.of(ADDRESS)));
                    follow("the route", underlay, () -> underlay.lookup(outside) == hop);

                    rtnetlink.setMtu(index, 1400);
                    rtnetlink.setAddress(index, MAC);
                    follow("another MTU and MAC address", underlay, () -> {
                        Link now = underlay.link(index).orElseThrow();
                        return now.mtu() == 1400 && now.mac() == MAC;
                    });
                    assertEquals(1500, uplink.link().mtu(), "as it was at the start");

                    rtnetlink.setDown(wire.index());
                    follow("no carrier and no route", underlay, () -> !underlay.link(index).orElseThrow().hasCarrier()
                        && state.underlayRoutes().lookup(outside) == UnderlayRoutes.NO_ROUTE);
                    rtnetlink.setUp(wire.index());
                    follow("the route again", underlay, () -> state.underlayRoutes().lookup(outside) == hop);

                    assertEquals(Set.of(), underlay.takeRemovedLinks());
                    rtnetlink.deleteLink(index);
                    follow("its end", underlay, () -> underlay.link(index).isEmpty());
                    assertTrue(underlay.takeRemovedLinks().contains(index));
                    assertFalse(state.localAddresses().contains(Ipv4Address.of(ADDRESS)));
                }
            }
        });
    }
}
