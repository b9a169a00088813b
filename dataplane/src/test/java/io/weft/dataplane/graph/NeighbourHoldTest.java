package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.graph.GraphFixture.Outcome;
import io.weft.dataplane.port.MemoryPort;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Packets to a next hop that is not resolved yet wait for it, in order, within bounds, and no longer than Linux would let them. */
class NeighbourHoldTest {
    private static final long SECOND = 1_000_000_000;
    private static final String A = "10.244.1.2";
    private static final String B = "10.244.1.3";
    private static final String NEW = "192.0.2.200";
    private static final long NEW_MAC = MacAddress.of("02:00:00:00:20:20");
    private static final int SLOT = 20;
    private static final int LIMIT = 512;
    private static final int OF_HOP = LIMIT / 4;

    private final GraphFixture node = new GraphFixture(8192, 4096, MemoryPort.Sent.CAPTURED);

    @AfterEach
    void close() {
        node.close();
    }

    private void resolve(String address, int slot) {
        assertTrue(node.state.adjacencies().bindNextHop(Ipv4Address.of(address), slot));
        node.state.adjacencies().writeUnderlay(slot, NEW_MAC, UPLINK_MAC, 1500);
    }

    private Outcome run(int port, List<byte[]> frames) {
        return node.run(port, frames.toArray(byte[][]::new));
    }

    private static byte[] numbered(String destination, int number) {
        return fromA(Packet.of(A, destination).udp(1000 + number % 3, 53, new byte[1 + number]));
    }

    private static List<byte[]> numbered(String destination, int from, int to) {
        return IntStream.range(from, to).mapToObj(number -> numbered(destination, number)).toList();
    }

    /** The numbers of the frames that were sent to the new neighbour. */
    private static List<Integer> numbers(Outcome outcome) {
        return outcome.sent().get(UPLINK).stream().map(frame -> {
            assertEquals(MacAddress.format(NEW_MAC), macOf(frame.bytes()));
            return Packet.u16(frame.bytes(), 38) - 9;
        }).toList();
    }

    private static String macOf(byte[] frame) {
        long mac = 0;
        for (int i = 0; i < 6; i++) {
            mac = mac << 8 | frame[i] & 0xFF;
        }
        return MacAddress.format(mac);
    }

    private static List<Integer> upTo(int end) {
        return IntStream.range(0, end).boxed().toList();
    }

    @Test
    void thePacketsToANewNeighbourWaitAndLeaveInOrder() {
        assertEquals("", run(POD_A, numbered(NEW, 0, 3)).toString());
        assertEquals(3, node.graph.held());
        assertEquals(3, node.total(FrameTotal.IN_FLIGHT));
        assertEquals(0, node.flows.flows());
        assertEquals(Ipv4Address.of(NEW), node.state.neighbourRequests().take());
        assertEquals("", run(POD_A, numbered(NEW, 3, 5)).toString());
        resolve(NEW, SLOT);
        assertEquals(upTo(5), numbers(run(POD_A, List.of())));
        assertEquals(0, node.graph.held());
        assertEquals(0, node.total(FrameTotal.IN_FLIGHT));
        assertEquals(3, node.flows.flows());
    }

    @Test
    void noneThatComesLaterPassesThoseThatWait() {
        run(POD_A, numbered(NEW, 0, OF_HOP - 20));
        assertEquals(OF_HOP - 20, node.graph.held());
        resolve(NEW, SLOT);
        assertEquals(upTo(OF_HOP), numbers(run(POD_A, numbered(NEW, OF_HOP - 20, OF_HOP))));
    }

    @Test
    void aNewGatewayHoldsUpServicesThatLeadOutsideToo() {
        node.state.adjacencies().withdraw(12);
        byte[] request = fromA(Packet.of(A, "10.96.0.13").tcp(1000, 443, Packet.SYN));
        assertEquals("", run(POD_A, List.of(request)).toString());
        assertEquals("", run(HOST, List.of(fromHost(Packet.of("10.244.1.0", "10.96.0.13").tcp(1001, 443, Packet.SYN))))
            .toString());
        assertEquals(2, node.graph.held());
        node.state.adjacencies().writeUnderlay(12, ROUTER_MAC, UPLINK_MAC, 1500);
        Outcome outcome = run(POD_B, List.of());
        assertEquals(2, outcome.sent().get(UPLINK).size());
        assertTrue(outcome.toString().contains(">198.51.100.7 ttl 63 tcp"), outcome.toString());
        assertTrue(outcome.drops().isEmpty());
    }

    @Test
    void fragmentsFollowTheFirstThatWaits() {
        List<byte[]> fragments = new ArrayList<>();
        Datagram.split(Packet.of(A, NEW).udp(1, 2, Packet.payload(4000)).fragment(0).ip(), 1424)
            .forEach(ip -> fragments.add(ethernet(ip)));
        Collections.reverse(fragments);
        assertEquals("", run(POD_A, fragments).toString());
        assertEquals(fragments.size(), node.graph.held());
        resolve(NEW, SLOT);
        String sent = Datagram.describe(run(POD_A, List.of()).sent().get(UPLINK));
        assertTrue(sent.startsWith("192.0.2.11>192.0.2.200 ttl 63 udp") && sent.endsWith(">2 len 4028 full"), sent);
        assertEquals(0, node.graph.held());
    }

