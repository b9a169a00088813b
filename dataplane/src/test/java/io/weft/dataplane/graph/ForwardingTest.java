package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static io.weft.dataplane.graph.Packet.ACK;
import static io.weft.dataplane.graph.Packet.SYN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.graph.GraphFixture.Outcome;
import io.weft.dataplane.graph.Packet.Checksum;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Good packets: the way each takes there, and the way of its reply. */
class ForwardingTest {
    private static final String TO_A = "2: 02:00:00:00:00:0a<02:00:00:00:00:01 ";
    private static final String TO_B = "3: 02:00:00:00:00:0b<02:00:00:00:00:01 ";
    private static final String TO_HOST = "0: 02:00:00:00:00:99<02:00:00:00:00:01 ";
    private static final String TO_ROUTER = "1: 02:00:00:00:ff:ff<02:00:00:00:11:11 ";
    private static final String TUNNEL_TO_N2 = "02:00:00:00:12:12<02:00:00:00:11:11 192.0.2.11>192.0.2.12 ttl 64 udp ";

    private final GraphFixture node = new GraphFixture();

    @AfterEach
    void close() {
        node.close();
    }

    private void expect(String expected, Outcome outcome) {
        assertEquals(expected, outcome.toString());
    }

    /** What the one frame sent on the uplink carries inside the tunnel. */
    private static String inner(Outcome outcome) {
        byte[] outer = outcome.only(UPLINK);
        String description = Packet.describe(outer);
        assertTrue(description.startsWith(TUNNEL_TO_N2) && description.endsWith("none"), description);
        assertEquals(8472, Packet.u16(outer, 36));
        assertTrue(Packet.u16(outer, 34) >= 0xC000, "source port");
        assertEquals(0x4000, Packet.u16(outer, 20), "DF");
        assertEquals("0800000000000100", java.util.HexFormat.of().formatHex(outer, 42, 50));
        return Packet.describe(Arrays.copyOfRange(outer, 50, outer.length));
    }

