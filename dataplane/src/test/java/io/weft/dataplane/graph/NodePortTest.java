package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.HOST;
import static io.weft.dataplane.graph.GraphFixture.POD_A;
import static io.weft.dataplane.graph.GraphFixture.POD_B;
import static io.weft.dataplane.graph.GraphFixture.UPLINK;
import static io.weft.dataplane.graph.GraphFixture.fromA;
import static io.weft.dataplane.graph.GraphFixture.fromB;
import static io.weft.dataplane.graph.GraphFixture.fromHost;
import static io.weft.dataplane.graph.GraphFixture.fromN2;
import static io.weft.dataplane.graph.GraphFixture.fromWire;
import static io.weft.dataplane.graph.Packet.ACK;
import static io.weft.dataplane.graph.Packet.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.decision.FlowRevalidator;
import io.weft.dataplane.graph.GraphFixture.Outcome;
import io.weft.dataplane.port.MemoryPort;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.Ipv4Address;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Packets to external addresses of Services and their replies, byte for byte, on the node of {@link GraphFixture}. */
class NodePortTest {
    private static final String CLIENT = "203.0.113.9";
    private static final String ROUTER = "02:00:00:00:ff:ff<02:00:00:00:11:11 ";
    private static final String TO_A = "02:00:00:00:00:0a<02:00:00:00:00:01 ";
    private static final String TO_B = "02:00:00:00:00:0b<02:00:00:00:00:01 ";

    private final GraphFixture node = new GraphFixture();

    @AfterEach
    void close() {
        node.close();
    }

    private void nodePort(int port, int protocol, boolean policyLocal, Backend... backends) {
        frontend(FrontendKind.NODE_PORT, ServiceKey.NODE_ADDRESSES, port, protocol, policyLocal, backends);
    }

    private void frontend(int kind, IpAddress address, int port, int protocol, boolean policyLocal,
        Backend... backends) {
        node.change(tables -> tables.services().put(new ServiceSpec(new ServiceKey(address, port, protocol), kind, "s",
            policyLocal, false, 0, List.of(), List.of(backends))));
    }

    private static Backend onB(int port) {
        return Backend.readyHere(IpAddress.of("10.244.1.3"), port);
    }

    private static Backend onN2(int port) {
        return Backend.ready(IpAddress.of("10.244.2.5"), port);
    }

    private static String inner(byte[] tunnelled) {
        return Packet.describe(Arrays.copyOfRange(tunnelled, 50, tunnelled.length));
    }

    @Test
    void toAPodOfThisNodeAndBack() {
        nodePort(30080, Packet.TCP, false, onB(8080));
        assertEquals(TO_B + "10.244.1.1>10.244.1.3 ttl 63 tcp 4000>8080 S len 40 full",
            Packet.describe(node.run(UPLINK, fromWire(Packet.of(CLIENT, "192.0.2.11").tcp(4000, 30080, SYN)))
                .only(POD_B)));
        assertEquals(ROUTER + "192.0.2.11>203.0.113.9 ttl 63 tcp 30080>4000 SA len 40 full",
            Packet.describe(node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.1").tcp(8080, 4000, SYN | ACK)))
                .only(UPLINK)));
    }

    @Test
    void aPartialChecksumOfAReplyIsCompletedForTheUplink() {
        nodePort(30053, Packet.UDP, true, onB(5353));
        assertEquals(TO_B + "203.0.113.9>10.244.1.3 ttl 63 udp 4000>5353 len 38 full",
            Packet.describe(node.run(UPLINK, fromWire(Packet.of(CLIENT, "192.0.2.11").udp(4000, 30053, new byte[10])))
                .only(POD_B)));
        assertEquals(ROUTER + "192.0.2.11>203.0.113.9 ttl 63 udp 30053>4000 len 38 full",
            Packet.describe(node.run(POD_B,
                fromB(Packet.of("10.244.1.3", CLIENT).udp(5353, 4000, new byte[10]).checksum(Packet.Checksum.PARTIAL)))
                .only(UPLINK)));
    }

