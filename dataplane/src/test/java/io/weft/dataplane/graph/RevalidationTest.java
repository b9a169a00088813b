package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static io.weft.dataplane.graph.Packet.ACK;
import static io.weft.dataplane.graph.Packet.FIN;
import static io.weft.dataplane.graph.Packet.RST;
import static io.weft.dataplane.graph.Packet.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.decision.FlowRevalidator;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.graph.GraphFixture.Outcome;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.state.LocalAddresses;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.table.TablesWriter;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.lb.flow.Epochs;
import io.weft.lb.flow.FlowCounter;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowTimeouts;
import io.weft.lb.nat.SourceNat;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A flow does not outlive what it was decided by: it ends, or follows. */
class RevalidationTest {
    private static final String CLIENT = "10.244.1.2";
    private static final String OUTSIDE = "203.0.113.5";
    private static final long OTHER_ROUTER_MAC = MacAddress.of("02:00:00:00:fe:fe");
    private static final IpPrefix DEFAULT = IpPrefix.of("0.0.0.0/0");
    private static final int OTHER_ROUTER = Ipv4Address.of("192.0.2.254");

    private final GraphFixture node = new GraphFixture(256, 1024, MemoryPort.Sent.CAPTURED);
    private final FlowExpiry expiry = new FlowExpiry(node.flows, FlowTimeouts.defaults(), new NoEpochs(),
        (forward, k0, k1) -> SourceNat.onEnd(node.snatPorts, forward, k0, k1));
    private final FlowRevalidator revalidator = new FlowRevalidator(node.flows, node.state);

    private static final class NoEpochs implements Epochs {
        @Override
        public long current() {
            return 1;
        }

        @Override
        public boolean passed(long epoch) {
            return false;
        }
    }

    @AfterEach
    void close() {
        node.close();
    }

    /** @return how many flows ended */
    private int revalidate() {
        revalidator.begin(node.now);
        return expiry.scan((int) (node.now / 1_000_000_000), node.flows.slotCount(), revalidator);
    }

    @Test
    void nothingEndsWhileNothingChanges() {
        Traffic traffic = new Traffic(3);
        for (int i = 0; i < 2000; i++) {
            Traffic.Frame frame = traffic.good();
            node.ports[frame.port()].offer(frame.bytes());
            node.forwardAll();
            for (MemoryPort port : node.ports) {
                while (port.take() != null) {}
            }
        }
        long flows = node.flows.flows();
        assertTrue(flows > 200, "flows: " + flows);
        assertEquals(0, revalidate());
        assertEquals(flows, node.flows.flows());
    }

    // -- endpoints and Services --------------------------------------------------------------------------------------

    @ParameterizedTest(name = "{0}: ended {2}")
    @CsvSource(delimiter = '|', textBlock = """
        SYN sent                | >S                          | true
        answered                | >S <SA                      | false
        established             | >S <SA >A                   | false
        half closed             | >S <SA >A >FA <A            | false
        LAST_ACK                | >S <SA >A >FA <A <FA        | true
        TIME_WAIT               | >S <SA >A >FA <A <FA >A     | true
        CLOSE                   | >S <RA                      | true
        """)
    void aConnectionOutlivesItsEndpointOnlyWhileItIsOne(String what, String segments, boolean ended) {
        segments(segments);
        node.change(tables -> service(tables, "10.96.0.10", 80, Packet.TCP, "10.244.2.5", 8080));
        assertEquals(ended ? 1 : 0, revalidate());
        assertEquals(ended ? 1 : 0, node.flows.count(FlowCounter.INVALIDATED));
    }

    @Test
    void theServiceGoes() {
        segments(">S <SA >A >FA <A <FA >A");
        node.run(POD_A, fromA(Packet.of(CLIENT, "10.96.0.10").udp(1000, 53)));
        node.change(tables -> {
            tables.services().remove(new ServiceKey(IpAddress.of("10.96.0.10"), 80, Packet.TCP));
            tables.services().remove(new ServiceKey(IpAddress.of("10.96.0.10"), 53, Packet.UDP));
        });
        assertEquals(2, revalidate());
    }

