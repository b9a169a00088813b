package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static io.weft.dataplane.graph.Packet.ACK;
import static io.weft.dataplane.graph.Packet.FIN;
import static io.weft.dataplane.graph.Packet.RST;
import static io.weft.dataplane.graph.Packet.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.table.PeerSpec;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.memory.Memory;
import io.weft.lb.flow.FlowCounter;
import io.weft.lb.flow.FlowEntry;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The fast path does what the slow path does: the same frames through two graphs, one of which has only the slow path. */
class FastPathTest {
    private static final int ROUNDS = 300;
    private static final int AT_ONCE = 48;
    private static final int[] SEGMENTS = {SYN, SYN | ACK, ACK, ACK, FIN | ACK, FIN | ACK, RST, RST | ACK};

    private final GraphFixture fast = new GraphFixture(512, 1 << 13, MemoryPort.Sent.CAPTURED);
    private final GraphFixture slow = GraphFixture.onSlowPath(512, 1 << 13);

    @AfterEach
    void close() {
        fast.close();
        slow.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void sameFramesSameOutcome(long seed) {
        Random random = new Random(seed);
        Traffic traffic = new Traffic(seed);
        List<Traffic.Frame> known = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            for (int n = 0; n < AT_ONCE; n++) {
                Traffic.Frame frame = next(random, traffic, known);
                byte[] bytes = random.nextInt(3) == 0 ? FuzzTest.mutated(random, frame.bytes()) : frame.bytes();
                fast.ports[frame.port()].offer(bytes);
                slow.ports[frame.port()].offer(bytes);
            }
            runAndCompare();
            if (round % 50 == 0 || round == ROUNDS - 1) {
                compareFlows();
            }
        }
        assertEquals(Lanes.areUsable(), fast.graph.fastPathFrames() > ROUNDS);
        assertEquals(0, slow.graph.fastPathFrames());
    }

    /** Segments of every kind in any order, on few ports: connections are opened, closed, reset and opened again, and endpoints change. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12})
    void connectionsComeAndGo(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 2 * ROUNDS; round++) {
            if (round % 20 == 0) {
                String backend = random.nextBoolean() ? "10.244.1.3" : "10.244.2.5";
                fast.change(tables -> service(tables, "10.96.0.10", 80, Packet.TCP, backend, 8080));
                slow.change(tables -> service(tables, "10.96.0.10", 80, Packet.TCP, backend, 8080));
            }
            for (int n = 0; n < AT_ONCE / 4; n++) {
                int port = 1000 + 2 * n + random.nextInt(2); // one segment of a connection at once: their order matters
                int flags = SEGMENTS[random.nextInt(SEGMENTS.length)];
                byte[] ofClient = fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(port, 80, flags, 1, 1));
                byte[] ofLocal = fromB(Packet.of("10.244.1.3", "10.244.1.2").tcp(8080, port, flags, 1, 1));
                byte[] ofRemote = fromN2(Packet.of("10.244.2.5", "10.244.1.2").tcp(8080, port, flags, 1, 1));
                int side = random.nextInt(3);
                for (GraphFixture node : List.of(fast, slow)) {
                    node.ports[side == 0 ? POD_A : side == 1 ? POD_B : UPLINK]
                        .offer(side == 0 ? ofClient : side == 1 ? ofLocal : ofRemote);
                }
            }
            runAndCompare();
            compareFlows();
        }
        assertTrue(fast.flows.count(FlowCounter.REPLACED) > 0);
        assertEquals(Lanes.areUsable(), fast.graph.fastPathFrames() > ROUNDS);
    }

    /** Mostly frames that came before, so that their flows are known. */
    private static Traffic.Frame next(Random random, Traffic traffic, List<Traffic.Frame> known) {
        if (random.nextInt(4) != 0 && !known.isEmpty()) { return known.get(random.nextInt(known.size())); }
        Traffic.Frame frame = random.nextInt(5) == 0 ? traffic.bad() : traffic.good();
        known.add(frame);
        return frame;
    }

