package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static io.weft.dataplane.graph.Packet.ACK;
import static io.weft.dataplane.graph.Packet.FIN;
import static io.weft.dataplane.graph.Packet.RST;
import static io.weft.dataplane.graph.Packet.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.weft.dataplane.graph.GraphFixture.Outcome;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.Ipv4Address;
import io.weft.lb.flow.FlowCounter;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowState;
import io.weft.lb.service.ServiceKey;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A connection by the ports of one that is over is another connection: its way is chosen again. */
class PortReuseTest {
    private static final String VIP = "10.96.0.10";
    private static final int PORT = 1000;
    /** Sequence numbers of the originator and the responder. */
    private static final int ORIGINATOR = 5000;
    private static final int RESPONDER = 9000;

    private final GraphFixture node = newNode();

    GraphFixture newNode() {
        return new GraphFixture();
    }

    @AfterEach
    void close() {
        node.close();
    }

    // -- to a Service ------------------------------------------------------------------------------------------------

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        TIME_WAIT, the client first        | >S <SA >A >FA <A <FA >A
        TIME_WAIT, the server first        | >S <SA >A <FA >A >FA <A
        LAST_ACK, simultaneous close       | >S <SA >A >FA <FA
        LAST_ACK, the last ACK was lost    | >S <SA >A >FA <A <FA
        CLOSE, refused                     | >S <RA
        CLOSE, the server's reset          | >S <SA >A <R
        CLOSE, the client's reset          | >S <SA >A >R
        a reset with data under way        | >S <SA >A >r
        """)
    void aSynAfterTheEndIsSentToAnEndpointOfNow(String what, String segments) {
        segments(segments);
        toRemoteBackend();
        assertEquals("10.244.1.2>10.244.2.5 ttl 63 tcp 1000>8080 S len 40 full", inner(fromClient(SYN, 77, 0)));
        assertEquals(FlowState.SYN_SENT, FlowEntry.state(serviceFlow()));
        assertEquals(1, node.flows.flows());
        assertEquals(1, node.flows.count(FlowCounter.REPLACED));
        assertEquals("10.244.1.2>10.244.2.5 ttl 63 tcp 1000>8080 S len 40 full", inner(fromClient(SYN, 77, 0)));
        assertEquals(1, node.flows.count(FlowCounter.REPLACED), "a SYN sent again is the same connection's");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        answered                           | >S <SA
        established                        | >S <SA >A
        the client has closed              | >S <SA >A >FA <A
        a reset out of the window          | >S <SA >A >x
        a reset, then another segment      | >S <SA >A >r <A
        """)
    void aSynWithinAConnectionGoesTheConnectionsWay(String what, String segments) {
        segments(segments);
        toRemoteBackend();
        assertEquals("10.244.1.2>10.244.1.3 ttl 63 tcp 1000>8080 S len 40 full",
            Packet.describe(fromClient(SYN, 77, 0).only(POD_B)).substring(36));
        assertEquals(0, node.flows.count(FlowCounter.REPLACED));
    }

    @Test
    void aSynRightBehindTheReset() {
        segments(">S <SA >A");
        toRemoteBackend();
        Outcome outcome = node.run(POD_A,
            fromA(Packet.of("10.244.1.2", VIP).tcp(PORT, 80, RST, ORIGINATOR + 1, 0)),
            fromA(Packet.of("10.244.1.2", VIP).tcp(PORT, 80, SYN, 77, 0)));
        assertEquals("10.244.1.2>10.244.1.3 ttl 63 tcp 1000>8080 R len 40 full",
            Packet.describe(outcome.only(POD_B)).substring(36), "the reset of the old connection");
        assertEquals("10.244.1.2>10.244.2.5 ttl 63 tcp 1000>8080 S len 40 full", inner(outcome));
        assertEquals(FlowState.SYN_SENT, FlowEntry.state(serviceFlow()));
    }

    @Test
    void aServicesAddressMayBelongToAnotherServiceByNow() {
        segments(">S <SA >A >FA <A <FA >A");
        node.change(tables -> {
            tables.services().remove(new ServiceKey(IpAddress.of(VIP), 80, Packet.TCP));
            service(tables, VIP, 80, Packet.TCP, "10.244.2.5", 9999);
        });
        assertEquals("10.244.1.2>10.244.2.5 ttl 63 tcp 1000>9999 S len 40 full", inner(fromClient(SYN, 77, 0)));
    }

    @Test
    void aServiceWithoutEndpointsRefusesTheNextConnection() {
        segments(">S <SA >A >FA <A <FA >A");
        node.change(tables -> service(tables, VIP, 80, Packet.TCP, null, 0));
        assertEquals("10.96.0.10>10.244.1.2 ttl 64 tcp 80>1000 RA len 40 full",
            Packet.describe(fromClient(SYN, 77, 0).only(POD_A)).substring(36));
        assertEquals(0, node.flows.flows());
    }

    @Test
    void fromTheNodeToo() {
        byte[] syn = fromHost(Packet.of("10.244.1.0", VIP).tcp(PORT, 80, SYN, ORIGINATOR, 0));
        node.run(HOST, syn);
        node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.0").tcp(8080, PORT, RST | ACK, 0, ORIGINATOR + 1)));
        toRemoteBackend();
        assertEquals("10.244.1.0>10.244.2.5 ttl 63 tcp 1000>8080 S len 40 full", inner(node.run(HOST, syn)));
    }

    /** The old backend still speaks: nobody listens by its address alone. */
    @Test
    void theOldEndpointsLateSegmentsDoNotReachTheNewConnection() {
        segments(">S <SA >A >FA <A <FA >A");
        toRemoteBackend();
        fromClient(SYN, 77, 0);
        node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").tcp(8080, PORT, RST, RESPONDER, 0)));
        assertEquals(FlowState.SYN_SENT, FlowEntry.state(serviceFlow()));
    }

    /** The key of its replies is still that of the connection by the Service. */
    @Test
    void theSameBackendByItsOwnAddress() {
        segments(">S <SA >A >FA <A <FA >A");
        assertEquals("10.244.1.2>10.244.1.3 ttl 63 tcp 1000>8080 S len 40 full",
            Packet.describe(node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.3").tcp(PORT, 8080, SYN)))
                .only(POD_B)).substring(36));
        assertEquals("10.244.1.3>10.244.1.2 ttl 63 tcp 8080>1000 SA len 40 full",
            Packet.describe(node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").tcp(8080, PORT, SYN | ACK)))
                .only(POD_A)).substring(36));
    }

    @Test
    void theSameBackendByAnotherService() {
        segments(">S <SA >A >FA <A <FA >A");
        node.change(tables -> service(tables, "10.96.0.77", 80, Packet.TCP, "10.244.1.3", 8080));
        assertEquals("10.244.1.2>10.244.1.3 ttl 63 tcp 1000>8080 S len 40 full",
            Packet.describe(node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.77").tcp(PORT, 80, SYN)))
                .only(POD_B)).substring(36));
        assertEquals("10.96.0.77>10.244.1.2 ttl 63 tcp 80>1000 SA len 40 full",
            Packet.describe(node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").tcp(8080, PORT, SYN | ACK)))
                .only(POD_A)).substring(36));
    }

    // -- from the other side, and between pods -----------------------------------------------------------------------

    @Test
    void theServerOpensByItsServicePortToTheClientsPort() {
        segments(">S <SA >A >FA <A <FA >A");
        assertEquals("10.244.1.3>10.244.1.2 ttl 63 tcp 8080>1000 S len 40 full",
            Packet.describe(node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").tcp(8080, PORT, SYN)))
                .only(POD_A)).substring(36),
            "its own address, not the Service's");
        assertEquals(0, serviceFlow());
        assertEquals("10.244.1.2>10.244.1.3 ttl 63 tcp 1000>8080 SA len 40 full",
            Packet.describe(node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.3").tcp(PORT, 8080, SYN | ACK)))
                .only(POD_B)).substring(36));
    }

    @Test
    void fromTheTunnel() {
        byte[] syn = fromN2(Packet.of("10.244.2.9", "10.244.1.2").tcp(PORT, 80, SYN, ORIGINATOR, 0));
        node.run(UPLINK, syn);
        node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.2.9").tcp(80, PORT, RST | ACK, 0, ORIGINATOR + 1)));
        long refused = node.flows.find(FlowKey.k0(Ipv4Address.of("10.244.2.9"), Ipv4Address.of("10.244.1.2")),
            FlowKey.k1(PORT, 80, Packet.TCP));
        assertEquals(FlowState.CLOSE, FlowEntry.state(refused));
        node.run(UPLINK, syn).only(POD_A);
        long opened = node.flows.find(FlowKey.k0(Ipv4Address.of("10.244.2.9"), Ipv4Address.of("10.244.1.2")),
            FlowKey.k1(PORT, 80, Packet.TCP));
        assertNotEquals(refused, opened);
        assertEquals(FlowState.SYN_SENT, FlowEntry.state(opened));
    }

    // -- outside -----------------------------------------------------------------------------------------------------

    @Test
    void aMasqueradedConnectionHasItsPortOnce() {
        for (int round = 0; round < 3; round++) {
            byte[] out = toOutside(SYN, ORIGINATOR, 0).only(UPLINK);
            int port = Packet.u16(out, 34);
            assertEquals(1, node.snatPorts.flows(Packet.TCP, port));
            node.run(UPLINK, fromOutside(port, RST | ACK, 0, ORIGINATOR + 1)).only(POD_A);
        }
        assertEquals(1, node.flows.flows());
        assertEquals(2, node.flows.count(FlowCounter.REPLACED));
    }

    /** Nobody outside opens a connection to a pod, not even to the port of one that is over. */
    @Test
    void aSynFromOutsideIsTheNodesOwn() {
        int port = Packet.u16(toOutside(SYN, ORIGINATOR, 0).only(UPLINK), 34);
        node.run(UPLINK, fromOutside(port, RST | ACK, 0, ORIGINATOR + 1));
        Outcome outcome = node.run(UPLINK, fromOutside(port, SYN, 1, 0));
        assertNotNull(outcome.only(HOST));
        assertEquals(1, node.snatPorts.flows(Packet.TCP, port));
    }

    private Outcome toOutside(int flags, int sequence, int acknowledgement) {
        return node.run(POD_A,
            fromA(Packet.of("10.244.1.2", "203.0.113.5").tcp(PORT, 443, flags, sequence, acknowledgement)));
    }

    private static byte[] fromOutside(int port, int flags, int sequence, int acknowledgement) {
        return fromWire(Packet.of("203.0.113.5", "192.0.2.11").tcp(443, port, flags, sequence, acknowledgement));
    }

    // -- segments ----------------------------------------------------------------------------------------------------

    /** "&gt;" from the client to the Service, "&lt;" from its endpoint; r: a reset a little beyond what is expected; x: far from it. */
    private void segments(String list) {
        int originator = ORIGINATOR;
        int responder = RESPONDER;
        for (String segment : list.trim().split(" +")) {
            boolean fromClient = segment.charAt(0) == '>';
            int flags = flags(segment.substring(1));
            int beyond = segment.endsWith("r") ? 100 : segment.endsWith("x") ? 1 << 28 : 0;
            if (fromClient) {
                fromClient(flags, originator + beyond, (flags & ACK) != 0 ? responder : 0);
                originator += (flags & (SYN | FIN)) != 0 ? 1 : 0;
            } else {
                node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2")
                    .tcp(8080, PORT, flags, responder + beyond, (flags & ACK) != 0 ? originator : 0))).only(POD_A);
                responder += (flags & (SYN | FIN)) != 0 ? 1 : 0;
            }
        }
    }

    private Outcome fromClient(int flags, int sequence, int acknowledgement) {
        return node.run(POD_A,
            fromA(Packet.of("10.244.1.2", VIP).tcp(PORT, 80, flags, sequence, acknowledgement)));
    }

    private static int flags(String letters) {
        int flags = 0;
        for (int i = 0; i < letters.length(); i++) {
            flags |= switch (letters.charAt(i)) {
                case 'S' -> SYN;
                case 'A' -> ACK;
                case 'F' -> FIN;
                default -> RST;
            };
        }
        return flags;
    }

    private void toRemoteBackend() {
        node.change(tables -> service(tables, VIP, 80, Packet.TCP, "10.244.2.5", 8080));
    }

    private long serviceFlow() {
        return node.flows.find(FlowKey.k0(Ipv4Address.of("10.244.1.2"), Ipv4Address.of(VIP)),
            FlowKey.k1(PORT, 80, Packet.TCP));
    }

    private static String inner(Outcome outcome) {
        byte[] outer = outcome.only(UPLINK);
        return Packet.describe(Arrays.copyOfRange(outer, 50, outer.length)).substring(36);
    }
}