    @Test
    void theAddressBelongsToAnotherService() {
        segments(">S <SA >A >FA <A <FA >A");
        node.run(POD_A, fromA(Packet.of(CLIENT, "10.96.0.10").udp(1000, 53)));
        node.change(tables -> {
            service(tables, "10.96.0.10", 80, Packet.TCP, "10.244.1.3", 9090);
            service(tables, "10.96.0.10", 53, Packet.UDP, "10.244.1.3", 5353);
        });
        assertEquals(2, revalidate());
    }

    /** A flow keeps its backend while that is one of the Service's, whichever a new one would get. */
    @Test
    void moreEndpointsMoveNoFlow() {
        for (int port = 1000; port < 1032; port++) {
            node.run(POD_A, fromA(Packet.of(CLIENT, "10.96.0.10").udp(port, 53)));
        }
        node.change(tables -> services(tables, "10.96.0.10", 53, Packet.UDP,
            List.of("10.244.2.5", "10.244.2.6", "10.244.2.7", "10.244.2.8")));
        assertEquals(0, revalidate());
        node.change(tables -> services(tables, "10.96.0.10", 53, Packet.UDP,
            List.of("10.244.2.6", "10.244.2.7", "10.244.2.8")));
        assertEquals(32, revalidate());
    }

    // -- the kernel's routes and addresses ---------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"tcp", "udp", "icmp"})
    void aMasqueradedFlowFollowsTheGateway(String protocol) {
        byte[] frame = toOutside(protocol);
        byte[] before = node.run(POD_A, frame).only(UPLINK);
        assertEquals(MacAddress.format(ROUTER_MAC), macOf(before));
        otherRouter();
        assertEquals(0, revalidate());
        byte[] after = node.run(POD_A, frame).only(UPLINK);
        assertEquals(MacAddress.format(OTHER_ROUTER_MAC), macOf(after));
        assertEquals(Packet.describe(before).substring(36), Packet.describe(after).substring(36));
        assertEquals(1, node.flows.flows());
    }

    @Test
    void aMasqueradedFlowWaitsForARoute() {
        byte[] frame = toOutside("tcp");
        byte[] before = node.run(POD_A, frame).only(UPLINK);
        node.state.publish(UnderlayRoutes.NONE);
        assertEquals(0, revalidate());
        Outcome without = node.run(POD_A, frame);
        assertEquals("{NO_ROUTE=1}", without.drops().toString());
        assertEquals("10.244.1.1>10.244.1.2 ttl 64 icmp 3/0 rest 0 len 68 full",
            Packet.describe(without.only(POD_A)).substring(36));
        routes(Ipv4Address.of("192.0.2.1"));
        assertEquals(0, revalidate());
        assertEquals(Packet.describe(before), Packet.describe(node.run(POD_A, frame).only(UPLINK)));
    }

    @Test
    void aMasqueradedFlowWaitsForANextHopThatIsNotKnownYet() {
        byte[] frame = toOutside("udp");
        node.run(POD_A, frame);
        routes(OTHER_ROUTER);
        assertEquals(0, revalidate());
        assertTrue(revalidator.isWaiting());
        assertEquals(OTHER_ROUTER, node.state.neighbourRequests().take());
        assertEquals("{NEIGHBOUR_UNRESOLVED=1}", node.run(POD_A, frame).drops().toString());
        node.state.adjacencies().bindNextHop(OTHER_ROUTER, 13);
        assertEquals(0, revalidate());
        assertEquals("{NEIGHBOUR_UNRESOLVED=1}", node.run(POD_A, frame).drops().toString());
        node.state.adjacencies().writeUnderlay(13, OTHER_ROUTER_MAC, UPLINK_MAC, 1500);
        assertEquals(MacAddress.format(OTHER_ROUTER_MAC), macOf(node.run(POD_A, frame).only(UPLINK)));
    }