    /** So that the comparison above is one of fast directions, fast protocols and fast ends. */
    @Test
    void theSecondPacketOfAFlowTakesTheFastPath() {
        secondPacket(POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000)));
        secondPacket(POD_A, fromA(Packet.of("10.244.1.2", "10.244.2.9").tcp(1000, 2000, ACK)));
        secondPacket(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53)));
        secondPacket(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.1.2").udp(7, 8)));
        secondPacket(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.1.3").tcp(7, 8, ACK)));
        secondPacket(POD_A, fromA(Packet.of("10.244.1.2", "203.0.113.5").udp(1000, 2000)));
        secondPacket(UPLINK, fromWire(Packet.of("203.0.113.9", "10.96.0.10").udp(1000, 53)));
        fast.run(UPLINK, fromWire(Packet.of("203.0.113.9", "10.96.0.10").tcp(1000, 80, SYN)));
        long before = fast.graph.fastPathFrames();
        fast.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.1").tcp(8080, 1000, SYN | ACK)));
        fast.run(UPLINK, fromWire(Packet.of("203.0.113.9", "10.96.0.10").tcp(1000, 80, ACK)));
        fast.run(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.1").tcp(8080, 1000, ACK)));
        fast.run(UPLINK, fromN2(Packet.of("10.244.2.5", "10.244.1.0").udp(5353, 1000)));
        assertFinished(before + 4);
    }

    /** Requests from outside to pods here and elsewhere, and their replies, whole and damaged, some with partial checksums. */
    @ParameterizedTest
    @ValueSource(longs = {21, 22})
    void clientsOutsideGetTheSame(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            for (int n = 0; n < AT_ONCE; n++) {
                int port = 1000 + n;
                boolean udp = n % 2 == 0;
                boolean request = random.nextBoolean();
                Packet packet = udp
                    ? request ? Packet.of("203.0.113.9", "10.96.0.10").udp(port, 53, new byte[random.nextInt(1500)])
                        : Packet.of("10.244.2.5", "10.244.1.0").udp(5353, port, new byte[random.nextInt(1400)])
                    : request ? Packet.of("203.0.113.9", "10.96.0.10").tcp(port, 80, round == 0 ? SYN : ACK, 1, 1)
                    : Packet.of("10.244.1.3", "10.244.1.1").tcp(8080, port, ACK, 1, 1, new byte[random.nextInt(99)]);
                if (random.nextInt(4) == 0) {
                    packet.checksum(Packet.Checksum.PARTIAL);
                }
                byte[] frame = request ? fromWire(packet) : udp ? fromN2(packet) : fromB(packet);
                byte[] bytes = random.nextInt(5) == 0 ? FuzzTest.mutated(random, frame) : frame;
                for (GraphFixture node : List.of(fast, slow)) {
                    node.ports[request || udp ? UPLINK : POD_B].offer(bytes);
                }
            }
            runAndCompare();
        }
        compareFlows();
        assertEquals(Lanes.areUsable(), fast.graph.fastPathFrames() > ROUNDS);
    }

    private void secondPacket(int port, byte[] frame) {
        long before = fast.graph.fastPathFrames();
        fast.run(port, frame);
        assertFinished(before);
        fast.run(port, frame);
        assertFinished(before + 1);
    }

    /** Where lanes cannot be used, all frames take the slow path, and the rest of a test is true all the same. */
    private void assertFinished(long frames) {
        assertEquals(Lanes.areUsable() ? frames : 0, fast.graph.fastPathFrames());
    }

    @Test
    void aTunnelThatChangesOrGoesIsNoticed() {
        byte[] frame = fromA(Packet.of("10.244.1.2", "10.244.2.9").udp(1000, 2000));
        fast.run(POD_A, frame);
        assertFinished(0);
        byte[] before = fast.run(POD_A, frame).only(UPLINK);
        assertFinished(1);

        fast.tunnelToN2(ROUTER_MAC, 1450);
        byte[] after = fast.run(POD_A, frame).only(UPLINK);
        assertEquals(HexFormat.of().toHexDigits(ROUTER_MAC).substring(4), HexFormat.of().formatHex(after, 0, 6));
        assertEquals(HexFormat.of().formatHex(before, 6, before.length),
            HexFormat.of().formatHex(after, 6, after.length));

        fast.state.adjacencies().withdraw(10);
        assertEquals(1, fast.run(POD_A, frame).drops().get(DropReason.NEIGHBOUR_UNRESOLVED));
        assertFinished(3);
    }

    @Test
    void aPeerThatGoesAndComesIsNoticed() {
        byte[] frame = fromN2(Packet.of("10.244.2.9", "10.244.1.2").udp(7, 8));
        fast.run(UPLINK, frame);
        fast.run(UPLINK, frame);
        assertFinished(1);

        fast.change(tables -> tables.removePeer(N2));
        assertEquals(1, fast.run(UPLINK, frame).drops().get(DropReason.VXLAN_UNKNOWN_PEER));
        assertFinished(1);

        fast.change(tables -> tables.putPeer(new PeerSpec(N2, "n2", IpAddress.of("192.0.2.12"), N2_VTEP_MAC,
            IpPrefix.of("10.244.2.0/24"), List.of(IpAddress.of("192.0.2.12")), true)));
        fast.run(UPLINK, frame).only(POD_A);
        assertFinished(2);
    }

    @Test
    void aMachineThatJoinedAgainIsReachedAndHeardUnderBothItsNames() {
        fast.change(tables -> tables.putPeer(new PeerSpec(N2 + 5, N2, "n2-again", IpAddress.of("192.0.2.12"),
            N2_VTEP_MAC, IpPrefix.of("10.244.5.0/24"), List.of(IpAddress.of("192.0.2.12")), true)));
        for (String pod : List.of("10.244.2.9", "10.244.5.9")) {
            fast.run(UPLINK, fromN2(Packet.of(pod, "10.244.1.2").udp(7, 8))).only(POD_A);
            fast.run(POD_A, fromA(Packet.of("10.244.1.2", pod).udp(8, 7))).only(UPLINK);
            fast.run(UPLINK, fromN2(Packet.of(pod, "10.244.1.2").udp(7, 8))).only(POD_A);
        }
        fast.change(tables -> tables.removePeer(N2));
        fast.run(UPLINK, fromN2(Packet.of("10.244.5.9", "10.244.1.2").udp(7, 9))).only(POD_A);
        assertEquals(1, fast.run(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.1.2").udp(7, 9))).drops()
            .get(DropReason.SPOOFED_SOURCE));
    }

    /** Else its flow's others would overtake it. */
    @Test
    void aPacketThatMetCongestionInTheTunnelStaysWhereItIs() {
        fast.run(UPLINK, tunnelled(0, 2, 2));
        long before = fast.graph.fastPathFrames();
        List<MemoryPort.SentFrame> sent = fast.run(UPLINK, tunnelled(1, 2, 2), tunnelled(2, 2, 3), tunnelled(3, 2, 1),
            tunnelled(4, 0, 1), tunnelled(5, 3, 0)).sent().get(POD_A);
        assertFinished(before + 5);
        assertEquals("[1, 2, 2, 3, 3, 1, 4, 0, 5, 3]", sent.stream()
            .flatMap(frame -> Stream.of(frame.bytes()[14 + 28], frame.bytes()[15])).toList().toString());
        sent.forEach(frame -> assertTrue(Packet.describe(frame.bytes()).endsWith(" full"),
            Packet.describe(frame.bytes())));
        assertEquals(1, fast.run(UPLINK, tunnelled(6, 0, 3)).drops().get(DropReason.TUNNEL_ECN));
    }

    /** @param ecn of the packet itself */
    private static byte[] tunnelled(int payload, int ecn, int outerEcn) {
        byte[] inner = Packet.of("10.244.2.9", "10.244.1.2").tos(ecn).udp(7, 8, new byte[]{(byte) payload})
            .ethernet(VTEP_MAC, N2_VTEP_MAC).frame();
        return Packet.vxlan("192.0.2.12", "192.0.2.11", 1, inner).tos(outerEcn).ethernet(UPLINK_MAC, N2_MAC).frame();
    }

    @Test
    void anExceptionInTheMiddleOfAStageCostsOneFrame() {
        assumeTrue(Lanes.areUsable(), Lanes.lack());
        byte[] bad = fromA(Packet.of("10.244.1.2", "10.244.2.9").udp(1000, 2000));
        byte[] good = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000));
        fast.run(POD_A, good, bad);
        for (int i = 0; i < fast.flows.slotCount(); i++) {
            long line = fast.flows.home(i);
            if (FlowEntry.protocol(line) != 0 && FlowEntry.newDst(line) == Ipv4Address.of("10.244.2.9")) {
                Memory.putNativeI32(line + 32, FlowEntry.egress(line) | 0xFF_FFFF);
            }
        }
        GraphFixture.Outcome outcome = fast.run(POD_A, good, bad, good, bad, good);
        assertEquals(2, outcome.drops().get(DropReason.INTERNAL_ERROR));
        assertEquals(3, outcome.sent().get(POD_B).size());
        assertTrue(fast.graph.faults().last() instanceof IndexOutOfBoundsException);
    }

    private void runAndCompare() {
        assertEquals(run(slow), run(fast));
        assertEquals(counts(slow), counts(fast));
        assertEquals(totals(slow), totals(fast));
        assertEquals(slow.drops(), fast.drops());
    }

    private void compareFlows() {
        for (int i = 0; i < slow.flows.slotCount(); i++) {
            for (int word = 0; word < FlowEntry.LENGTH; word += Long.BYTES) {
                assertEquals(Memory.nativeI64(slow.flows.home(i) + word), Memory.nativeI64(fast.flows.home(i) + word));
            }
        }
    }

    private static Map<GraphNodeId, Long> counts(GraphFixture node) {
        Map<GraphNodeId, Long> counts = new EnumMap<>(GraphNodeId.class);
        for (GraphNodeId id : GraphNodeId.values()) {
            counts.put(id, node.counters.frames(id));
        }
        return counts;
    }

    private static Map<FrameTotal, Long> totals(GraphFixture node) {
        Map<FrameTotal, Long> totals = new EnumMap<>(FrameTotal.class);
        for (FrameTotal total : FrameTotal.values()) {
            totals.put(total, node.total(total));
        }
        return totals;
    }

    /** The two paths differ in the order in which frames of different flows are sent. */
    private static List<String> run(GraphFixture node) {
        node.now += 50_000_000;
        node.forwardAll();
        node.checkAccounts();
        List<String> sent = new ArrayList<>();
        for (MemoryPort port : node.ports) {
            for (MemoryPort.SentFrame frame = port.take(); frame != null; frame = port.take()) {
                sent.add(port.id() + " " + frame.checksum() + " " + HexFormat.of().formatHex(frame.bytes()));
            }
        }
        sent.sort(null);
        return sent;
    }
}
