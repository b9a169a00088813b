package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.graph.GraphFixture.Outcome;
import io.weft.dataplane.port.MemoryPort;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Datagrams that arrive in fragments: the first one's decision holds for the others, in whatever order they come. */
class FragmentTest {
    private static final long SECOND = 1_000_000_000;
    /** What a pod's stack puts into a fragment at an MTU of 1450. */
    private static final int SIZE = 1424;

    private final GraphFixture node = new GraphFixture(4096, 1024, MemoryPort.Sent.CAPTURED);

    /** How the fragments of a datagram arrive. */
    enum Arrival {
        IN_ORDER, REVERSED, SHUFFLED, DOUBLED
    }

    @AfterEach
    void close() {
        node.close();
    }

    private static List<byte[]> fragments(Packet packet, Arrival arrival, UnaryOperator<byte[]> link) {
        List<byte[]> fragments = new ArrayList<>();
        Datagram.split(packet.fragment(0).ip(), SIZE).forEach(ip -> fragments.add(link.apply(ip)));
        switch (arrival) {
            case REVERSED -> Collections.reverse(fragments);
            case SHUFFLED -> Collections.shuffle(fragments, new Random(fragments.size()));
            case DOUBLED -> fragments.addAll(List.copyOf(fragments));
            default -> {}
        }
        return fragments;
    }

    private static byte[] link(long to, long from, byte[] ip) {
        byte[] frame = new byte[14 + ip.length];
        System.arraycopy(Packet.mac(to), 0, frame, 0, 6);
        System.arraycopy(Packet.mac(from), 0, frame, 6, 6);
        Packet.setShort(frame, 12, 0x0800);
        System.arraycopy(ip, 0, frame, 14, ip.length);
        return frame;
    }

    private static byte[] linkA(byte[] ip) {
        return link(GATEWAY_MAC, POD_A_MAC, ip);
    }

    private static byte[] linkWire(byte[] ip) {
        return link(UPLINK_MAC, ROUTER_MAC, ip);
    }

    private static byte[] linkN2(byte[] ip) {
        return Packet.vxlan("192.0.2.12", "192.0.2.11", 1, link(VTEP_MAC, N2_VTEP_MAC, ip))
            .ethernet(UPLINK_MAC, N2_MAC).frame();
    }

    private Outcome run(int port, List<byte[]> frames) {
        return node.run(port, frames.toArray(byte[][]::new));
    }

    /** Sends each frame in a batch of its own, then all of them at once under another identification. */
    private void expect(String whole, int to, int from, Arrival arrival, Packet packet, UnaryOperator<byte[]> link) {
        List<MemoryPort.SentFrame> sent = new ArrayList<>();
        for (byte[] frame : fragments(packet.id(1), arrival, link)) {
            Outcome outcome = run(from, List.of(frame));
            assertTrue(outcome.drops().isEmpty(), outcome.toString());
            sent.addAll(outcome.sent().getOrDefault(to, List.of()));
        }
        assertEquals(whole, Datagram.describe(sent));
        Outcome outcome = run(from, fragments(packet.id(2), arrival, link));
        assertTrue(outcome.drops().isEmpty() && outcome.sent().size() == 1, outcome.toString());
        assertEquals(whole, Datagram.describe(outcome.sent().get(to)));
        assertEquals(0, node.graph.held());
    }

