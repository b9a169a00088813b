package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.graph.GraphFixture.Outcome;
import io.weft.dataplane.port.MemoryPort;
import io.weft.encap.address.Ipv4Address;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packets that are too long for their way and may be fragmented: Weft does, as a router. */
class FragmentationTest {
    private static final int CHUNKS = 4096;

    private final GraphFixture node = new GraphFixture(CHUNKS, 1024, MemoryPort.Sent.CAPTURED);

    @AfterEach
    void close() {
        node.close();
    }

    private static Packet udp(String from, String to, int length) {
        return Packet.of(from, to).udp(1000, 53, Packet.payload(length)).fragment(0);
    }

    /** @return the fragments, all within the MTU and, but for the last, of a length that the next one can follow */
    private List<MemoryPort.SentFrame> fragments(int port, int mtu, Outcome outcome) {
        List<MemoryPort.SentFrame> sent = outcome.sent().get(port);
        assertTrue(outcome.drops().isEmpty(), outcome.toString());
        for (MemoryPort.SentFrame frame : sent) {
            byte[] ip = Datagram.ip(frame.bytes());
            assertTrue(ip.length <= mtu, "length " + ip.length);
            assertEquals(0, frame.checksum(), "no request: the checksum is not one of this frame");
            boolean more = (Packet.u16(ip, 6) & 0x2000) != 0;
            assertTrue(!more || (ip.length - (ip[0] & 0xF) * 4) % 8 == 0);
        }
        return sent;
    }

    @ParameterizedTest
    @ValueSource(ints = {1423, 1424, 1436, 1437, 2000, 3772, 3773, 9000, 40_000, 65_507})
    void toAnotherNodeToTheOutsideAndToAService(int length) {
        List<MemoryPort.SentFrame> tunnel = fragments(UPLINK, 1450,
            node.run(POD_A, fromA(udp("10.244.1.2", "10.244.2.9", length))));
        assertEquals("10.244.1.2>10.244.2.9 ttl 63 udp 1000>53 len " + (length + 28) + " full",
            Datagram.describe(tunnel));
        assertEquals(Math.ceilDiv(length + 8, 1424) == 1 || length + 28 <= 1450 ? 1 : (length + 8 - 6 + 1423) / 1424,
            tunnel.size());
        assertEquals(1, tunnel.stream().map(f -> Packet.u16(f.bytes(), 34)).distinct().count(), "tunnel paths");
        for (MemoryPort.SentFrame frame : tunnel) {
            assertEquals(0x4000, Packet.u16(frame.bytes(), 20), "DF of the outer header");
        }
        assertEquals("10.244.1.2>10.244.2.5 ttl 63 udp 1000>5353 len " + (length + 28) + " full",
            Datagram.describe(
                fragments(UPLINK, 1450, node.run(POD_A, fromA(udp("10.244.1.2", "10.96.0.10", length))))));
        String outside = Datagram.describe(
            fragments(UPLINK, 1500, node.run(POD_A, fromA(udp("10.244.1.2", "203.0.113.5", length)))));
        assertTrue(outside.startsWith("192.0.2.11>203.0.113.5 ttl 63 udp ")
            && outside.endsWith(">53 len " + (length + 28) + " full"), outside);
    }