    @Test
    void aNeighbourThatIsSilentForAMomentEndsNothing() {
        byte[] frame = toOutside("udp");
        node.run(POD_A, frame);
        node.state.adjacencies().withdraw(12);
        assertEquals(0, revalidate());
        node.state.adjacencies().writeUnderlay(12, ROUTER_MAC, UPLINK_MAC, 1500);
        node.run(POD_A, frame).only(UPLINK);
        assertEquals(1, node.flows.flows());
    }

    /** Linux keeps its entry, too, and answers by the route. */
    @ParameterizedTest
    @CsvSource({"-3, ROUTE_BLACKHOLE", "-4, NO_ROUTE", "-5, ROUTE_PROHIBITED"})
    void aMasqueradedFlowWaitsWhileTheRouteRefuses(long route, String reason) {
        byte[] frame = toOutside("tcp");
        byte[] before = node.run(POD_A, frame).only(UPLINK);
        routes(new UnderlayRoutes.Entry(DEFAULT, route));
        assertEquals(0, revalidate());
        assertEquals("{" + reason + "=1}", node.run(POD_A, frame).drops().toString());
        routes(Ipv4Address.of("192.0.2.1"));
        assertEquals(0, revalidate());
        assertEquals(Packet.describe(before), Packet.describe(node.run(POD_A, frame).only(UPLINK)));
    }

    @Test
    void aWayByAnotherDeviceEndsTheFlow() {
        node.run(POD_A, toOutside("udp"));
        routes(new UnderlayRoutes.Entry(DEFAULT, UnderlayRoutes.OTHER_DEVICE));
        assertEquals(1, revalidate());
    }

    @ParameterizedTest
    @CsvSource({"tcp", "udp", "icmp"})
    void aMasqueradedFlowEndsWithTheNodesAddress(String protocol) {
        byte[] before = node.run(POD_A, toOutside(protocol)).only(UPLINK);
        node.change(tables -> tables.putLocal(local("192.0.2.99", "10.244.1.0/24")));
        assertEquals(1, revalidate());
        int number = protocol.equals("tcp") ? Packet.TCP : protocol.equals("udp") ? Packet.UDP : Packet.ICMP;
        assertEquals(0, node.snatPorts.flows(number, Packet.u16(before, protocol.equals("icmp") ? 38 : 34)));
        assertEquals(1, node.flows.count(FlowCounter.INVALIDATED));
    }

    @Test
    void anAddressThatIsNoLongerTheNodes() {
        node.run(POD_A, fromA(Packet.of(CLIENT, "172.17.0.1").udp(1000, 53))).only(HOST);
        node.run(HOST, fromHost(Packet.of("172.17.0.1", CLIENT).udp(2000, 53))).only(POD_A);
        node.state.publish(new LocalAddresses(NODE, Ipv4Address.of("10.244.1.0")));
        assertEquals(2, revalidate());
    }

    @Test
    void anAddressThatIsTheNodesNow() {
        node.run(POD_A, toOutside("udp")).only(UPLINK);
        node.state.publish(new LocalAddresses(NODE, Ipv4Address.of("10.244.1.0"), Ipv4Address.of(OUTSIDE)));
        assertEquals(1, revalidate());
        node.run(POD_A, toOutside("udp")).only(HOST);
    }

    // -- the node and its peers --------------------------------------------------------------------------------------

    @Test
    void aHairpinsSourceIsTheGatewayOfNow() {
        node.run(POD_A, fromA(Packet.of(CLIENT, "10.96.0.12").tcp(1000, 80, SYN))).only(POD_A);
        node.run(POD_A, fromA(Packet.of(CLIENT, "10.244.1.1").tcp(8080, 1000, SYN | ACK))).only(POD_A);
        node.change(tables -> tables.putLocal(local("192.0.2.11", "10.244.0.0/23")));
        assertEquals(1, revalidate());
    }

    /** A first packet to it would be refused: the peer would take it for one of the node's tunnel. */
    @Test
    void aPodsFlowToAPortThatIsTheTunnelsNow() {
        node.run(POD_A, fromA(Packet.of(CLIENT, "192.0.2.12").udp(1000, 4789))).only(UPLINK);
        node.run(HOST, fromHost(Packet.of("192.0.2.11", "192.0.2.12").udp(1000, 4789))).only(UPLINK);
        node.change(tables -> tables.putLocal(withOverlayPort(4789)));
        assertEquals(1, revalidate());
    }