    // -- where ports are translated ------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    void toAServiceWithARemoteBackendAndBack(Arrival arrival) {
        byte[] payload = Packet.payload(20_000);
        expect("10.244.1.2>10.244.2.5 ttl 63 udp 1000>5353 len 20028 full", UPLINK, POD_A, arrival,
            Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, payload), FragmentTest::linkA);
        expect("10.96.0.10>10.244.1.2 ttl 63 udp 53>1000 len 20028 full", POD_A, UPLINK, arrival,
            Packet.of("10.244.2.5", "10.244.1.2").udp(5353, 1000, payload), FragmentTest::linkN2);
    }

    @ParameterizedTest
    @EnumSource
    void toAServiceWithALocalBackendAndBack(Arrival arrival) {
        node.change(writer -> service(writer, "10.96.0.20", 53, Packet.UDP, "10.244.1.3", 5353));
        byte[] payload = Packet.payload(9000);
        expect("10.244.1.2>10.244.1.3 ttl 63 udp 1000>5353 len 9028 full", POD_B, POD_A, arrival,
            Packet.of("10.244.1.2", "10.96.0.20").udp(1000, 53, payload), FragmentTest::linkA);
        expect("10.96.0.20>10.244.1.2 ttl 63 udp 53>1000 len 9028 full", POD_A, POD_B, arrival,
            Packet.of("10.244.1.3", "10.244.1.2").udp(5353, 1000, payload), ip -> link(GATEWAY_MAC, POD_B_MAC, ip));
    }

    @ParameterizedTest
    @EnumSource
    void toOnesOwnServiceAndBack(Arrival arrival) {
        node.change(writer -> service(writer, "10.96.0.20", 53, Packet.UDP, "10.244.1.2", 5353));
        expect("10.244.1.1>10.244.1.2 ttl 63 udp 1000>5353 len 9028 full", POD_A, POD_A, arrival,
            Packet.of("10.244.1.2", "10.96.0.20").udp(1000, 53, Packet.payload(9000)), FragmentTest::linkA);
        expect("10.96.0.20>10.244.1.2 ttl 63 udp 53>1000 len 9028 full", POD_A, POD_A, arrival,
            Packet.of("10.244.1.2", "10.244.1.1").udp(5353, 1000, Packet.payload(9000)), FragmentTest::linkA);
    }

    @ParameterizedTest
    @EnumSource
    void outsideAndBack(Arrival arrival) {
        byte[] payload = Packet.payload(65_507);
        Packet request = Packet.of("10.244.1.2", "203.0.113.5").udp(1000, 53, payload);
        byte[] first = run(POD_A, fragments(request, Arrival.IN_ORDER, FragmentTest::linkA)).sent().get(UPLINK)
            .getFirst().bytes();
        int port = Packet.u16(first, 34);
        String node4 = "192.0.2.11";
        expect(node4 + ">203.0.113.5 ttl 63 udp " + port + ">53 len 65535 full", UPLINK, POD_A, arrival, request,
            FragmentTest::linkA);
        expect("203.0.113.5>10.244.1.2 ttl 63 udp 53>1000 len 65535 full", POD_A, UPLINK, arrival,
            Packet.of("203.0.113.5", node4).udp(53, port, payload), FragmentTest::linkWire);
    }

    @ParameterizedTest
    @EnumSource
    void echoesOutsideAndToTheGatewayAndBack(Arrival arrival) {
        byte[] payload = Packet.payload(4000);
        Packet request = Packet.of("10.244.1.2", "203.0.113.5").echo(77, 1, payload);
        byte[] first = run(POD_A, fragments(request, Arrival.IN_ORDER, FragmentTest::linkA)).sent().get(UPLINK)
            .getFirst().bytes();
        int id = Packet.u16(first, 38);
        expect("192.0.2.11>203.0.113.5 ttl 63 icmp 8/0 id " + id + " len 4028 full", UPLINK, POD_A, arrival, request,
            FragmentTest::linkA);
        expect("203.0.113.5>10.244.1.2 ttl 63 icmp 0/0 id 77 len 4028 full", POD_A, UPLINK, arrival,
            Packet.of("203.0.113.5", "192.0.2.11").echoReply(id, 1, payload), FragmentTest::linkWire);
        expect("10.244.1.1>10.244.1.2 ttl 64 icmp 0/0 id 77 len 4028 full", POD_A, POD_A, arrival,
            Packet.of("10.244.1.2", "10.244.1.1").echo(77, 1, payload).ttl(1), FragmentTest::linkA);
    }

    @ParameterizedTest
    @EnumSource
    void betweenPodsAndFromTheNode(Arrival arrival) {
        byte[] payload = Packet.payload(9000);
        expect("10.244.1.2>10.244.1.3 ttl 63 udp 1000>9 len 9028 full", POD_B, POD_A, arrival,
            Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 9, payload), FragmentTest::linkA);
        expect("10.244.1.2>10.244.2.9 ttl 63 udp 1000>9 len 9028 full", UPLINK, POD_A, arrival,
            Packet.of("10.244.1.2", "10.244.2.9").udp(1000, 9, payload), FragmentTest::linkA);
        expect("10.244.2.9>10.244.1.2 ttl 63 tcp 9>1000 A len 9040 full", POD_A, UPLINK, arrival,
            Packet.of("10.244.2.9", "10.244.1.2").tcp(9, 1000, Packet.ACK, payload), FragmentTest::linkN2);
        expect("10.244.1.0>10.244.2.5 ttl 63 udp 1000>5353 len 9028 full", UPLINK, HOST, arrival,
            Packet.of("10.244.1.0", "10.96.0.10").udp(1000, 53, payload), ip -> link(GATEWAY_MAC, HOST_MAC, ip));
        expect("10.244.1.2>10.244.1.3 ttl 63 proto 132 len 9020", POD_B, POD_A, arrival,
            Packet.of("10.244.1.2", "10.244.1.3").protocol(132, payload), FragmentTest::linkA);
    }

    @Test
    void aUdpChecksumOf0Stays0AndAWrongOneStaysWrong() {
        for (Packet.Checksum kind : List.of(Packet.Checksum.NONE, Packet.Checksum.WRONG)) {
            expect(
                "10.244.1.2>10.244.2.5 ttl 63 udp 1000>5353 len 4028 " + (kind == Packet.Checksum.NONE ? "none" : kind),
                UPLINK, POD_A, Arrival.REVERSED,
                Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(4000)).checksum(kind),
                FragmentTest::linkA);
        }
    }

    // -- the node's own ------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    void whatIsTheNodesOwnReachesItByteForByte(Arrival arrival) {
        run(POD_A, List.of(fromA(Packet.of("10.244.1.2", "203.0.113.5").echo(7, 1))));
        List<Packet> packets = List.of(Packet.of("203.0.113.5", "192.0.2.11").udp(53, 40_000, Packet.payload(8000)),
            Packet.of("192.0.2.12", "192.0.2.11").udp(2049, 40_000, Packet.payload(60_000)),
            Packet.of("203.0.113.5", "192.0.2.11").udp(0, 40_000, Packet.payload(4000)),
            Packet.of("203.0.113.5", "192.0.2.11").echo(61_000, 1, Packet.payload(4000)),
            Packet.of("203.0.113.5", "192.0.2.11").echo(7, 1, Packet.payload(4000)),
            Packet.of("203.0.113.5", "192.0.2.11").echoReply(8, 1, Packet.payload(4000)),
            Packet.of("203.0.113.5", "192.0.2.11").icmp(13, 0, 0, Packet.payload(4000)),
            Packet.of("203.0.113.5", "192.0.2.11").protocol(50, Packet.payload(4000)),
            Packet.of("203.0.113.5", "192.0.2.11").tcp(443, 40_000, Packet.ACK, Packet.payload(4000)));
        int id = 100;
        for (Packet packet : packets) {
            List<byte[]> frames = fragments(packet.ttl(1).id(id++), arrival, FragmentTest::linkWire);
            Outcome outcome = run(UPLINK, frames);
            assertEquals(frames.size(), outcome.sent().get(HOST).size(), outcome.toString());
            List<String> expected = frames.stream().map(f -> Arrays.toString(Arrays.copyOfRange(f, 14, f.length)))
                .sorted().toList();
            assertEquals(expected, outcome.sent().get(HOST).stream()
                .map(f -> Arrays.toString(Arrays.copyOfRange(f.bytes(), 14, f.bytes().length))).sorted().toList());
        }
    }

    @Test
    void tunnelPacketsInFragmentsAreDroppedUnderTheirNameWhateverComesFirst() {
        byte[] inner = fromA(Packet.of("10.244.2.9", "10.244.1.2").udp(1, 2, Packet.payload(1900)));
        byte[] outer = Packet.vxlan("192.0.2.12", "192.0.2.11", 1, inner).fragment(0).ip();
        List<byte[]> frames = new ArrayList<>(Datagram.split(outer, 800).stream().map(FragmentTest::linkWire).toList());
        assertEquals("frag_outer 3", run(UPLINK, frames).toString());
        frames.forEach(f -> {
            f[19]++;
            f[24]--;
        });
        Collections.reverse(frames);
        assertEquals("frag_outer 3", run(UPLINK, fixed(frames)).toString());
    }

    private static List<byte[]> fixed(List<byte[]> frames) {
        for (byte[] frame : frames) {
            Packet.setShort(frame, 24, 0);
            Packet.setShort(frame, 24, ~Packet.fold(Packet.sum(frame, 14, 20)));
        }
        return frames;
    }

    // -- decisions -----------------------------------------------------------------------------------------------------

    @Test
    void whatHappensToTheFirstHappensToTheOthersWhicheverComesFirst() {
        for (Arrival arrival : List.of(Arrival.IN_ORDER, Arrival.REVERSED)) {
            int id = 10 + arrival.ordinal();
            assertDropped("service_no_port 4", arrival,
                Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 54, Packet.payload(5000)).id(id));
            assertDropped("no_such_pod 4", arrival,
                Packet.of("10.244.1.2", "10.244.1.77").udp(1000, 54, Packet.payload(5000)).id(id));
            assertDropped("encap_from_pod 4", arrival,
                Packet.of("10.244.1.2", "192.0.2.12").udp(1000, 8472, Packet.payload(5000)).id(id));
            assertDropped("ttl_expired 4", arrival,
                Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(5000)).id(20 + id).ttl(1));
            assertDropped("gateway_no_service 4", arrival,
                Packet.of("10.244.1.2", "10.244.1.1").udp(1000, 53, Packet.payload(5000)).id(id));
        }
    }

    private void assertDropped(String drops, Arrival arrival, Packet packet) {
        node.now += SECOND;
        Outcome outcome = run(POD_A, fragments(packet, arrival, FragmentTest::linkA));
        assertTrue(outcome.sent().getOrDefault(POD_A, List.of()).size() <= 1, outcome.toString());
        assertTrue(outcome.toString().endsWith(drops), outcome.toString());
        assertEquals(0, node.graph.held());
    }

    @Test
    void aLaterFragmentIsARoutersPacketToo() {
        List<byte[]> frames = fragments(Packet.of("10.244.1.2", "10.244.1.3").udp(1, 2, Packet.payload(4000)),
            Arrival.IN_ORDER, FragmentTest::linkA);
        byte[] late = frames.get(1);
        late[22] = 1;
        assertEquals("ttl_expired", lines(run(POD_A, fixed(frames)), 2));
        late[22] = 64;
        byte[] tooLong = fromA(
            Packet.of("10.244.1.2", "10.244.1.3").protocol(17, Packet.payload(1440)).fragment(0x4008));
        assertEquals("mtu_exceeded", run(POD_A, List.of(tooLong)).toString());
        byte[] foreign = late.clone();
        foreign[29] = 3; // 10.244.1.3's, from pod A
        assertEquals("spoofed_source", run(POD_A, fixed(List.of(foreign))).toString());
    }

    /** What is not sent, when so many frames are. */
    private static String lines(Outcome outcome, int sent) {
        assertEquals(sent, outcome.sent().values().stream().mapToInt(List::size).sum(), outcome.toString());
        return String.join("\n", outcome.toString().lines().skip(sent).toList());
    }

    @Test
    void anotherIngressCannotSpeakForADatagram() {
        Packet packet = Packet.of("10.244.2.9", "10.244.1.2").udp(1, 2, Packet.payload(2000));
        List<byte[]> frames = fragments(packet, Arrival.IN_ORDER, FragmentTest::linkN2);
        assertEquals("spoofed_source",
            run(POD_A, fragments(packet, Arrival.IN_ORDER, FragmentTest::linkA).subList(0, 1))
                .toString());
        run(UPLINK, frames.subList(1, 2));
        assertEquals(1, node.graph.held());
        assertEquals(2, run(UPLINK, frames.subList(0, 1)).sent().get(POD_A).size());
    }

    // -- bounds --------------------------------------------------------------------------------------------------------

    @Test
    void aLaterFragmentWaits30SecondsAndNoLonger() {
        byte[] later = fromA(Packet.of("10.244.1.2", "10.96.0.10").protocol(17, new byte[24]).fragment(0x0004));
        assertEquals("", run(POD_A, List.of(later, later, later)).toString());
        assertEquals(3, node.graph.held());
        node.now += 29 * SECOND;
        assertEquals("", run(POD_A, List.of()).toString());
        node.now += SECOND;
        assertEquals("frag_timeout 3", run(POD_A, List.of()).toString());
        assertEquals(0, node.graph.held());
    }

    @Test
    void aDecisionHolds30SecondsAndNoLonger() {
        List<byte[]> frames = fragments(Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(2000)),
            Arrival.IN_ORDER, FragmentTest::linkA);
        run(POD_A, frames.subList(0, 1));
        node.now += 29 * SECOND;
        assertEquals(1, run(POD_A, frames.subList(1, 2)).sent().get(UPLINK).size());
        node.now += SECOND;
        assertEquals("", run(POD_A, frames.subList(1, 2)).toString());
        assertEquals(1, node.graph.held());
    }

    @Test
    void aPodThatFillsItsShareTakesNothingFromOthers() {
        List<byte[]> orphans = new ArrayList<>();
        for (int id = 0; id < 400; id++) {
            orphans
                .add(fromA(Packet.of("10.244.1.2", "10.96.0.10").protocol(17, new byte[24]).fragment(0x0004).id(id)));
        }
        int share = node.pool.chunks() / 8 / 4;
        assertEquals("frag_full " + (400 - share), run(POD_A, orphans).toString());
        assertEquals(share, node.graph.held());
        List<byte[]> other = fragments(Packet.of("10.244.1.3", "10.96.0.10").udp(1, 53, Packet.payload(60_000)),
            Arrival.REVERSED, ip -> link(GATEWAY_MAC, POD_B_MAC, ip));
        assertEquals("10.244.1.3>10.244.2.5 ttl 63 udp 1>5353 len 60028 full",
            Datagram.describe(run(POD_B, other).sent().get(UPLINK)));
        node.now += 30 * SECOND;
        assertEquals("frag_timeout " + share, run(POD_A, List.of()).toString());
    }

    @Test
    void beyondTheBoundTheNodesStackGetsWhatComesFromOutside() {
        List<byte[]> orphans = new ArrayList<>();
        for (int id = 0; id < 900; id++) {
            orphans.add(fromWire(Packet.of("203.0.113." + id % 200, "192.0.2.11").protocol(17, new byte[24])
                .fragment(0x0004).id(id)));
        }
        Outcome outcome = run(UPLINK, orphans);
        assertTrue(node.graph.held() <= node.pool.chunks() / 8 / 2);
        assertEquals(900 - node.graph.held(), outcome.sent().get(HOST).size());
        assertTrue(outcome.drops().isEmpty());
    }

    @Test
    void aPodThatSendsFirstFragmentsPushesOutItsOwnDecisionsOnly() {
        List<byte[]> kept = fragments(Packet.of("10.244.1.3", "10.96.0.10").udp(1, 53, Packet.payload(2000)),
            Arrival.IN_ORDER, ip -> link(GATEWAY_MAC, POD_B_MAC, ip));
        run(POD_B, kept.subList(0, 1));
        List<byte[]> flood = new ArrayList<>();
        for (int id = 0; id < 20_000; id++) {
            flood.add(fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1, 2, new byte[8]).fragment(0x2000).id(id)));
            if (flood.size() == 500) {
                run(POD_A, flood);
                flood.clear();
            }
        }
        assertEquals(1, run(POD_B, kept.subList(1, 2)).sent().get(UPLINK).size());
    }

    @Test
    void fragmentsAreSharedWithTheOtherWorkers() {
        List<byte[]> frames = fragments(Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(9000)),
            Arrival.REVERSED, FragmentTest::linkA);
        try (GraphFixture other = new GraphFixture(node)) {
            assertEquals("", other.run(POD_A, frames.subList(0, frames.size() - 1).toArray(byte[][]::new)).toString());
            assertEquals(frames.size() - 1, other.graph.held());
            List<MemoryPort.SentFrame> all = new ArrayList<>(run(POD_A, List.of(frames.getLast())).sent().get(UPLINK));
            all.addAll(other.run(POD_A).sent().get(UPLINK));
            assertEquals("10.244.1.2>10.244.2.5 ttl 63 udp 1000>5353 len 9028 full", Datagram.describe(all));
            assertEquals(1, all.stream().map(f -> Packet.u16(f.bytes(), 34)).distinct().count(), "tunnel paths");
        }
    }

    /** Overlaps, duplicates, gaps, wrong lengths, many datagrams at once: everything ends, nothing grows. */
    @Test
    void whateverFragmentsComeTheyEnd() {
        Random random = new Random(61);
        for (int round = 0; round < 3000; round++) {
            List<byte[]> frames = new ArrayList<>();
            int port = random.nextBoolean() ? POD_A : UPLINK;
            for (int n = 0; n < 60; n++) {
                int offset = random.nextInt(3) == 0 ? 0 : random.nextInt(random.nextBoolean() ? 4 : 0x2000);
                Packet packet = port == POD_A
                    ? Packet.of("10.244.1.2", random.nextBoolean() ? "10.96.0.10" : "10.244.2.9")
                    : Packet.of("203.0.113." + random.nextInt(4), "192.0.2.11");
                packet = random.nextBoolean() ? packet.udp(1000, 53, Packet.payload(random.nextInt(60) * 8))
                    : packet.protocol(random.nextBoolean() ? 17 : 6, Packet.payload(random.nextInt(400)));
                packet.id(random.nextInt(16)).fragment((random.nextBoolean() ? 0x2000 : 0) | offset);
                frames.add(port == POD_A ? fromA(packet) : fromWire(packet));
            }
            run(port, frames);
            node.now += random.nextInt(10) == 0 ? 40 * SECOND : SECOND / 10;
            assertTrue(node.graph.held() <= node.pool.chunks() / 8);
        }
        node.now += 31 * SECOND;
        run(POD_A, List.of());
        node.now += 31 * SECOND;
        run(POD_A, List.of());
        assertEquals(0, node.graph.held());
        assertEquals(0, node.counters.dropped(io.weft.dataplane.counters.DropReason.INTERNAL_ERROR));
    }
}
