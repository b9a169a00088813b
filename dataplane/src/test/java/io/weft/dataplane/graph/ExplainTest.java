package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static io.weft.dataplane.graph.Packet.ACK;
import static io.weft.dataplane.graph.Packet.FIN;
import static io.weft.dataplane.graph.Packet.RST;
import static io.weft.dataplane.graph.Packet.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.explain.Explanation;
import io.weft.dataplane.explain.Explanation.Verdict;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.port.MemoryPort;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * {@code weft explain} foretells what the node then does with the same frame: for every drop reason that one frame can cause, and for other
 * situations. It leaves no trace in the node.
 */
class ExplainTest {
    /**
     * Reasons that no single frame can cause in an explanation, and why.
     *
     * <ul>
     * <li>{@code too_big}: depends on how many segments a device supports; memory ports support all;
     * <li>{@code arp_rate_limited}, {@code reply_neighbour_limit}: need many frames in a short time;
     * <li>{@code frag_timeout}, {@code frag_full}: of held fragments; one alone is explained as held;
     * <li>{@code frag_no_buffers}: needs a worker whose memory is used up;
     * <li>{@code not_ready}: without tables there is no explanation, but an error;
     * <li>{@code tx_ring_full}: needs a kernel that does not keep up;
     * <li>{@code no_headroom}, {@code internal_error}: guards against mistakes of our own.
     * </ul>
     */
    private static final Set<DropReason> NOT_BY_ONE_FRAME = EnumSet.of(DropReason.TOO_BIG, DropReason.ARP_RATE_LIMITED,
        DropReason.REPLY_NEIGHBOUR_LIMIT, DropReason.FRAG_TIMEOUT, DropReason.FRAG_FULL, DropReason.FRAG_NO_BUFFERS,
        DropReason.NOT_READY, DropReason.TX_RING_FULL, DropReason.NO_HEADROOM, DropReason.INTERNAL_ERROR);

    private static final int POD_MOVED = 4;

    private GraphFixture node = new GraphFixture();
    private final Set<DropReason> seen = EnumSet.noneOf(DropReason.class);
    private final List<String> wrong = new ArrayList<>();
    private int situations;

    @AfterEach
    void close() {
        node.close();
    }

    /** Explains the frame, lets the node process it, and compares. */
    private Explanation agree(int port, byte[] frame) {
        long flows = node.flows.flows();
        Explanation explanation = Explained.of(node, port, frame);
        Explanation.Case first = explanation.cases().getFirst();
        assertEquals(flows, node.flows.flows(), "explaining changed the flow table");
        int held = node.graph.held();
        long fastPath = node.graph.fastPathFrames();
        String actual = node.run(port, frame).toString();
        if (!Explained.outcome(first).equals(actual) || first.verdict() == Verdict.HELD != node.graph.held() > held
            || first.fastPath() != node.graph.fastPathFrames() > fastPath) {
            wrong.add(
                explanation.packet() + ": explained " + Explained.outcome(first) + " " + first + ", but: " + actual);
        }
        if (first.reason() != null) {
            seen.add(first.reason());
        }
        situations++;
        node.now += 1_000_000_000L;
        return explanation;
    }

    private Explanation agree(int port, Packet packet) {
        return agree(port, switch (port) {
            case POD_A -> fromA(packet);
            case POD_B -> fromB(packet);
            case HOST -> fromHost(packet);
            default -> fromWire(packet);
        });
    }

    private void agreeDrop(DropReason reason, int port, byte[] frame) {
        Explanation explanation = agree(port, frame);
        if (explanation.cases().getFirst().reason() != reason) {
            wrong.add(reason + ": " + explanation);
        }
    }

    private void agreeDrop(DropReason reason, Packet fromA) {
        agreeDrop(reason, POD_A, fromA(fromA));
    }