    @Test
    void fromTheTunnelToAPodWithASmallerMtu() {
        node.state.publish(node.state.ports().with(POD_A, PortKind.POD, Ipv4Address.of("10.244.1.2"), POD_A_MAC,
            GATEWAY_MAC, 576));
        assertEquals("10.244.2.9>10.244.1.2 ttl 63 udp 1000>53 len 1428 full", Datagram.describe(
            fragments(POD_A, 576, node.run(UPLINK, fromN2(udp("10.244.2.9", "10.244.1.2", 1400))))));
        assertEquals("10.244.1.3>10.244.1.2 ttl 63 udp 1000>53 len 9028 full", Datagram.describe(
            fragments(POD_A, 576, node.run(POD_B, fromB(udp("10.244.1.3", "10.244.1.2", 9000))))));
        assertEquals("10.244.1.3>10.244.1.2 ttl 63 icmp 0/0 id 5 len 2028 full", Datagram.describe(fragments(POD_A, 576,
            node.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").echoReply(5, 1, Packet.payload(2000))
                .fragment(0))))));
    }

    @Test
    void aPartialChecksumIsCompletedBefore() {
        for (int length : new int[]{2000, 2001, 30_001}) {
            assertEquals("10.244.1.2>10.244.2.9 ttl 63 udp 1000>53 len " + (length + 28) + " full",
                Datagram.describe(fragments(UPLINK, 1450, node.run(POD_A,
                    fromA(udp("10.244.1.2", "10.244.2.9", length).checksum(Packet.Checksum.PARTIAL))))));
        }
        node.state.publish(node.state.ports().with(POD_B, PortKind.POD, Ipv4Address.of("10.244.1.3"), POD_B_MAC,
            GATEWAY_MAC, 576));
        assertEquals("10.244.1.2>10.244.1.3 ttl 63 udp 1000>53 len 1429 full",
            Datagram.describe(fragments(POD_B, 576, node.run(POD_A,
                fromA(udp("10.244.1.2", "10.244.1.3", 1401).checksum(Packet.Checksum.PARTIAL))))));
    }

    @Test
    void aFragmentIsFragmentedAgain() {
        byte[] ip = udp("10.244.1.2", "10.96.0.10", 20_000).ip();
        List<byte[]> frames = new ArrayList<>();
        Datagram.split(ip, 4000).forEach(f -> frames.add(Packet.of("10.244.1.2", "10.96.0.10").frame()));
        List<byte[]> fragments = Datagram.split(ip, 4000);
        for (int i = 0; i < frames.size(); i++) {
            byte[] frame = Arrays.copyOf(fromA(Packet.of("10.244.1.2", "10.96.0.10")), 14 + fragments.get(i).length);
            System.arraycopy(fragments.get(i), 0, frame, 14, fragments.get(i).length);
            frames.set(frames.size() - 1 - i, frame);
        }
        assertEquals("10.244.1.2>10.244.2.5 ttl 63 udp 1000>5353 len 20028 full", Datagram.describe(
            fragments(UPLINK, 1450, node.run(POD_A, frames.toArray(byte[][]::new)))));
    }

    /** Record route and timestamp stay with the first fragment, a router alert (copied flag) goes into each (RFC 791 section 3.1). */
    @Test
    void onlyOptionsThatAreToBeCopiedAreInEveryFragment() {
        int[] options = {7, 7, 4, 0, 0, 0, 0, 1, 0x94, 4, 0, 0};
        byte[] frame = fromA(udp("10.244.1.2", "10.244.2.9", 5000).options(options));
        List<MemoryPort.SentFrame> sent = fragments(UPLINK, 1450, node.run(POD_A, frame));
        assertEquals("10.244.1.2>10.244.2.9 ttl 63 udp 1000>53 len 5028 full", Datagram.describe(sent));
        byte[] first = Datagram.ip(sent.get(0).bytes());
        assertArrayEquals(Packet.bytes(options), Arrays.copyOfRange(first, 20, 32));
        for (MemoryPort.SentFrame later : sent.subList(1, sent.size())) {
            byte[] ip = Datagram.ip(later.bytes());
            assertEquals(0x46, ip[0]);
            assertArrayEquals(Packet.bytes(0x94, 4, 0, 0), Arrays.copyOfRange(ip, 20, 24));
        }
    }

    @Test
    void dontFragmentIsHeeded() {
        Outcome outcome = node.run(POD_A, fromA(udp("10.244.1.2", "10.244.2.9", 2000).fragment(0x4000)));
        assertTrue(outcome.toString().endsWith("icmp 3/4 rest 1450 len 576 full\nmtu_exceeded"), outcome.toString());
    }

    /** A batch of the longest packets makes 46 times as many frames as it holds. */
    @Test
    void aWholeBatchOfTheLongestPackets() {
        try (GraphFixture large = new GraphFixture(16_384, 1024, MemoryPort.Sent.RECYCLED)) {
            byte[][] frames = new byte[64][];
            for (int i = 0; i < frames.length; i++) {
                frames[i] = fromA(udp("10.244.1.2", "10.244.2.9", 65_000).id(i));
            }
            large.run(POD_A, frames);
            assertEquals(64 * 46, large.total(FrameTotal.SENT));
            assertEquals(64 * 45, large.total(FrameTotal.ORIGINATED));
        }
    }

    @Test
    void withoutEnoughChunksNoneIsSent() {
        try (GraphFixture small = new GraphFixture(48, 64, MemoryPort.Sent.CAPTURED)) {
            Outcome outcome = small.run(POD_A, fromA(udp("10.244.1.2", "10.244.2.9", 40_000)));
            assertEquals("frag_no_buffers", outcome.toString());
            assertEquals(1, small.counters.dropped(DropReason.FRAG_NO_BUFFERS));
            assertEquals("10.244.1.2>10.244.2.9 ttl 63 udp 1000>53 len 9028 full", Datagram.describe(
                small.run(POD_A, fromA(udp("10.244.1.2", "10.244.2.9", 9000))).sent().get(UPLINK)));
        }
    }

    @Test
    void whatAPortDoesNotTakeIsCounted() {
        node.graph.use(new io.weft.dataplane.port.Port[]{node.ports[0], null, node.ports[2], node.ports[3]});
        assertEquals("no_port 4", node.run(POD_A, fromA(udp("10.244.1.2", "10.244.2.9", 5000))).toString());
    }
}
