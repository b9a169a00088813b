package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static io.weft.dataplane.graph.Packet.ACK;
import static io.weft.dataplane.graph.Packet.SYN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.port.FaultyPort;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.port.Port;
import io.weft.encap.address.Ipv4Address;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Frames of several chunks through every node; {@link GraphFixture#run} checks after each that no chunk is missing. */
class ChainTest {
    private static final int LARGE_MTU = 65_535;
    private static final int SEGMENT = CHUNK - FramePool.HEADROOM;
    private static final int HEADERS = 14 + 20 + 8;

    private final GraphFixture node = new GraphFixture();

    @BeforeEach
    void allowLargePackets() {
        node.state.publish(node.state.ports()
            .with(HOST, PortKind.HOST, 0, HOST_MAC, GATEWAY_MAC, LARGE_MTU)
            .with(POD_A, PortKind.POD, Ipv4Address.of("10.244.1.2"), POD_A_MAC, GATEWAY_MAC, LARGE_MTU)
            .with(POD_B, PortKind.POD, Ipv4Address.of("10.244.1.3"), POD_B_MAC, GATEWAY_MAC, LARGE_MTU));
    }

    @AfterEach
    void close() {
        node.close();
    }

    @Test
    void everyLengthAroundASegmentsEndArrivesAsItWas() {
        for (int segments = 1; segments <= 36; segments++) {
            for (int more = -2; more <= 2; more++) {
                checkPayload(segments * SEGMENT - HEADERS + more);
            }
        }
        checkPayload(LARGE_MTU - 28);
    }

    @Test
    void randomLengthsArriveAsTheyWere() {
        Random random = new Random(3);
        for (int i = 0; i < 500; i++) {
            checkPayload(random.nextInt(LARGE_MTU - 27));
        }
    }

    private void checkPayload(int length) {
        byte[] payload = Packet.payload(length);
        byte[] seen = node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 53, payload))).only(POD_B);
        assertArrayEquals(payload, Arrays.copyOfRange(seen, HEADERS, seen.length), "payload of " + length);
        assertTrue(Packet.describe(seen).endsWith("full"), Packet.describe(seen));
    }

    @Test
    void longAndShortFramesOfOneBatchKeepTheirOrder() {
        byte[][] frames = new byte[20][];
        for (int i = 0; i < frames.length; i++) {
            byte[] payload = Packet.payload(i % 2 == 0 ? 10 + i : 10_000 + i);
            frames[i] = fromA(Packet.of("10.244.1.2", "10.244.1.3").id(i).udp(1000, 53, payload));
        }
        assertInOrder(frames, node.run(POD_A, frames).sent().get(POD_B)); // by the nodes
        assertInOrder(frames, node.run(POD_A, frames).sent().get(POD_B)); // of a known flow
        assertEquals(Lanes.areUsable() ? frames.length : 0, node.graph.fastPathFrames());
    }

    private static void assertInOrder(byte[][] frames, List<MemoryPort.SentFrame> sent) {
        assertEquals(frames.length, sent.size());
        for (int i = 0; i < frames.length; i++) {
            assertEquals(i, Packet.u16(sent.get(i).bytes(), 18));
            assertEquals(frames[i].length, sent.get(i).bytes().length);
        }
    }

    @Test
    void aPartialChecksumIsLeftToThePortOfAPod() {
        byte[] segment = fromA(Packet.of("10.244.1.2", "10.244.1.3").checksum(Packet.Checksum.PARTIAL)
            .tcp(1000, 80, ACK, Packet.payload(50_000)));
        assertEquals("3: 02:00:00:00:00:0b<02:00:00:00:00:01 10.244.1.2>10.244.1.3 ttl 63 tcp 1000>80 A len 50040 "
            + "partial request", node.run(POD_A, segment).toString());
    }

    @Test
    void aPartialChecksumIsCompletedBeforeAWireThatTakesLongPackets() {
        node.tunnelToN2(N2_MAC, 8950);
        for (int length : new int[]{1800, 3543, 3544, 3545, 8902}) {
            byte[] segment = fromA(Packet.of("10.244.1.2", "10.244.2.9").checksum(Packet.Checksum.PARTIAL)
                .udp(1000, 80, Packet.payload(length)));
            byte[] outer = node.run(POD_A, segment).only(UPLINK);
            byte[] inner = Arrays.copyOfRange(outer, 50, outer.length);
            assertEquals(
                "02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.2>10.244.2.9 ttl 63 udp 1000>80 len " + (length + 28)
                    + " full",
                Packet.describe(inner));
            assertArrayEquals(Packet.payload(length), Arrays.copyOfRange(inner, HEADERS, inner.length));
        }
        byte[] back = fromN2(Packet.of("10.244.2.9", "10.244.1.2").udp(80, 1000, Packet.payload(8000)));
        byte[] seen = node.run(UPLINK, back).only(POD_A);
        assertArrayEquals(Packet.payload(8000), Arrays.copyOfRange(seen, HEADERS, seen.length));
    }

    @Test
    void tooLongForTheTunnelIsToldTheTunnelsMtuAndOnlyTheHeadIsQuoted() {
        byte[] segment = fromA(
            Packet.of("10.244.1.2", "10.244.2.9").tcp(1000, 80, ACK, Packet.payload(40_000)));
        byte[] error = node.run(POD_A, segment).only(POD_A);
        assertEquals(
            "02:00:00:00:00:0a<02:00:00:00:00:01 10.244.1.1>10.244.1.2 ttl 64 icmp 3/4 rest 1450 len 576 full",
            Packet.describe(error));
        assertArrayEquals(Arrays.copyOfRange(segment, 14, 14 + 548), Arrays.copyOfRange(error, 42, error.length));
    }

    @Test
    void fragmentsOfLongPacketsGoByAddress() {
        byte[] fragment = fromA(
            Packet.of("10.244.1.2", "10.244.1.3").fragment(0x2000).udp(1000, 53, Packet.payload(30_000)));
        assertTrue(node.run(POD_A, fragment).toString().contains("fragment 0 len 30028"));
        byte[] later = fromA(Packet.of("10.244.1.2", "10.244.1.3").fragment(3754).protocol(Packet.UDP,
            Packet.payload(20_001)));
        assertTrue(node.run(POD_A, later).toString().contains("fragment 30032 len 20021"));
    }

    @Test
    void theGatewayAnswersALongEchoAndDropsAWrongOne() {
        byte[] payload = Packet.payload(59_001);
        byte[] reply = node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.1").echo(7, 1, payload))).only(POD_A);
        assertTrue(Packet.describe(reply).endsWith("icmp 0/0 id 7 len 59029 full"), Packet.describe(reply));
        byte[] wrong = fromA(
            Packet.of("10.244.1.2", "10.244.1.1").checksum(Packet.Checksum.WRONG).echo(7, 1, payload));
        assertEquals("icmp_bad_checksum", node.run(POD_A, wrong).toString());
    }

    @Test
    void theNodeItselfSendsAndGetsLongPackets() {
        byte[] toHost = fromA(Packet.of("10.244.1.2", "192.0.2.11").udp(1000, 53, Packet.payload(20_000)));
        assertEquals(20_042, node.run(POD_A, toHost).only(HOST).length);
        byte[] fromHost = fromHost(Packet.of("10.244.1.0", "10.244.1.3").udp(1000, 53, Packet.payload(20_000)));
        assertEquals(20_042, node.run(HOST, fromHost).only(POD_B).length);
    }

    @Test
    void bytesBehindThePacketAreCutOffWithTheirSegments() {
        byte[] frame = fromA(Packet.of("10.244.1.2", "10.244.1.3").trailer(9000).udp(1000, 53, Packet.payload(100)));
        assertEquals(142, node.run(POD_A, frame).only(POD_B).length);
        byte[] longer = fromA(Packet.of("10.244.1.2", "10.244.1.3").trailer(9000).udp(1000, 53, Packet.payload(5000)));
        assertEquals(5042, node.run(POD_A, longer).only(POD_B).length);
    }

    @Test
    void whatIsDroppedGivesAllItsChunksBack() {
        byte[] cut = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 53, Packet.payload(30_000)));
        assertEquals("truncated", node.run(POD_A, Arrays.copyOf(cut, 20_000)).toString());
        assertEquals("spoofed_source",
            node.run(POD_A, fromA(Packet.of("10.244.1.9", "10.244.1.3").udp(1, 2, Packet.payload(30_000)))).toString());
        assertEquals("service_no_endpoints", node.run(POD_A,
            fromA(Packet.of("10.244.1.2", "10.96.0.11").tcp(1, 80, SYN, Packet.payload(30_000)))).toString()
            .lines().reduce((_, last) -> last).orElseThrow());
        byte[] error = fromB(Packet.of("10.244.1.3", "10.244.1.2").icmp(3, 3, 0, Packet.payload(3000)));
        assertEquals("too_big", node.run(POD_B, error).toString());
    }

    @Test
    void aPortThatSendsNoChainsDropsThem() {
        node.ports[POD_B].limitSegments(1);
        byte[] small = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 53, Packet.payload(100)));
        byte[] large = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 53, Packet.payload(10_000)));
        byte[] cut = fromA(Packet.of("10.244.1.2", "10.244.1.3").trailer(5000).udp(1000, 53, Packet.payload(200)));
        GraphFixture.Outcome outcome = node.run(POD_A, small, large, cut, large);
        assertEquals(2, outcome.sent().get(POD_B).size());
        assertEquals("{TOO_BIG=2}", outcome.drops().toString());
    }

    @Test
    void fullRingsAndFailingPortsLoseNoChunk() {
        FaultyPort faulty = new FaultyPort(node.ports[POD_B]);
        Port[] ports = Arrays.copyOf(node.ports, node.ports.length, Port[].class);
        ports[POD_B] = faulty;
        node.graph.use(ports);
        byte[] large = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 53, Packet.payload(20_000)));
        faulty.acceptAtMost(1);
        assertEquals("{TX_RING_FULL=2}", node.run(POD_A, large, large, large).drops().toString());
        faulty.acceptAtMost(64);
        faulty.throwOn(FaultyPort.Fault.TRANSMIT);
        assertEquals("{INTERNAL_ERROR=2}", node.run(POD_A, large, large).drops().toString());
    }
}