    @Test
    void throughTheTunnelAndBack() {
        nodePort(30080, Packet.TCP, false, onN2(8080));
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.0>10.244.2.5 ttl 63 tcp 4000>8080 S len 40 full",
            inner(node.run(UPLINK, fromWire(Packet.of(CLIENT, "192.0.2.11").tcp(4000, 30080, SYN))).only(UPLINK)));
        assertEquals(ROUTER + "192.0.2.11>203.0.113.9 ttl 63 tcp 30080>4000 SA len 40 full",
            Packet.describe(node.run(UPLINK, fromN2(Packet.of("10.244.2.5", "10.244.1.0").tcp(8080, 4000, SYN | ACK)))
                .only(UPLINK)));
    }

    /** A pod of n2 to the NodePort of this node, served by a pod of n2: out of the tunnel and into it again. */
    @Test
    void fromTheTunnelIntoTheTunnel() {
        nodePort(30080, Packet.TCP, false, onN2(8080));
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.0>10.244.2.5 ttl 63 tcp 4000>8080 S len 40 full",
            inner(node.run(UPLINK, fromN2(Packet.of("10.244.2.9", "192.0.2.11").tcp(4000, 30080, SYN))).only(UPLINK)));
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 192.0.2.11>10.244.2.9 ttl 63 tcp 30080>4000 SA len 40 full",
            inner(node.run(UPLINK, fromN2(Packet.of("10.244.2.5", "10.244.1.0").tcp(8080, 4000, SYN | ACK)))
                .only(UPLINK)));
    }

    @Test
    void toTheNodesOwnStackAndBack() {
        nodePort(30080, Packet.TCP, false, Backend.readyHere(IpAddress.of("192.0.2.11"), 9100));
        assertEquals("02:00:00:00:00:99<02:00:00:00:00:01 10.244.1.1>192.0.2.11 ttl 64 tcp 4000>9100 S len 40 full",
            Packet.describe(node.run(UPLINK, fromWire(Packet.of(CLIENT, "192.0.2.11").tcp(4000, 30080, SYN)))
                .only(HOST)));
        assertEquals(ROUTER + "192.0.2.11>203.0.113.9 ttl 63 tcp 30080>4000 SA len 40 full",
            Packet.describe(node.run(HOST, fromHost(Packet.of("192.0.2.11", "10.244.1.1").tcp(9100, 4000, SYN | ACK)))
                .only(UPLINK)));
    }

    /** The mark is the source of the Ethernet header. */
    @Test
    void toTheNodesOwnStackWithItsClientWhereRepliesComeBack() {
        node.state.setSteeringReplies(true);
        nodePort(30080, Packet.TCP, false, Backend.readyHere(IpAddress.of("192.0.2.11"), 9100));
        assertEquals("02:00:00:00:00:99<02:57:45:46:54:01 203.0.113.9>192.0.2.11 ttl 64 tcp 4000>9100 S len 40 full",
            Packet.describe(node.run(UPLINK, fromWire(Packet.of(CLIENT, "192.0.2.11").tcp(4000, 30080, SYN)))
                .only(HOST)));
        assertEquals(ROUTER + "192.0.2.11>203.0.113.9 ttl 63 tcp 30080>4000 SA len 40 full",
            Packet.describe(node.run(HOST, fromHost(Packet.of("192.0.2.11", CLIENT).tcp(9100, 4000, SYN | ACK)))
                .only(UPLINK)));
        nodePort(30080, Packet.TCP, true, Backend.readyHere(IpAddress.of("192.0.2.11"), 9100));
        FlowRevalidator revalidator = new FlowRevalidator(node.flows, node.state);
        revalidator.begin(node.now);
        assertTrue(revalidator.isValid(node.flows.find(
            FlowKey.k0(Ipv4Address.of(CLIENT), Ipv4Address.of("192.0.2.11")),
            FlowKey.ofPorts(4000 << 16 | 30080, Packet.TCP))));
        assertEquals("02:00:00:00:00:99<02:57:45:46:54:01 203.0.113.9>192.0.2.11 ttl 64 tcp 4000>9100 A len 40 full",
            Packet.describe(node.run(UPLINK, fromWire(Packet.of(CLIENT, "192.0.2.11").tcp(4000, 30080, ACK)))
                .only(HOST)));
        assertEquals("02:00:00:00:00:99<02:00:00:00:00:01 203.0.113.9>192.0.2.11 ttl 64 udp 4000>9100 len 28 full",
            Packet.describe(node.run(UPLINK, fromWire(Packet.of(CLIENT, "192.0.2.11").udp(4000, 9100))).only(HOST)),
            "not to a Service");
    }

    @Test
    void twoAddressesOfOneBackendFromOneClientPort() {
        frontend(FrontendKind.LOAD_BALANCER, IpAddress.of("203.0.113.80"), 80, Packet.UDP, true, onB(8080));
        frontend(FrontendKind.LOAD_BALANCER, IpAddress.of("203.0.113.81"), 80, Packet.UDP, true, onB(8080));
        node.run(UPLINK, fromWire(Packet.of(CLIENT, "203.0.113.80").udp(4000, 80))).only(POD_B);
        byte[] second = node.run(UPLINK, fromWire(Packet.of(CLIENT, "203.0.113.81").udp(4000, 80))).only(POD_B);
        int port = Packet.u16(second, 34);
        assertTrue(port >= 1024 && port != 4000, "port " + port);
        assertEquals(ROUTER + "203.0.113.81>203.0.113.9 ttl 63 udp 80>4000 len 28 full", Packet.describe(
            node.run(POD_B, fromB(Packet.of("10.244.1.3", CLIENT).udp(8080, port))).only(UPLINK)));
        assertEquals(ROUTER + "203.0.113.80>203.0.113.9 ttl 63 udp 80>4000 len 28 full", Packet.describe(
            node.run(POD_B, fromB(Packet.of("10.244.1.3", CLIENT).udp(8080, 4000))).only(UPLINK)));
    }

    /** A backend's error quotes the translated packet; the client's router quotes what the node sent. */
    @Test
    void errorsAreTranslatedInBothDirections() {
        nodePort(30053, Packet.UDP, false, onN2(5353));
        node.run(UPLINK, fromWire(Packet.of(CLIENT, "192.0.2.11").udp(4000, 30053))).only(UPLINK);
        byte[] toClient = node.run(UPLINK, fromN2(Packet.of("10.244.2.5", "10.244.1.0").icmp(3, 3, 0,
            Packet.of("10.244.1.0", "10.244.2.5").udp(4000, 5353).ip()))).only(UPLINK);
        assertEquals(ROUTER + "192.0.2.11>203.0.113.9 ttl 63 icmp 3/3 rest 0 len 56 full", Packet.describe(toClient));
        assertEquals("203.0.113.9>192.0.2.11 4000>30053", quoted(toClient, 14));
        byte[] toBackend = node.run(UPLINK, fromWire(Packet.of("198.51.100.1", "192.0.2.11").icmp(3, 1, 0,
            Packet.of("192.0.2.11", CLIENT).udp(30053, 4000).ip()))).only(UPLINK);
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 198.51.100.1>10.244.2.5 ttl 63 icmp 3/1 rest 0 len 56 full",
            inner(toBackend));
        assertEquals("10.244.2.5>10.244.1.0 5353>4000", quoted(toBackend, 64));
    }

    private static String quoted(byte[] frame, int ip) {
        int quote = ip + 28;
        return address(frame, quote + 12) + ">" + address(frame, quote + 16) + " " + Packet.u16(frame, quote + 20) + ">"
            + Packet.u16(frame, quote + 22);
    }

    private static String address(byte[] frame, int at) {
        return Ipv4Address.format(Packet.u16(frame, at) << 16 | Packet.u16(frame, at + 2));
    }

    /** What does not fit the tunnel is answered, so that the client learns the path's MTU. */
    @Test
    void aClientLearnsThatItsPacketIsTooLong() {
        nodePort(30080, Packet.TCP, false, onN2(8080));
        node.run(UPLINK, fromWire(Packet.of(CLIENT, "192.0.2.11").tcp(4000, 30080, SYN))).only(UPLINK);
        Outcome outcome = node.run(UPLINK,
            fromWire(Packet.of(CLIENT, "192.0.2.11").tcp(4000, 30080, ACK, new byte[1440]).fragment(0x4000)));
        assertEquals("1: " + ROUTER + "192.0.2.11>203.0.113.9 ttl 64 icmp 3/4 rest 1450 len 576 full\nmtu_exceeded",
            outcome.toString());
    }

    /** A client on the link whose MAC address is not known yet. */
    @Test
    void firstPacketsWaitForTheNextHopOfTheirReplies() {
        nodePort(30080, Packet.TCP, false, onB(8080));
        assertEquals("", node.run(UPLINK, fromWire(Packet.of("192.0.2.77", "192.0.2.11").tcp(4000, 30080, SYN)))
            .toString());
        assertEquals(Ipv4Address.of("192.0.2.77"), node.state.neighbourRequests().take());
        assertEquals(0, node.flows.flows());
        node.nextHop("192.0.2.77", 20, GraphFixture.N2_MAC);
        assertEquals(TO_B + "10.244.1.1>10.244.1.3 ttl 63 tcp 4000>8080 S len 40 full",
            Packet.describe(node.run(UPLINK).only(POD_B)));
        assertEquals("02:00:00:00:12:12<02:00:00:00:11:11 192.0.2.11>192.0.2.77 ttl 63 tcp 30080>4000 SA len 40 full",
            Packet.describe(node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.1").tcp(8080, 4000, SYN | ACK)))
                .only(UPLINK)));
    }

    @Test
    void aRefusalWaitsForTheNextHopToo() {
        nodePort(30080, Packet.TCP, false);
        node.run(UPLINK, fromWire(Packet.of("192.0.2.77", "192.0.2.11").tcp(4000, 30080, SYN)));
        node.nextHop("192.0.2.77", 20, GraphFixture.N2_MAC);
        assertEquals(
            "1: 02:00:00:00:12:12<02:00:00:00:11:11 192.0.2.11>192.0.2.77 ttl 64 tcp 30080>4000 RA len 40 full\n"
                + "service_no_endpoints",
            node.run(UPLINK).toString());
    }

    @Test
    void insidersReachNodePortsOfThisNode() {
        nodePort(30080, Packet.TCP, true, onB(8080));
        assertEquals(TO_B + "10.244.1.2>10.244.1.3 ttl 63 tcp 4000>8080 S len 40 full", Packet.describe(
            node.run(POD_A, fromA(Packet.of("10.244.1.2", "192.0.2.11").tcp(4000, 30080, SYN))).only(POD_B)));
        assertEquals(TO_A + "192.0.2.11>10.244.1.2 ttl 63 tcp 30080>4000 SA len 40 full", Packet.describe(
            node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").tcp(8080, 4000, SYN | ACK))).only(POD_A)));
    }

    /** Clients with the same port share the node's address: all are told apart, down to the last port. */
    @Test
    void everyPortOfTheNodesPodAddressIsUsedBeforeAFlowIsRefused() {
        try (GraphFixture many = new GraphFixture(256, 80_000, MemoryPort.Sent.CAPTURED)) {
            many.change(tables -> tables.services().put(new ServiceSpec(
                new ServiceKey(ServiceKey.NODE_ADDRESSES, 30053, Packet.UDP), FrontendKind.NODE_PORT, "s", false, false,
                0, List.of(), List.of(onN2(5353)))));
            int ports = 65_536 - 1024;
            Set<Integer> used = new HashSet<>();
            for (int client = 0; client < ports + 5; client++) {
                String address = "198.51." + (client >> 8 & 0xFF) + "." + (client & 0xFF);
                Outcome outcome = many.run(UPLINK, fromWire(Packet.of(address, "192.0.2.11").udp(4000, 30053)));
                if (client < ports) {
                    assertTrue(used.add(Packet.u16(outcome.only(UPLINK), 50 + 34)), "client " + client);
                } else {
                    assertEquals("service_no_source_port", outcome.toString());
                }
            }
            assertEquals(5, many.counters.dropped(DropReason.SERVICE_NO_SOURCE_PORT));
            assertEquals(ports, many.flows.flows());
            many.change(tables -> tables.services().put(new ServiceSpec(
                new ServiceKey(ServiceKey.NODE_ADDRESSES, 30054, Packet.UDP), FrontendKind.NODE_PORT, "s", false, false,
                0, List.of(), List.of(onN2(5354)))));
            many.run(UPLINK, fromWire(Packet.of("198.51.0.1", "192.0.2.11").udp(4000, 30054))).only(UPLINK);
        }
    }

    @Test
    void choicesAreRandomAndEven() {
        nodePort(30080, Packet.TCP, true, onB(8080), Backend.readyHere(IpAddress.of("10.244.1.2"), 8080));
        int toA = 0;
        for (int port = 2000; port < 2400; port++) {
            Outcome outcome = node.run(UPLINK, fromWire(Packet.of(CLIENT, "192.0.2.11").tcp(port, 30080, SYN)));
            toA += outcome.sent().containsKey(POD_A) ? 1 : 0;
        }
        assertTrue(toA > 120 && toA < 280, toA + " of 400");
        assertEquals(400, node.flows.flows());
    }

    /** A new flow every second belongs to the same client; after a pause of more than ten seconds any backend may get it. */
    @Test
    void aClientMayGetAnotherBackendOnceItsAffinityIsOver() {
        node.change(tables -> tables.services().put(new ServiceSpec(
            new ServiceKey(ServiceKey.NODE_ADDRESSES, 30080, Packet.TCP), FrontendKind.NODE_PORT, "s", true, false, 10,
            List.of(), List.of(onB(8080), Backend.readyHere(IpAddress.of("10.244.1.2"), 8080)))));
        Set<Integer> backends = new HashSet<>();
        int port = 2000;
        for (int visit = 0; visit < 32; visit++) {
            Set<Integer> sticky = new HashSet<>();
            for (int second = 0; second < 20; second++) {
                sticky.addAll(node.run(UPLINK, fromWire(Packet.of(CLIENT, "192.0.2.11").tcp(port++, 30080, SYN)))
                    .sent().keySet());
                node.now += 1_000_000_000L;
            }
            assertEquals(1, sticky.size(), "visit " + visit);
            backends.addAll(sticky);
            node.now += 11_000_000_000L;
        }
        assertEquals(Set.of(POD_A, POD_B), backends);
    }
}