    private static Packet toB() {
        return Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000, Packet.payload(10));
    }

    private static byte[] with(byte[] frame, int at, int value) {
        byte[] changed = frame.clone();
        changed[at] = (byte) value;
        return changed;
    }

    private static byte[] withIp(Packet packet, int at, int value) {
        byte[] frame = with(fromA(packet), at, value);
        Packet.setShort(frame, 24, 0);
        Packet.setShort(frame, 24, ~Packet.fold(Packet.sum(frame, 14, Math.clamp((frame[14] & 0xF) * 4L, 20, 34))));
        return frame;
    }

    @Test
    void everyDropReasonThatOneFrameCanCause() {
        ethernet();
        ipv4();
        transport();
        fragmentsAndIcmp();
        tunnel();
        services();
        routes();
        states();
        assertEquals(List.of(), wrong);
        Set<DropReason> missing = EnumSet.complementOf(EnumSet.copyOf(NOT_BY_ONE_FRAME));
        missing.removeAll(seen);
        assertEquals(Set.of(), missing, "no situation for these");
        seen.retainAll(NOT_BY_ONE_FRAME);
        assertEquals(Set.of(), seen, "one frame can cause these");
    }

    private void ethernet() {
        byte[] arp = Arp.request(POD_A_MAC, "10.244.1.2", "10.244.1.1");
        agreeDrop(DropReason.TRUNCATED, POD_A, new byte[5]);
        agreeDrop(DropReason.NOT_OUR_MAC, POD_A, toB().ethernet(POD_B_MAC, POD_A_MAC).frame());
        agreeDrop(DropReason.ETH_GROUP_DESTINATION, POD_A, toB().ethernet(0xFFFF_FFFF_FFFFL, POD_A_MAC).frame());
        agreeDrop(DropReason.ETH_GROUP_SOURCE, POD_A, toB().ethernet(GATEWAY_MAC, POD_A_MAC | 1L << 40).frame());
        agreeDrop(DropReason.ETH_LLC, toB().type(100));
        agreeDrop(DropReason.ETH_PAUSE, toB().type(0x8808));
        agreeDrop(DropReason.ETH_UNKNOWN_TYPE, toB().type(0x88CC));
        agreeDrop(DropReason.VLAN_FILTERED, toB().type(0x8100));
        agreeDrop(DropReason.IP6_UNSUPPORTED, toB().type(0x86DD));
        agreeDrop(DropReason.ARP_MALFORMED, POD_A, with(arp, 18, 200));
        agreeDrop(DropReason.ARP_SPOOF, POD_A, Arp.request(POD_A_MAC, "10.244.1.1", "10.244.1.1"));
        agreeDrop(DropReason.ARP_NOT_REQUEST, POD_A,
            Arp.frame(GATEWAY_MAC, POD_A_MAC, 2, POD_A_MAC, "10.244.1.2", GATEWAY_MAC, "10.244.1.1"));
        agreeDrop(DropReason.ARP_UNKNOWN_TARGET, POD_A, Arp.request(POD_A_MAC, "10.244.1.2", "10.244.1.3"));
    }

    private void ipv4() {
        agreeDrop(DropReason.IP4_BAD_VERSION, POD_A, withIp(toB(), 14, 0x55));
        agreeDrop(DropReason.IP4_BAD_IHL, POD_A, withIp(toB(), 14, 0x44));
        agreeDrop(DropReason.IP4_BAD_TOTAL_LENGTH, POD_A, withIp(toB(), 17, 19));
        agreeDrop(DropReason.IP4_BAD_CHECKSUM, POD_A, with(fromA(toB()), 24, 0x12));
        agreeDrop(DropReason.IP4_OPTIONS, toB().options(7, 0, 4, 0));
        agreeDrop(DropReason.IP4_SOURCE_ROUTE, toB().options(131, 7, 4, 10, 244, 1, 3, 0));
        agreeDrop(DropReason.MARTIAN_SOURCE, Packet.of("127.0.0.1", "10.244.1.3").udp(1, 2));
        agreeDrop(DropReason.MARTIAN_DESTINATION, Packet.of("10.244.1.2", "127.0.0.1").udp(1, 2));
        agreeDrop(DropReason.SPOOFED_SOURCE, Packet.of("10.244.1.3", "10.244.2.9").udp(1, 2));
        agreeDrop(DropReason.TTL_EXPIRED, toB().ttl(1));
    }

    private void transport() {
        agreeDrop(DropReason.L4_TRUNCATED, POD_A, withIp(toB(), 17, 27));
        agreeDrop(DropReason.L4_PORT_ZERO, Packet.of("10.244.1.2", "10.244.1.3").udp(0, 1));
        agreeDrop(DropReason.TCP_BAD_OFFSET, POD_A,
            with(fromA(Packet.of("10.244.1.2", "10.244.1.3").tcp(1, 2, SYN)), 46, 0x40));
        agreeDrop(DropReason.TCP_BAD_FLAGS, Packet.of("10.244.1.2", "10.244.1.3").tcp(1, 2, SYN | FIN));
        agreeDrop(DropReason.UDP_BAD_LENGTH, POD_A, with(fromA(toB()), 39, 7));
        agreeDrop(DropReason.UNSUPPORTED_PROTOCOL, Packet.of("10.244.1.2", "10.96.0.10").protocol(132, new byte[12]));
    }

    private void fragmentsAndIcmp() {
        Packet toB = Packet.of("10.244.1.2", "10.244.1.3");
        agreeDrop(DropReason.FRAG_TINY, toB.protocol(6, new byte[16]).fragment(0x2000));
        agreeDrop(DropReason.FRAG_BAD_LENGTH, toB.protocol(17, new byte[21]).fragment(0x2000));
        agreeDrop(DropReason.FRAG_PAST_END, toB.protocol(17, new byte[64]).fragment(0x1FFF));
        byte[] quote = Packet.of("10.244.1.3", "10.244.1.2").udp(77, 78).ip();
        agreeDrop(DropReason.ICMP_REDIRECT, Packet.of("10.244.1.2", "10.244.1.3").icmp(5, 1, 0, quote));
        agreeDrop(DropReason.ICMP_UNSUPPORTED, Packet.of("10.244.1.2", "10.244.1.3").icmp(13, 0, 0, new byte[12]));
        agreeDrop(DropReason.ICMP_BAD_QUOTE, Packet.of("10.244.1.2", "10.244.1.3").icmp(3, 3, 0));
        agreeDrop(DropReason.ICMP_NO_FLOW, Packet.of("10.244.1.2", "10.244.1.3").icmp(3, 3, 0, quote));
        agreeDrop(DropReason.ICMP_BAD_CHECKSUM, POD_A,
            with(fromA(Packet.of("10.244.1.2", "10.244.1.1").echo(1, 1)), 36, 0x55));
    }

    private void tunnel() {
        byte[] good = fromN2(Packet.of("10.244.2.9", "10.244.1.2").udp(1, 2));
        byte[] inner = Packet.of("10.244.2.9", "10.244.1.2").udp(1, 2).ethernet(VTEP_MAC, N2_VTEP_MAC).frame();
        agreeDrop(DropReason.VXLAN_NO_I_FLAG, UPLINK, with(good, 42, 0));
        agreeDrop(DropReason.VXLAN_UNKNOWN_VNI, UPLINK, with(good, 48, 9));
        agreeDrop(DropReason.VXLAN_UNKNOWN_PEER, UPLINK,
            Packet.vxlan("192.0.2.99", "192.0.2.11", 1, inner).ethernet(UPLINK_MAC, N2_MAC).frame());
        agreeDrop(DropReason.VXLAN_INNER_TYPE, UPLINK, with(good, 62, 0x86));
        agreeDrop(DropReason.TUNNEL_ECN, UPLINK,
            Packet.vxlan("192.0.2.12", "192.0.2.11", 1, inner).tos(3).ethernet(UPLINK_MAC, N2_MAC).frame());
        agreeDrop(DropReason.FRAG_OUTER, UPLINK, fromWire(Packet.of("192.0.2.12", "192.0.2.11")
            .udp(1, 8472, new byte[40]).fragment(0x2000)));
        agreeDrop(DropReason.ENCAP_FROM_POD, Packet.of("10.244.1.2", "192.0.2.12").udp(5000, 8472, new byte[40]));
        agreeDrop(DropReason.NO_TUNNEL_TO_TUNNEL, UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.3.9").udp(1, 2)));
    }

    private void services() {
        Packet toService = Packet.of("10.244.1.2", "10.96.0.10");
        agreeDrop(DropReason.CLUSTERIP_FROM_OUTSIDE, HOST,
            fromHost(Packet.of("203.0.113.5", "10.96.0.10").tcp(1, 80, SYN)));
        agreeDrop(DropReason.NO_FLOW, toService.tcp(1000, 80, ACK));
        agreeDrop(DropReason.SERVICE_NO_PORT, toService.tcp(1000, 81, SYN));
        agreeDrop(DropReason.SERVICE_NO_ENDPOINTS, Packet.of("10.244.1.2", "10.96.0.11").tcp(1000, 80, SYN));
        node.change(tables -> tables.services().put(new ServiceSpec(
            new ServiceKey(IpAddress.of("10.96.0.90"), 80, Packet.TCP), "paused",
            List.of(Backend.ready(IpAddress.of("10.244.2.5"), 8080))).withPaused(true)));
        agreeDrop(DropReason.SERVICE_PAUSED, Packet.of("10.244.1.2", "10.96.0.90").tcp(1000, 80, SYN));
        agreeDrop(DropReason.SERVICE_UNKNOWN_ADDRESS, Packet.of("10.244.1.2", "10.96.0.99").tcp(1000, 80, SYN));
        agreeDrop(DropReason.GATEWAY_NO_SERVICE, Packet.of("10.244.1.2", "10.244.1.1").udp(1, 53));
        frontend(FrontendKind.LOAD_BALANCER, "203.0.113.80", 80, true, List.of(IpPrefix.of("203.0.113.0/24")),
            Backend.ready(IpAddress.of("10.244.2.5"), 8080));
        agreeDrop(DropReason.SERVICE_SOURCE_RANGE, UPLINK,
            fromWire(Packet.of("198.51.100.7", "203.0.113.80").tcp(1000, 80, SYN)));
        agreeDrop(DropReason.SERVICE_NO_LOCAL_ENDPOINT, UPLINK,
            fromWire(Packet.of("203.0.113.5", "203.0.113.80").tcp(1000, 80, SYN)));
    }

    private void frontend(int kind, String address, int port, boolean policyLocal, List<IpPrefix> ranges,
        Backend... backends) {
        IpAddress ip = address == null ? ServiceKey.NODE_ADDRESSES : IpAddress.of(address);
        node.change(tables -> tables.services().put(new ServiceSpec(new ServiceKey(ip, port, Packet.TCP), kind, "s",
            policyLocal, false, 0, ranges, List.of(backends))));
    }

    private void routes() {
        agreeDrop(DropReason.NO_DIRECT_POD_ACCESS, UPLINK, fromWire(Packet.of("203.0.113.5", "10.244.1.2").udp(1, 2)));
        agreeDrop(DropReason.NO_SUCH_POD, Packet.of("10.244.1.2", "10.244.1.77").udp(1, 2));
        agreeDrop(DropReason.NO_ROUTE, Packet.of("10.244.1.2", "198.18.5.9").udp(1, 2));
        agreeDrop(DropReason.ROUTE_OTHER_DEVICE, Packet.of("10.244.1.2", "198.18.1.9").udp(1, 2));
        agreeDrop(DropReason.ROUTE_BLACKHOLE, Packet.of("10.244.1.2", "198.18.2.9").udp(1, 2));
        agreeDrop(DropReason.ROUTE_PROHIBITED, Packet.of("10.244.1.2", "198.18.4.9").udp(1, 2));
        agreeDrop(DropReason.MTU_EXCEEDED, Packet.of("10.244.1.2", "10.244.2.9").udp(1, 2, new byte[1423]));
    }

    /** Reasons that depend on flows, neighbours and ports as they are. */
    private void states() {
        node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, SYN)));
        agreeDrop(DropReason.REVERSE_TAKEN, Packet.of("10.244.1.2", "10.244.1.3").tcp(1000, 8080, ACK));
        agree(POD_A, Packet.of("10.244.1.2", "10.244.2.9").udp(1, 2));
        node.state.adjacencies().withdraw(N2_SLOT);
        agreeDrop(DropReason.NEIGHBOUR_UNRESOLVED, Packet.of("10.244.1.2", "10.244.2.9").udp(1, 2));
        agree(POD_A, toB());
        node.state.publish(node.state.ports().with(POD_MOVED, PortKind.POD, Ipv4Address.of("10.244.1.2"), POD_A_MAC + 1,
            GATEWAY_MAC, 1450));
        MemoryPort uplink = node.ports[0];
        node.ports[0] = new MemoryPort(POD_MOVED, node.pool, node.counters, MemoryPort.Sent.CAPTURED, 16);
        Explanation moved = Explained.of(node, POD_MOVED, toB().ethernet(GATEWAY_MAC, POD_A_MAC + 1).frame());
        assertEquals(node.run(0, toB().ethernet(GATEWAY_MAC, POD_A_MAC + 1).frame()).toString(),
            Explained.outcome(moved.cases().getFirst()));
        seen.add(moved.cases().getFirst().reason());
        node.ports[0] = uplink;
        node.state.publish(node.state.ports().without(POD_B));
        agreeDrop(DropReason.NO_PORT, toB());
        inAnotherNode(10, small -> {
            for (int i = 0; i < 10; i++) {
                small.run(POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000 + i, 2000)));
            }
            agreeDrop(DropReason.CT_FULL, Packet.of("10.244.1.2", "10.244.1.3").udp(2000, 2000));
        });
        inAnotherNode(20_000, small -> {
            for (int i = 0; i < 3700; i++) {
                small.run(POD_A, fromA(Packet.of("10.244.1.2", "203.0.113.5").udp(1000 + i, 53)));
            }
            agreeDrop(DropReason.SNAT_NO_PORT, Packet.of("10.244.1.2", "203.0.113.5").udp(9000, 53));
        });
        inAnotherNode(80_000, many -> {
            many.change(tables -> tables.services().put(new ServiceSpec(
                new ServiceKey(ServiceKey.NODE_ADDRESSES, 30053, Packet.UDP), FrontendKind.NODE_PORT, "s", false, false,
                0, List.of(), List.of(Backend.ready(IpAddress.of("10.244.2.5"), 5353)))));
            for (int client = 0; client < 65_536 - 1024; client++) {
                String address = "198.51." + (client >> 8 & 0xFF) + "." + (client & 0xFF);
                many.run(UPLINK, fromWire(Packet.of(address, "192.0.2.11").udp(4000, 30053)));
            }
            agreeDrop(DropReason.SERVICE_NO_SOURCE_PORT, UPLINK,
                fromWire(Packet.of("198.50.0.1", "192.0.2.11").udp(4000, 30053)));
        });
    }

    private void inAnotherNode(int flows, Consumer<GraphFixture> test) {
        GraphFixture former = node;
        try (GraphFixture other = new GraphFixture(256, flows, MemoryPort.Sent.CAPTURED)) {
            node = other;
            test.accept(other);
        } finally {
            node = former;
        }
    }

    @Test
    void otherSituations() {
        packetsOfPods();
        repliesAndKnownFlows();
        fromTheTunnelAndTheWire();
        heldFragmentedAndLong();
        assertEquals(List.of(), wrong);
        assertTrue(situations >= 40, situations + " situations");
    }

    private void packetsOfPods() {
        agree(POD_A, toB());
        agree(POD_A, toB().checksum(Packet.Checksum.PARTIAL));
        agree(POD_A, toB().checksum(Packet.Checksum.WRONG));
        agree(POD_A, Packet.of("10.244.1.2", "10.244.1.3").tcp(1000, 80, ACK));
        agree(POD_A, Packet.of("10.244.1.2", "10.244.1.3").tcp(1001, 80, RST));
        agree(POD_A, Packet.of("10.244.1.2", "10.244.1.3").echo(5, 1, Packet.payload(56)));
        agree(POD_A, Packet.of("10.244.1.2", "10.244.1.3").protocol(132, Packet.payload(32)));
        agree(POD_A, Packet.of("10.244.1.2", "10.244.2.9").tcp(1000, 80, SYN));
        agree(POD_A, Packet.of("10.244.1.2", "192.0.2.12").udp(1000, 53));
        agree(POD_A, Packet.of("10.244.1.2", "192.0.2.11").tcp(1000, 22, SYN));
        agree(POD_A, Packet.of("10.244.1.2", "10.96.0.10").tcp(2000, 80, SYN));
        agree(POD_A, Packet.of("10.244.1.2", "10.96.0.10").udp(2000, 53, Packet.payload(3)));
        agree(POD_A, Packet.of("10.244.1.2", "10.96.0.12").tcp(2000, 80, SYN)); // hairpin
        agree(POD_A, Packet.of("10.244.1.2", "10.96.0.13").tcp(2000, 443, SYN)); // a backend outside
        agree(POD_A, Packet.of("10.244.1.2", "10.96.0.14").tcp(2000, 443, SYN)); // a backend on the node
        agree(POD_A, Packet.of("10.244.1.2", "203.0.113.5").udp(1000, 53));
        agree(POD_A, Packet.of("10.244.1.2", "203.0.113.5").tcp(1000, 443, SYN).checksum(Packet.Checksum.PARTIAL));
        agree(POD_A, Packet.of("10.244.1.2", "203.0.113.5").echo(77, 1, Packet.payload(56)));
        agree(POD_A, Packet.of("10.244.1.2", "10.244.1.1").echo(9, 1, Packet.payload(56)));
        agree(POD_A, Arp.request(POD_A_MAC, "10.244.1.2", "10.244.1.1"));
        agree(HOST, Packet.of("10.244.1.0", "10.244.1.2").udp(1000, 53));
        agree(HOST, Packet.of("192.0.2.11", "10.96.0.10").tcp(3000, 80, SYN));
        agree(HOST, Arp.request(HOST_MAC, "10.244.1.0", "10.244.2.77"));
    }

    private void repliesAndKnownFlows() {
        agree(POD_B, Packet.of("10.244.1.3", "10.244.1.2").udp(2000, 1000)); // the reply to the first packet
        agree(POD_A, toB());
        agree(POD_A, toB());
        agree(POD_A, toB().ttl(1));
        agree(POD_B, Packet.of("10.244.1.3", "10.244.1.2").tcp(8080, 2000, SYN | ACK)); // of the Service
        agree(POD_A, Packet.of("10.244.1.2", "10.96.0.10").tcp(2000, 80, ACK, Packet.payload(9)));
        agree(POD_A, Packet.of("10.244.1.2", "10.96.0.10").tcp(2000, 80, RST));
        agree(POD_A, Packet.of("10.244.1.2", "10.96.0.10").tcp(2000, 80, SYN));
        byte[] masqueraded = node.run(POD_A, fromA(Packet.of("10.244.1.2", "203.0.113.6").udp(1000, 53))).only(UPLINK);
        agree(UPLINK, Packet.of("203.0.113.6", "192.0.2.11").udp(53, Packet.u16(masqueraded, 34)));
        agree(UPLINK, Packet.of("203.0.113.7", "192.0.2.11").udp(53, Packet.u16(masqueraded, 34))); // somebody else
        byte[] quote = Arrays.copyOfRange(masqueraded, 14, masqueraded.length);
        agree(UPLINK, Packet.of("203.0.113.99", "192.0.2.11").icmp(3, 1, 0, quote));
    }

    private void fromTheTunnelAndTheWire() {
        agree(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.1.2").tcp(1000, 80, SYN)));
        agree(UPLINK,
            fromN2(Packet.of("10.244.2.9", "10.244.1.2").tcp(1000, 80, SYN).checksum(Packet.Checksum.PARTIAL)));
        agree(UPLINK, fromN2(Packet.of("192.0.2.12", "10.244.1.2").udp(1000, 53)));
        agree(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.1.1").echo(9, 1, Packet.payload(56))));
        agree(UPLINK, Packet.of("203.0.113.5", "192.0.2.11").tcp(5555, 22, SYN));
        frontend(FrontendKind.NODE_PORT, null, 30080, false, List.of(),
            Backend.readyHere(IpAddress.of("10.244.1.3"), 8080));
        agree(UPLINK, Packet.of("203.0.113.5", "192.0.2.11").tcp(4000, 30080, SYN));
        agree(UPLINK, Packet.of("203.0.113.5", "192.0.2.11").tcp(4000, 30080, ACK));
        agree(POD_B, Packet.of("10.244.1.3", "10.244.1.1").tcp(8080, 4000, SYN | ACK));
        agree(HOST, Packet.of("192.0.2.11", "192.0.2.11").tcp(4001, 30080, SYN));
    }

    private void heldFragmentedAndLong() {
        assertEquals(2, agree(POD_A, Packet.of("10.244.1.2", "10.244.2.9").udp(1, 2, new byte[1500]).fragment(0))
            .cases().getFirst().sent().size(), "fragments");
        agree(POD_A, Packet.of("10.244.1.2", "10.244.2.9").udp(3, 4, new byte[24]).fragment(0x2000));
        agree(POD_A, Packet.of("10.244.1.2", "203.0.113.5").udp(3, 4, new byte[3000]).fragment(0));
        agree(POD_A, Packet.of("10.244.1.2", "10.244.1.3").udp(3, 4, new byte[9000]));
        assertEquals(Verdict.HELD, agree(POD_A, Packet.of("10.244.1.2", "192.0.2.77").udp(1000, 53)).cases().getFirst()
            .verdict(), "an unresolved next hop");
        assertEquals(Verdict.HELD, agree(POD_A, Packet.of("10.244.1.2", "10.244.2.9").id(77)
            .protocol(17, new byte[16]).fragment(0x0004)).cases().getFirst().verdict(), "a fragment before its first");
    }

    // -- what it says --------------------------------------------------------------------------------------------------

    @Test
    void saysTheServiceTheBackendTheRouteAndTheTranslation() {
        Explanation explanation = Explained.of(node, POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53)));
        Explanation.Case only = explanation.cases().getFirst();
        assertEquals(1, explanation.cases().size());
        assertEquals("new", only.flow());
        assertEquals("udp 10.244.1.2:1000 > 10.96.0.10:53 ttl 64 length 28", explanation.packet());
        assertEquals(List.of("port-rx", "ethernet-input", "ip4-input", "flow-lookup", "flow-create", "flow-rewrite",
            "vxlan4-encap", "port-tx"), only.steps().stream().map(Explanation.Step::node).toList());
        assertEquals(List.of("service 10.96.0.10:53 udp of 10.96.0.10:53 (ClusterIP, policy Cluster)",
            "1 backends, of which 1 for new flows; chosen at random: another flow may get another",
            "backend 10.244.2.5:5353", "route 10.244.2.0/24 peer node n2 192.0.2.12", "source: unchanged",
            "decision: forward by tunnel, adjacency 10",
            "replies: arrive from the tunnel from node n2 192.0.2.12, leave by port port 2 (10.244.1.2)"),
            only.steps().get(4).details());
        assertEquals("vxlan 192.0.2.11 > 192.0.2.12 (udp 10.244.1.2:1000 > 10.244.2.5:5353 ttl 63 length 28)",
            only.sent().getFirst().text());
    }

    @Test
    void explainsAKnownFlowAsItIsAndAsIfItDidNotExist() {
        Packet packet = Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, ACK);
        node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, SYN)));
        Explanation explanation = Explained.of(node, POD_A, fromA(packet));
        assertEquals(List.of("known", "new"), explanation.cases().stream().map(Explanation.Case::flow).toList());
        assertEquals(Verdict.SENT, explanation.cases().get(0).verdict());
        assertEquals(DropReason.NO_FLOW, explanation.cases().get(1).reason());
        String lookup = explanation.cases().getFirst().steps().stream()
            .filter(step -> step.node().equals("flow-lookup"))
            .findFirst().orElseThrow().details().getFirst();
        assertTrue(
            lookup.startsWith("entry tcp 10.244.1.2:1000 > 10.96.0.10:80, original direction, syn_sent, 1 packets"),
            lookup);
        assertEquals(1, node.flows.flows());
    }

    /** The decision that is put into words is the one that the graph has made. */
    @Test
    void theReasonOfTheDecisionIsTheReasonOfTheDrop() {
        for (Packet packet : List.of(Packet.of("10.244.1.2", "10.96.0.11").tcp(1, 80, SYN),
            Packet.of("10.244.1.2", "10.96.0.10").tcp(1, 80, ACK),
            Packet.of("10.244.1.2", "10.96.0.10").tcp(1, 81, SYN),
            Packet.of("10.244.1.2", "198.18.4.9").udp(1, 2), Packet.of("10.244.1.2", "10.244.1.77").udp(1, 2),
            Packet.of("10.244.1.2", "10.244.1.1").udp(1, 2),
            Packet.of("10.244.1.2", "192.0.2.12").udp(1, 8472, new byte[40]))) {
            Explanation.Case only = Explained.of(node, POD_A, fromA(packet)).cases().getFirst();
            String decision = only.steps().stream().filter(step -> step.node().equals("flow-create")).findFirst()
                .orElseThrow().details().getLast();
            assertTrue(decision.startsWith("decision: refuse as " + only.reason().label() + ","), decision);
        }
    }
}