    @Test
    void aPodWhosePortHasAnotherAddress() {
        node.run(POD_A, fromA(Packet.of(CLIENT, "10.244.2.9").udp(7, 8))).only(UPLINK);
        node.state.publish(node.state.ports().with(POD_A, PortKind.POD, Ipv4Address.of("10.244.1.77"), POD_A_MAC,
            GATEWAY_MAC, 1450));
        assertEquals(1, revalidate());
    }

    /** The slot that replies leave by may be another peer's soon. */
    @Test
    void aPeersSlotChangesBehindAFlowFromTheTunnel() {
        node.run(UPLINK, fromN2(Packet.of("10.244.2.9", CLIENT).udp(7, 8))).only(POD_A);
        node.state.adjacencies().bindPeer(N2, 14);
        assertEquals(1, revalidate());
    }

    @Test
    void aPeersSlotChangesBehindAFlowToTheTunnel() {
        node.run(POD_A, fromA(Packet.of(CLIENT, "10.244.2.9").udp(7, 8))).only(UPLINK);
        node.state.adjacencies().bindPeer(N2, 14);
        assertEquals(1, revalidate());
    }

    // -- set-up ------------------------------------------------------------------------------------------------------

    private static byte[] toOutside(String protocol) {
        Packet packet = Packet.of(CLIENT, OUTSIDE);
        return fromA(switch (protocol) {
            case "tcp" -> packet.tcp(1000, 443, SYN);
            case "udp" -> packet.udp(1000, 53);
            default -> packet.echo(77, 1);
        });
    }

    private void otherRouter() {
        node.state.adjacencies().bindNextHop(OTHER_ROUTER, 13);
        node.state.adjacencies().writeUnderlay(13, OTHER_ROUTER_MAC, UPLINK_MAC, 1500);
        routes(OTHER_ROUTER);
    }

    private void routes(int gateway) {
        routes(UnderlayRoutes.Entry.via(DEFAULT, gateway));
    }

    private void routes(UnderlayRoutes.Entry defaultRoute) {
        node.state.publish(new UnderlayRoutes(List.of(defaultRoute,
            UnderlayRoutes.Entry.via(IpPrefix.of("192.0.2.0/24"), 0))));
    }

    private static LocalNode withOverlayPort(int overlayPort) {
        return new LocalNode("n1", IpAddress.ipv4(NODE), IpPrefix.of("10.244.1.0/24"), IpPrefix.of("10.244.0.0/16"),
            IpPrefix.of("10.96.0.0/16"), VTEP_MAC, new Overlay(Encapsulation.VXLAN, 1, overlayPort), 1450, 1450, true,
            61_000, 65_535);
    }

    private static void services(TablesWriter tables, String vip, int port, int protocol, List<String> backends) {
        tables.services().put(new ServiceSpec(new ServiceKey(IpAddress.of(vip), port, protocol), vip + ":" + port,
            backends.stream().map(ip -> Backend.ready(IpAddress.of(ip), 5353)).toList()));
    }

    private static String macOf(byte[] frame) {
        return Packet.describe(frame).substring(0, 17);
    }

    /** As in {@link PortReuseTest}, from pod A to the Service of pod B. */
    private void segments(String list) {
        Map<String, Integer> flags = Map.of("S", SYN, "SA", SYN | ACK, "A", ACK, "FA", FIN | ACK, "RA", RST | ACK);
        for (String segment : list.trim().split(" +")) {
            int bits = flags.get(segment.substring(1));
            if (segment.charAt(0) == '>') {
                node.run(POD_A, fromA(Packet.of(CLIENT, "10.96.0.10").tcp(1000, 80, bits, 1, 1))).only(POD_B);
            } else {
                node.run(POD_B, fromB(Packet.of("10.244.1.3", CLIENT).tcp(8080, 1000, bits, 1, 1))).only(POD_A);
            }
        }
    }
}