    private static byte[] ethernet(byte[] ip) {
        byte[] frame = new byte[14 + ip.length];
        System.arraycopy(Packet.mac(GATEWAY_MAC), 0, frame, 0, 6);
        System.arraycopy(Packet.mac(POD_A_MAC), 0, frame, 6, 6);
        Packet.setShort(frame, 12, 0x0800);
        System.arraycopy(ip, 0, frame, 14, ip.length);
        return frame;
    }

    @Test
    void afterThreeSecondsTheSenderIsToldThatTheHostIsUnreachable() {
        byte[] first = fromA(Packet.of(A, NEW).udp(1, 2));
        byte[] fragment = fromA(Packet.of(A, NEW).udp(3, 4, new byte[24]).fragment(0x2000).id(7));
        assertEquals("", run(POD_A, List.of(first, fragment)).toString());
        node.now += 2 * SECOND;
        assertEquals("", run(POD_A, List.of(first)).toString());
        node.now += SECOND;
        Outcome outcome = run(POD_A, List.of());
        assertEquals("neighbour_unresolved 3", outcome.toString().lines().reduce((_, last) -> last).orElseThrow());
        assertEquals(3, outcome.toString().lines()
            .filter(line -> line.contains("10.244.1.1>10.244.1.2 ttl 64 icmp 3/1")).count(), outcome.toString());
        assertEquals(0, node.graph.held());
        byte[] later = fromA(Packet.of(A, NEW).protocol(17, new byte[24]).fragment(4).id(7));
        assertEquals("neighbour_unresolved", run(POD_A, List.of(later)).toString());
        assertEquals("", run(POD_A, List.of(first)).toString());
        assertEquals(1, node.graph.held(), "another three seconds");
    }

    @Test
    void aNeighbourHoldsSoManyAndTheRestIsDropped() {
        assertEquals("neighbour_unresolved 72", run(POD_A, numbered(NEW, 0, OF_HOP + 72)).toString());
        assertEquals(OF_HOP, node.graph.held());
        resolve(NEW, SLOT);
        assertEquals(upTo(OF_HOP), numbers(run(POD_A, List.of())));
    }

    @Test
    void aPodThatScansASubnetLeavesPlaceToOthers() {
        List<byte[]> scan = IntStream.range(100, 250)
            .mapToObj(host -> fromA(Packet.of(A, "192.0.2." + host).udp(1, 2))).toList();
        assertEquals("neighbour_unresolved 134", run(POD_A, scan).toString());
        assertEquals(16, node.graph.held());
        byte[] other = fromB(Packet.of(B, "192.0.2.250").udp(1, 53));
        assertEquals("", run(POD_B, List.of(other)).toString());
        resolve("192.0.2.250", SLOT);
        assertEquals(1, run(POD_B, List.of()).sent().get(UPLINK).size());
        node.now += 3 * SECOND;
        assertEquals(16, run(POD_A, List.of()).drops().values().iterator().next());
    }

    @Test
    void aPodThatFloodsSeveralNeighboursLeavesHalfToOthers() {
        for (int hop = 100; hop < 104; hop++) {
            run(POD_A, numbered("192.0.2." + hop, 0, OF_HOP));
        }
        assertEquals(LIMIT / 2, node.graph.held());
        assertEquals("", run(POD_B, List.of(fromB(Packet.of(B, NEW).udp(1, 53)))).toString());
    }

    /** A request that found no place is made again. */
    @Test
    void whatWaitsForANeighbourAsksAgain() {
        run(POD_A, numbered(NEW, 0, 1));
        assertEquals(Ipv4Address.of(NEW), node.state.neighbourRequests().take());
        node.now += SECOND;
        run(POD_B, List.of());
        assertEquals(Ipv4Address.of(NEW), node.state.neighbourRequests().take());
    }

    @Test
    void whatAPodLeftBehindIsNotSentForTheNextOneAtItsPort() {
        run(POD_A, numbered(NEW, 0, 1));
        node.state.publish(node.state.ports().with(POD_A, PortKind.POD, Ipv4Address.of("10.244.1.9"), POD_A_MAC,
            GATEWAY_MAC, 1450));
        resolve(NEW, SLOT);
        assertEquals("spoofed_source", run(POD_A, List.of()).toString());
    }

    @Test
    void aSynThatIsSentAgainMeanwhileIsOneConnection() {
        byte[] syn = fromA(Packet.of(A, NEW).tcp(1000, 80, Packet.SYN));
        assertEquals("", run(POD_A, List.of(syn, syn)).toString());
        resolve(NEW, SLOT);
        assertEquals(2, run(POD_A, List.of()).sent().get(UPLINK).size());
        assertEquals(1, node.flows.flows());
    }
}