    @Test
    void podToPodOfTheSameNode() {
        expect(TO_B + "10.244.1.2>10.244.1.3 ttl 63 udp 1000>2000 len 48 full",
            node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000, Packet.payload(20)))));
        expect(TO_A + "10.244.1.3>10.244.1.2 ttl 63 udp 2000>1000 len 28 full",
            node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").udp(2000, 1000))));
        assertEquals(1, node.flows.flows());
    }

    @Test
    void podToRemotePodAndBack() {
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.2>10.244.2.9 ttl 63 tcp 1000>80 S len 40 full",
            inner(node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.2.9").tcp(1000, 80, SYN)))));
        expect(TO_A + "10.244.2.9>10.244.1.2 ttl 63 tcp 80>1000 SA len 40 full",
            node.run(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.1.2").tcp(80, 1000, SYN | ACK))));
        assertEquals(1, node.flows.flows());
    }

    @Test
    void remotePodOpensToAPod() {
        expect(TO_A + "10.244.2.9>10.244.1.2 ttl 63 tcp 1000>80 S len 40 full",
            node.run(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.1.2").tcp(1000, 80, SYN))));
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.2>10.244.2.9 ttl 63 tcp 80>1000 SA len 40 full",
            inner(node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.2.9").tcp(80, 1000, SYN | ACK)))));
    }

    @Test
    void aServiceWithALocalBackendIsTranslatedBothWays() {
        expect(TO_B + "10.244.1.2>10.244.1.3 ttl 63 tcp 1000>8080 S len 40 full",
            node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, SYN))));
        expect(TO_A + "10.96.0.10>10.244.1.2 ttl 63 tcp 80>1000 SA len 40 full",
            node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").tcp(8080, 1000, SYN | ACK))));
        expect(TO_B + "10.244.1.2>10.244.1.3 ttl 63 tcp 1000>8080 PA len 60 full",
            node.run(POD_A,
                fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, ACK | Packet.PSH, Packet.payload(20)))));
    }

    @Test
    void aServiceWithARemoteBackendIsTranslatedAndTunnelled() {
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.2>10.244.2.5 ttl 63 udp 1000>5353 len 60 full",
            inner(node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(32))))));
        expect(TO_A + "10.96.0.10>10.244.1.2 ttl 63 udp 53>1000 len 128 full",
            node.run(UPLINK, fromN2(Packet.of("10.244.2.5", "10.244.1.2").udp(5353, 1000, Packet.payload(100)))));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(booleans = {true, false})
    void oneSourcePortReachesOneBackendByTwoAddresses(boolean serviceFirst) {
        byte[] direct = fromA(Packet.of("10.244.1.2", "10.244.1.3").tcp(1000, 8080, SYN));
        byte[] service = fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, SYN));
        byte[] earlier = node.run(POD_A, serviceFirst ? service : direct).only(POD_B);
        byte[] later = node.run(POD_A, serviceFirst ? direct : service).only(POD_B);
        assertEquals(1000, Packet.u16(earlier, 34));
        int port = Packet.u16(later, 34);
        assertTrue(port >= 1024, "another port: " + port);
        assertArrayEquals(later, node.run(POD_A, serviceFirst ? direct : service).only(POD_B));
        expect(TO_A + (serviceFirst ? "10.96.0.10" : "10.244.1.3") + ">10.244.1.2 ttl 63 tcp "
            + (serviceFirst ? 80 : 8080) + ">1000 SA len 40 full",
            node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").tcp(8080, 1000, SYN | ACK))));
        expect(TO_A + (serviceFirst ? "10.244.1.3" : "10.96.0.10") + ">10.244.1.2 ttl 63 tcp "
            + (serviceFirst ? 8080 : 80) + ">1000 SA len 40 full",
            node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").tcp(8080, port, SYN | ACK))));
    }

    @Test
    void aPodThatIsItsOwnBackendSeesTheGateway() {
        expect(TO_A + "10.244.1.1>10.244.1.2 ttl 63 tcp 1000>8080 S len 40 full",
            node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.12").tcp(1000, 80, SYN))));
        expect(TO_A + "10.96.0.12>10.244.1.2 ttl 63 tcp 80>1000 SA len 40 full",
            node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.1").tcp(8080, 1000, SYN | ACK))));
    }

    @Test
    void theNodeReachesPodsAndServices() {
        expect(TO_A + "10.244.1.0>10.244.1.2 ttl 63 tcp 1000>80 S len 40 full",
            node.run(HOST, fromHost(Packet.of("10.244.1.0", "10.244.1.2").tcp(1000, 80, SYN))));
        expect(TO_HOST + "10.244.1.2>10.244.1.0 ttl 64 tcp 80>1000 SA len 40 full",
            node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.0").tcp(80, 1000, SYN | ACK))));
        expect(TO_B + "10.244.1.0>10.244.1.3 ttl 63 tcp 1001>8080 S len 40 full",
            node.run(HOST, fromHost(Packet.of("10.244.1.0", "10.96.0.10").tcp(1001, 80, SYN))));
        expect(TO_HOST + "10.96.0.10>10.244.1.0 ttl 64 tcp 80>1001 SA len 40 full",
            node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.0").tcp(8080, 1001, SYN | ACK))));
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.0>10.244.2.9 ttl 63 tcp 1000>80 S len 40 full",
            inner(node.run(HOST, fromHost(Packet.of("10.244.1.0", "10.244.2.9").tcp(1000, 80, SYN)))));
        expect(TO_HOST + "10.244.2.9>10.244.1.0 ttl 64 tcp 80>1000 SA len 40 full",
            node.run(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.1.0").tcp(80, 1000, SYN | ACK))));
        assertEquals(3, node.total(io.weft.dataplane.counters.FrameTotal.PUNTED));
    }

    @Test
    void theNodeReachesItselfThroughAServiceByTheGateway() {
        expect(TO_HOST + "10.244.1.1>192.0.2.11 ttl 64 tcp 1000>6443 S len 40 full",
            node.run(HOST, fromHost(Packet.of("10.244.1.0", "10.96.0.14").tcp(1000, 443, SYN))));
        expect(TO_HOST + "10.96.0.14>10.244.1.0 ttl 64 tcp 443>1000 SA len 40 full",
            node.run(HOST, fromHost(Packet.of("192.0.2.11", "10.244.1.1").tcp(6443, 1000, SYN | ACK))));
    }

    /** Policy routing leads packets for NodePorts here; the answers to others go over {@code lo}, so no flow would ever be complete. */
    @Test
    void whatTheNodeSendsToItselfAndIsForNoFrontendReturnsUnchangedWithoutAFlow() {
        expect(TO_HOST + "192.0.2.11>192.0.2.11 ttl 64 tcp 1000>30500 S len 40 full",
            node.run(HOST, fromHost(Packet.of("192.0.2.11", "192.0.2.11").tcp(1000, 30_500, SYN))));
        expect(TO_HOST + "127.0.0.1>127.0.0.1 ttl 64 udp 1000>8088 len 38 full",
            node.run(HOST, fromHost(Packet.of("127.0.0.1", "127.0.0.1").udp(1000, 8088, Packet.payload(10)))));
        expect(TO_HOST + "127.0.0.1>192.0.2.11 ttl 64 tcp 1000>30500 A len 40 full",
            node.run(HOST, fromHost(Packet.of("127.0.0.1", "192.0.2.11").tcp(1000, 30_500, Packet.ACK))));
        assertEquals(0, node.flows.flows());
    }

    @Test
    void podsReachTheNodesOwnAddresses() {
        for (String address : new String[]{"192.0.2.11", "172.17.0.1", "10.244.1.0"}) {
            expect(TO_HOST + "10.244.1.2>" + address + " ttl 64 tcp 1000>22 S len 40 full",
                node.run(POD_A, fromA(Packet.of("10.244.1.2", address).tcp(1000, 22, SYN))));
            expect(TO_A + address + ">10.244.1.2 ttl 63 tcp 22>1000 SA len 40 full",
                node.run(HOST, fromHost(Packet.of(address, "10.244.1.2").tcp(22, 1000, SYN | ACK))));
        }
        expect(TO_HOST + "10.244.1.2>192.0.2.11 ttl 64 tcp 1000>6443 S len 40 full",
            node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.14").tcp(1000, 443, SYN))));
        expect(TO_A + "10.96.0.14>10.244.1.2 ttl 63 tcp 443>1000 SA len 40 full",
            node.run(HOST, fromHost(Packet.of("192.0.2.11", "10.244.1.2").tcp(6443, 1000, SYN | ACK))));
    }

    @Test
    void podsReachARemoteNodesAddressThroughTheTunnelUntranslated() {
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.2>192.0.2.12 ttl 63 tcp 1000>22 S len 40 full",
            inner(node.run(POD_A, fromA(Packet.of("10.244.1.2", "192.0.2.12").tcp(1000, 22, SYN)))));
        expect(TO_A + "192.0.2.12>10.244.1.2 ttl 63 tcp 22>1000 SA len 40 full",
            node.run(UPLINK, fromN2(Packet.of("192.0.2.12", "10.244.1.2").tcp(22, 1000, SYN | ACK))));
        expect(TO_HOST + "10.244.2.9>192.0.2.11 ttl 64 tcp 1000>22 S len 40 full",
            node.run(UPLINK, fromN2(Packet.of("10.244.2.9", "192.0.2.11").tcp(1000, 22, SYN))));
    }

    @Test
    void podsReachTheOutsideUnderTheNodesAddress() {
        byte[] out = node.run(POD_A, fromA(Packet.of("10.244.1.2", "203.0.113.5").tcp(1000, 443, SYN))).only(UPLINK);
        int port = Packet.u16(out, 34);
        assertTrue(port >= 61_000, "port " + port);
        assertEquals(TO_ROUTER.substring(3) + "192.0.2.11>203.0.113.5 ttl 63 tcp " + port + ">443 S len 40 full",
            Packet.describe(out));
        expect(TO_A + "203.0.113.5>10.244.1.2 ttl 63 tcp 443>1000 SA len 40 full",
            node.run(UPLINK, fromWire(Packet.of("203.0.113.5", "192.0.2.11").tcp(443, port, SYN | ACK))));
    }

    @Test
    void echoToTheOutsideIsMasqueradedByItsIdentifier() {
        byte[] out = node.run(POD_A, fromA(Packet.of("10.244.1.2", "203.0.113.5").echo(77, 1, Packet.payload(56))))
            .only(UPLINK);
        int id = Packet.u16(out, 38);
        assertTrue(id >= 61_000, "id " + id);
        assertEquals(TO_ROUTER.substring(3) + "192.0.2.11>203.0.113.5 ttl 63 icmp 8/0 id " + id + " len 84 full",
            Packet.describe(out));
        expect(TO_A + "203.0.113.5>10.244.1.2 ttl 63 icmp 0/0 id 77 len 84 full",
            node.run(UPLINK, fromWire(Packet.of("203.0.113.5", "192.0.2.11").echoReply(id, 1, Packet.payload(56)))));
    }

    /** What comes to a port that a flow has, but from somebody else, is the node's own. */
    @Test
    void framesTakenInErrorGoToTheNode() {
        int tcp = Packet.u16(
            node.run(POD_A, fromA(Packet.of("10.244.1.2", "203.0.113.5").tcp(1000, 443, SYN))).only(UPLINK), 34);
        int udp = Packet.u16(
            node.run(POD_A, fromA(Packet.of("10.244.1.2", "203.0.113.5").udp(1000, 53))).only(UPLINK), 34);
        int id = Packet.u16(node.run(POD_A,
            fromA(Packet.of("10.244.1.2", "203.0.113.5").echo(77, 1, Packet.payload(56)))).only(UPLINK), 38);
        expect(TO_HOST + "203.0.113.6>192.0.2.11 ttl 64 tcp 5555>" + tcp + " S len 40 full",
            node.run(UPLINK, fromWire(Packet.of("203.0.113.6", "192.0.2.11").tcp(5555, tcp, SYN))));
        expect(TO_HOST + "203.0.113.5>192.0.2.11 ttl 64 tcp 444>" + tcp + " SA len 40 full",
            node.run(UPLINK, fromWire(Packet.of("203.0.113.5", "192.0.2.11").tcp(444, tcp, SYN | ACK))));
        expect(TO_HOST + "203.0.113.6>192.0.2.11 ttl 64 udp 53>" + udp + " len 28 full",
            node.run(UPLINK, fromWire(Packet.of("203.0.113.6", "192.0.2.11").udp(53, udp))));
        expect(TO_HOST + "203.0.113.6>192.0.2.11 ttl 64 icmp 0/0 id " + id + " len 84 full",
            node.run(UPLINK, fromWire(Packet.of("203.0.113.6", "192.0.2.11").echoReply(id, 1, Packet.payload(56)))));
    }

    @Test
    void twoPodsWithTheSameIdentifierToTheSameDestinationGetTheirOwnReplies() {
        int a = Packet.u16(node.run(POD_A,
            fromA(Packet.of("10.244.1.2", "203.0.113.5").echo(77, 1, Packet.payload(56)))).only(UPLINK), 38);
        int b = Packet.u16(node.run(POD_B,
            fromB(Packet.of("10.244.1.3", "203.0.113.5").echo(77, 1, Packet.payload(56)))).only(UPLINK), 38);
        expect(TO_A + "203.0.113.5>10.244.1.2 ttl 63 icmp 0/0 id 77 len 84 full",
            node.run(UPLINK, fromWire(Packet.of("203.0.113.5", "192.0.2.11").echoReply(a, 1, Packet.payload(56)))));
        expect(TO_B + "203.0.113.5>10.244.1.3 ttl 63 icmp 0/0 id 77 len 84 full",
            node.run(UPLINK, fromWire(Packet.of("203.0.113.5", "192.0.2.11").echoReply(b, 1, Packet.payload(56)))));
    }

    @Test
    void aServiceWhoseBackendIsOutsideIsTranslatedAndMasqueraded() {
        byte[] out = node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.13").tcp(1000, 443, SYN))).only(UPLINK);
        int port = Packet.u16(out, 34);
        assertEquals(TO_ROUTER.substring(3) + "192.0.2.11>198.51.100.7 ttl 63 tcp " + port + ">6443 S len 40 full",
            Packet.describe(out));
        expect(TO_A + "10.96.0.13>10.244.1.2 ttl 63 tcp 443>1000 SA len 40 full",
            node.run(UPLINK, fromWire(Packet.of("198.51.100.7", "192.0.2.11").tcp(6443, port, SYN | ACK))));
    }

    @Test
    void echoBetweenPods() {
        expect(TO_B + "10.244.1.2>10.244.1.3 ttl 63 icmp 8/0 id 5 len 84 full",
            node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.3").echo(5, 1, Packet.payload(56)))));
        expect(TO_A + "10.244.1.3>10.244.1.2 ttl 63 icmp 0/0 id 5 len 84 full",
            node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").echoReply(5, 1, Packet.payload(56)))));
    }

    @Test
    void theGatewayAnswersEcho() {
        expect(TO_A + "10.244.1.1>10.244.1.2 ttl 64 icmp 0/0 id 9 len 84 full",
            node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.1").ttl(1).echo(9, 1, Packet.payload(56)))));
        expect(TO_HOST + "10.244.1.1>10.244.1.0 ttl 64 icmp 0/0 id 9 len 84 full",
            node.run(HOST, fromHost(Packet.of("10.244.1.0", "10.244.1.1").echo(9, 1, Packet.payload(56)))));
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.1>10.244.2.9 ttl 64 icmp 0/0 id 9 len 84 full",
            inner(node.run(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.1.1").echo(9, 1, Packet.payload(56))))));
    }

    @Test
    void otherProtocolsPassBetweenPodsByAddress() {
        expect(TO_B + "10.244.1.2>10.244.1.3 ttl 63 proto 132 len 52",
            node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.3").protocol(132, Packet.payload(32)))));
    }

    @Test
    void tcpIsPickedUpInItsMiddleBetweenPods() {
        expect(TO_B + "10.244.1.2>10.244.1.3 ttl 63 tcp 1000>80 PA len 50 full",
            node.run(POD_A,
                fromA(Packet.of("10.244.1.2", "10.244.1.3").tcp(1000, 80, ACK | Packet.PSH, Packet.payload(10)))));
        assertEquals(1, node.flows.flows());
    }

    @Test
    void aResetWithoutAFlowPassesBetweenPodsAndMakesNone() {
        expect(TO_B + "10.244.1.2>10.244.1.3 ttl 63 tcp 1000>80 R len 40 full",
            node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.3").tcp(1000, 80, Packet.RST))));
        assertEquals(0, node.flows.flows());
    }

    @Test
    void severalFramesOfANewFlowInOneBatchStayInOrder() {
        byte[][] frames = new byte[5][];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000, Packet.payload(i)));
        }
        Outcome outcome = node.run(POD_A, frames);
        for (int i = 0; i < frames.length; i++) {
            assertEquals(14 + 28 + i, outcome.sent().get(POD_B).get(i).bytes().length);
        }
        assertEquals(1, node.flows.flows());
    }

    /** Alone, the second segment would be refused: no flow of a Service begins in its middle. */
    @Test
    void whatFollowsAnOpeningSegmentInItsBatchBelongsToItsFlow() {
        Outcome outcome = node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, SYN)),
            fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, ACK | Packet.PSH, Packet.payload(10))));
        assertEquals(2, outcome.sent().get(POD_B).size(), outcome.toString());
        assertEquals(1, node.flows.flows());
    }

    @Test
    void whatFollowsThePacketInItsFrameIsCutOff() {
        expect(TO_B + "10.244.1.2>10.244.1.3 ttl 63 udp 1000>2000 len 30 full",
            node.run(POD_A,
                fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000, Packet.payload(2)).trailer(16))));
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.2>10.244.2.5 ttl 63 udp 1000>5353 len 30 full",
            inner(node.run(POD_A,
                fromA(Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(2)).trailer(16)))));
    }

    @Test
    void optionsStayAndPortsAreFoundBehindThem() {
        Outcome outcome = node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(2))
            .options(7, 7, 4, 0, 0, 0, 0, 0)));
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.2>10.244.2.5 ttl 63 udp 1000>5353 len 38 full",
            inner(outcome));
    }

    @Test
    void exactlyOneTunnelLayerIsTakenOff() {
        byte[] nested = Packet.vxlan("10.244.2.9", "10.244.1.2", 1, Packet.payload(60)).ip();
        byte[] payload = Arrays.copyOfRange(nested, 28, nested.length);
        expect(TO_A + "10.244.2.9>10.244.1.2 ttl 63 udp 50000>8472 len 96 full",
            node.run(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.1.2").udp(50_000, 8472, payload))));
    }

    @Test
    void outerChecksumAndReservedBitsOfTheTunnelAreIgnored() {
        byte[] bad = fromN2(Packet.of("10.244.2.9", "10.244.1.2").udp(1, 2));
        Packet.setShort(bad, 40, 0xABCD);
        bad[43] = (byte) 0xFF; // reserved behind the flags
        bad[49] = (byte) 0xFF; // reserved behind the VNI
        expect(TO_A + "10.244.2.9>10.244.1.2 ttl 63 udp 1>2 len 28 full", node.run(UPLINK, bad));
    }

    @Test
    void ecnIsCarriedThroughTheTunnel() {
        byte[] inner = Packet.of("10.244.2.9", "10.244.1.2").tos(0x02).udp(1, 2).ethernet(VTEP_MAC, N2_VTEP_MAC)
            .frame();
        byte[] outer = Packet.vxlan("192.0.2.12", "192.0.2.11", 1, inner).tos(0x03).ethernet(UPLINK_MAC, N2_MAC)
            .frame();
        Outcome outcome = node.run(UPLINK, outer);
        expect(TO_A + "10.244.2.9>10.244.1.2 ttl 63 udp 1>2 len 28 full", outcome);
        assertEquals(0x03, outcome.only(POD_A)[15]);
        byte[] out = node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.2.9").tos(0xB9).udp(3, 4))).only(UPLINK);
        assertEquals(0x01, out[15], "outer: ECN only");
        assertEquals((byte) 0xB9, out[50 + 15], "inner unchanged");
    }

    @Test
    void aFragmentedDatagramBetweenPodsGoesOneWay() {
        Outcome outcome = node.run(POD_A,
            fromA(Packet.of("10.244.1.2", "10.244.2.9").udp(1000, 2000, Packet.payload(24)).fragment(0x2000)),
            fromA(Packet.of("10.244.1.2", "10.244.2.9").protocol(17, Packet.payload(32)).fragment(0x2004)),
            fromA(Packet.of("10.244.1.2", "10.244.2.9").protocol(17, Packet.payload(5)).fragment(0x0008)));
        assertEquals(3, outcome.sent().get(UPLINK).size(), outcome.toString());
        assertEquals(1, outcome.sent().get(UPLINK).stream().map(f -> Packet.u16(f.bytes(), 34)).distinct().count());
        byte[] second = outcome.sent().get(UPLINK).get(1).bytes();
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.2>10.244.2.9 ttl 63 fragment 32 len 52",
            Packet.describe(Arrays.copyOfRange(second, 50, second.length)));
        assertEquals(1, node.flows.flows());
    }

    @Test
    void arpForTheGatewayIsAnswered() {
        byte[] reply = node.run(POD_A, Arp.request(POD_A_MAC, "10.244.1.2", "10.244.1.1")).only(POD_A);
        assertEquals(Arp.text(Arp.reply(GATEWAY_MAC, "10.244.1.1", POD_A_MAC, "10.244.1.2")), Arp.text(reply));
        byte[] probe = node.run(POD_A, Arp.request(POD_A_MAC, "0.0.0.0", "10.244.1.1")).only(POD_A);
        assertEquals(Arp.text(Arp.reply(GATEWAY_MAC, "10.244.1.1", POD_A_MAC, "0.0.0.0")), Arp.text(probe));
        byte[] host = node.run(HOST, Arp.request(HOST_MAC, "10.244.1.0", "10.244.2.77")).only(HOST);
        assertEquals(Arp.text(Arp.reply(GATEWAY_MAC, "10.244.2.77", HOST_MAC, "10.244.1.0")), Arp.text(host));
    }

    // -- checksums -----------------------------------------------------------------------------------------------------

    @Test
    void aPartialChecksumIsLeftToALocalPortAndCompletedForTheWire() {
        Packet local = Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, SYN).checksum(Checksum.PARTIAL);
        Outcome outcome = node.run(POD_A, fromA(local));
        expect(TO_B + "10.244.1.2>10.244.1.3 ttl 63 tcp 1000>8080 S len 40 partial request", outcome);
        assertEquals(34L << 16 | 16, outcome.sent().get(POD_B).getFirst().checksum());
        for (int length : new int[]{0, 1, 2, 31, 1400}) {
            Packet remote = Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(length))
                .checksum(Checksum.PARTIAL);
            assertEquals(
                "02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.2>10.244.2.5 ttl 63 udp 1000>5353 len " + (28 + length)
                    + " full",
                inner(node.run(POD_A, fromA(remote))));
        }
        Packet outside = Packet.of("10.244.1.2", "203.0.113.5").tcp(1000, 443, SYN).checksum(Checksum.PARTIAL);
        assertTrue(Packet.describe(node.run(POD_A, fromA(outside)).only(UPLINK)).endsWith("full"));
        Packet fromKernelPeer = Packet.of("10.244.2.9", "10.244.1.2").tcp(1000, 80, SYN).checksum(Checksum.PARTIAL);
        expect(TO_A + "10.244.2.9>10.244.1.2 ttl 63 tcp 1000>80 S len 40 partial request",
            node.run(UPLINK, fromN2(fromKernelPeer)));
        Packet toNode = Packet.of("10.244.1.2", "192.0.2.11").tcp(1000, 22, SYN).checksum(Checksum.PARTIAL);
        expect(TO_HOST + "10.244.1.2>192.0.2.11 ttl 64 tcp 1000>22 S len 40 partial request",
            node.run(POD_A, fromA(toNode)));
    }

    @Test
    void aWrongChecksumStaysWrongOnEveryPath() {
        expect(TO_B + "10.244.1.2>10.244.1.3 ttl 63 udp 1000>2000 len 38 WRONG", node.run(POD_A,
            fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000, Packet.payload(10)).checksum(Checksum.WRONG))));
        expect(TO_B + "10.244.1.2>10.244.1.3 ttl 63 tcp 1000>8080 S len 40 WRONG", node.run(POD_A,
            fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, SYN).checksum(Checksum.WRONG))));
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.2>10.244.2.5 ttl 63 udp 1000>5353 len 38 WRONG",
            inner(node.run(POD_A,
                fromA(Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(10))
                    .checksum(Checksum.WRONG)))));
        expect(TO_A + "10.96.0.10>10.244.1.2 ttl 63 udp 53>1000 len 38 WRONG", node.run(UPLINK,
            fromN2(
                Packet.of("10.244.2.5", "10.244.1.2").udp(5353, 1000, Packet.payload(10)).checksum(Checksum.WRONG))));
        assertTrue(Packet.describe(node.run(POD_A,
            fromA(Packet.of("10.244.1.2", "203.0.113.5").tcp(1000, 443, SYN).checksum(Checksum.WRONG))).only(UPLINK))
            .endsWith("WRONG"));
    }

    @Test
    void aUdpChecksumOfZeroStaysZero() {
        expect(TO_B + "10.244.1.2>10.244.1.3 ttl 63 udp 1000>2000 len 38 none", node.run(POD_A,
            fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000, Packet.payload(10)).checksum(Checksum.NONE))));
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.2>10.244.2.5 ttl 63 udp 1000>5353 len 38 none",
            inner(node.run(POD_A,
                fromA(
                    Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(10)).checksum(Checksum.NONE)))));
    }

    @Test
    void aTranslatedUdpChecksumIsNeverSentAsZero() {
        for (int i = 0; i < 0x10000; i += 64) {
            byte[][] frames = new byte[64][];
            for (int j = 0; j < 64; j++) {
                frames[j] = fromA(
                    Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, (byte) ((i + j) >>> 8), (byte) (i + j)));
            }
            for (var sent : node.run(POD_A, frames).sent().get(UPLINK)) {
                String inner = Packet.describe(Arrays.copyOfRange(sent.bytes(), 50, sent.bytes().length));
                assertTrue(inner.endsWith("full"), inner);
            }
        }
    }
}
