package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static io.weft.dataplane.graph.Packet.ACK;
import static io.weft.dataplane.graph.Packet.FIN;
import static io.weft.dataplane.graph.Packet.RST;
import static io.weft.dataplane.graph.Packet.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.port.MemoryPort;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One bad frame for each reason: packet in, verdict, which {@code weft explain} must foretell without leaving a trace. */
class DropTest {
    private static final String TO_A = "2: 02:00:00:00:00:0a<02:00:00:00:00:01 ";

    private static final String TO_ROUTER = "1: 02:00:00:00:ff:ff<02:00:00:00:11:11 ";

    private final GraphFixture node = new GraphFixture();

    /** @param verdict lines of what is sent, then the drop's label */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Case(String description, int port, byte[] frame, String verdict) {
    }

    @AfterEach
    void close() {
        node.close();
    }

    private void check(List<Case> cases) {
        List<String> wrong = new ArrayList<>();
        for (Case each : cases) {
            long flows = node.flows.flows();
            String explained = Explained.outcome(Explained.of(node, each.port, each.frame).cases().getFirst());
            if (!explained.equals(each.verdict) || node.flows.flows() != flows) {
                wrong.add(each.description + ", explained: " + explained);
            }
            String verdict = node.run(each.port, each.frame).toString();
            if (!verdict.equals(each.verdict) || node.flows.flows() != flows) {
                wrong.add(each.description + ": " + verdict + (node.flows.flows() == flows ? "" : " and made a flow"));
            }
            node.now += 1_000_000_000L; // refills the limits of what Weft sends by itself
        }
        assertEquals(List.of(), wrong);
    }

    private static Case a(String description, String verdict, Packet packet) {
        return new Case(description, POD_A, fromA(packet), verdict);
    }

    private static Case a(String description, String verdict, byte[] frame) {
        return new Case(description, POD_A, frame, verdict);
    }

    private static Case wire(String description, String verdict, Packet packet) {
        return new Case(description, UPLINK, fromWire(packet), verdict);
    }

    private static Case tunnel(String description, String verdict, Packet inner) {
        return new Case(description, UPLINK, fromN2(inner), verdict);
    }

    private static Packet packet(String source, String destination) {
        return Packet.of(source, destination);
    }

    private static Packet podUdp() {
        return packet("10.244.1.2", "10.244.1.3").udp(1000, 2000, Packet.payload(10));
    }

    private static Packet podTcp(int flags) {
        return packet("10.244.1.2", "10.244.1.3").tcp(1000, 2000, flags);
    }

    /** A frame of pod A with one byte changed and its IPv4 checksum made right again. */
    private static byte[] changed(Packet packet, int at, int value) {
        byte[] frame = fromA(packet);
        frame[at] = (byte) value;
        fixIpChecksum(frame);
        return frame;
    }

    private static void fixIpChecksum(byte[] frame) {
        int headerLength = Math.min(Math.max((frame[14] & 0xF) * 4, 20), frame.length - 14);
        Packet.setShort(frame, 24, 0);
        Packet.setShort(frame, 24, ~Packet.fold(Packet.sum(frame, 14, headerLength)));
    }

    @Test
    void ethernet() {
        byte[] vlan = Arrays.copyOf(fromA(podUdp().type(0x8100)), 14);
        check(List.of(
            a("empty", "truncated", new byte[0]),
            a("13 bytes", "truncated", Arrays.copyOf(fromA(podUdp()), 13)),
            a("Ethernet header only", "truncated", Arrays.copyOf(fromA(podUdp()), 14)),
            a("not our MAC", "not_our_mac", podUdp().ethernet(POD_B_MAC, POD_A_MAC).frame()),
            a("IP in a broadcast", "eth_group_destination", podUdp().ethernet(0xFFFF_FFFF_FFFFL, POD_A_MAC).frame()),
            a("IP in a multicast", "eth_group_destination", podUdp().ethernet(0x0100_5E00_0001L, POD_A_MAC).frame()),
            a("group source", "eth_group_source", podUdp().ethernet(GATEWAY_MAC, POD_A_MAC | 1L << 40).frame()),
            new Case("group source on the wire", UPLINK, podUdp().ethernet(UPLINK_MAC, N2_MAC | 1L << 40).frame(),
                "eth_group_source"),
            a("another pod's MAC as source", "spoofed_source", podUdp().ethernet(GATEWAY_MAC, POD_B_MAC).frame()),
            a("802.1Q", "vlan_filtered", fromA(podUdp().type(0x8100))),
            a("802.1ad", "vlan_filtered", fromA(podUdp().type(0x88A8))),
            a("cut tag", "vlan_filtered", vlan),
            a("LLC", "eth_llc", fromA(podUdp().type(100))),
            a("pause", "eth_pause", fromA(podUdp().type(0x8808))),
            a("unknown type", "eth_unknown_type", fromA(podUdp().type(0x88CC))),
            a("IPv6", "ip6_unsupported", fromA(podUdp().type(0x86DD))),
            a("IPv6 multicast", "ip6_unsupported",
                podUdp().type(0x86DD).ethernet(0x3333_0000_0001L, POD_A_MAC).frame())));
    }

    @Test
    void arp() {
        byte[] good = Arp.request(POD_A_MAC, "10.244.1.2", "10.244.1.1");
        check(List.of(
            a("cut", "truncated", Arrays.copyOf(good, 41)),
            a("hardware length 200", "arp_malformed", changedByte(good, 18, 200)),
            a("another protocol", "arp_malformed", changedByte(good, 16, 9)),
            a("claims the gateway", "arp_spoof", Arp.request(POD_A_MAC, "10.244.1.1", "10.244.1.1")),
            a("claims another pod", "arp_spoof", Arp.request(POD_A_MAC, "10.244.1.3", "10.244.1.1")),
            a("another pod's MAC inside", "arp_spoof",
                Arp.frame(0xFFFF_FFFF_FFFFL, POD_A_MAC, 1, POD_B_MAC, "10.244.1.2", 0, "10.244.1.1")),
            a("another pod's MAC outside", "arp_spoof",
                Arp.frame(0xFFFF_FFFF_FFFFL, POD_B_MAC, 1, POD_A_MAC, "10.244.1.2", 0, "10.244.1.1")),
            a("a reply", "arp_not_request",
                Arp.frame(GATEWAY_MAC, POD_A_MAC, 2, POD_A_MAC, "10.244.1.2", GATEWAY_MAC, "10.244.1.1")),
            a("a reply that claims the gateway", "arp_spoof",
                Arp.reply(POD_A_MAC, "10.244.1.1", GATEWAY_MAC, "10.244.1.3")),
            a("another target", "arp_unknown_target", Arp.request(POD_A_MAC, "10.244.1.2", "10.244.1.3")),
            a("announces itself", "arp_unknown_target", Arp.request(POD_A_MAC, "10.244.1.2", "10.244.1.2")),
            a("to another MAC", "not_our_mac",
                Arp.frame(POD_B_MAC, POD_A_MAC, 1, POD_A_MAC, "10.244.1.2", 0, "10.244.1.1")),
            new Case("the node looks for a duplicate", HOST, Arp.request(HOST_MAC, "0.0.0.0", "10.244.1.0"),
                "arp_unknown_target"),
            new Case("on the wire", UPLINK, Arp.request(N2_MAC, "192.0.2.12", "192.0.2.11"), "arp_unknown_target")));
        assertEquals(DropReason.ARP_RATE_LIMITED.label() + " 44", flood(good, 300));
    }

    private String flood(byte[] frame, int count) {
        byte[][] frames = new byte[100][];
        Arrays.fill(frames, frame);
        long dropped = node.counters.dropped(DropReason.ARP_RATE_LIMITED);
        for (int i = 0; i < count; i += 100) {
            node.run(POD_A, frames);
        }
        return DropReason.ARP_RATE_LIMITED.label() + " "
            + (node.counters.dropped(DropReason.ARP_RATE_LIMITED) - dropped);
    }

    private static byte[] changedByte(byte[] frame, int at, int value) {
        byte[] copy = frame.clone();
        copy[at] = (byte) value;
        return copy;
    }

    @Test
    void ipv4() {
        check(List.of(
            a("version 5", "ip4_bad_version", changed(podUdp(), 14, 0x55)),
            a("version 0", "ip4_bad_version", changed(podUdp(), 14, 0x05)),
            a("IHL 4", "ip4_bad_ihl", changed(podUdp(), 14, 0x44)),
            a("IHL 0", "ip4_bad_ihl", changed(podUdp(), 14, 0x40)),
            a("IHL past the frame", "truncated", changed(podUdp(), 14, 0x4F)),
            a("total length below the header", "ip4_bad_total_length", changed(podUdp(), 17, 19)),
            a("total length 0", "ip4_bad_total_length", changed(podUdp(), 17, 0)),
            a("total length past the frame", "truncated", changed(podUdp(), 17, 39)),
            a("total length cuts UDP", "l4_truncated", changed(podUdp(), 17, 27)),
            a("total length cuts TCP", "l4_truncated", changed(podTcp(SYN), 17, 39)),
            a("total length cuts ICMP", "l4_truncated", changed(packet("10.244.1.2", "10.244.1.3").echo(1, 1), 17, 27)),
            a("bad checksum", "ip4_bad_checksum", changedByte(fromA(podUdp()), 24, 0x12)),
            a("checksum 0", "ip4_bad_checksum", changedByte(changedByte(fromA(podUdp()), 24, 0), 25, 0)),
            a("option length 0", "ip4_options", podUdp().options(7, 0, 4, 0)),
            a("option past the header", "ip4_options", podUdp().options(7, 40, 4, 0)),
            a("loose source route", "ip4_source_route", podUdp().options(131, 7, 4, 10, 244, 1, 3, 0)),
            a("strict source route", "ip4_source_route", podUdp().options(1, 137, 7, 4, 10, 244, 1, 3)),
            a("martian source 127/8", "martian_source", packet("127.0.0.1", "10.244.1.3").udp(1, 2)),
            a("martian source 0/8", "martian_source", packet("0.0.0.0", "10.244.1.3").udp(1, 2)),
            a("martian source 224/4", "martian_source", packet("224.0.0.1", "10.244.1.3").udp(1, 2)),
            a("martian source broadcast", "martian_source", packet("255.255.255.255", "10.244.1.3").udp(1, 2)),
            a("to 127/8", "martian_destination", packet("10.244.1.2", "127.0.0.1").udp(1, 2)),
            wire("to 127/8 from the wire", "martian_destination", packet("192.0.2.99", "127.0.0.1").udp(1, 2)),
            tunnel("to 127/8 from the tunnel", "martian_destination", packet("10.244.2.2", "127.0.0.1").udp(1, 2)),
            wire("from 127/8 on the wire", "martian_source", packet("127.0.0.1", "192.0.2.11").udp(1, 2)),
            new Case("127/8 of the node to a pod", HOST, fromHost(packet("127.0.0.1", "10.244.1.2").udp(1, 2)),
                "martian_source"),
            new Case("127/8 of the node to the outside", HOST, fromHost(packet("127.0.0.1", "198.51.100.9").udp(1, 2)),
                "martian_source"),
            a("to itself", "spoofed_source", packet("10.244.1.2", "10.244.1.2").udp(1, 2)),
            a("to multicast", "martian_destination", packet("10.244.1.2", "224.0.0.251").udp(5353, 5353)),
            a("to broadcast", "martian_destination", packet("10.244.1.2", "255.255.255.255").udp(68, 67)),
            a("land", "spoofed_source", packet("10.244.1.2", "10.244.1.2").tcp(80, 80, SYN)),
            new Case("version 6 on the wire", UPLINK,
                changedByte(fromWire(packet("192.0.2.12", "192.0.2.11").udp(1, 2)), 14, 0x65),
                "ip4_bad_version")));
    }

    @Test
    void sources() {
        check(List.of(
            a("another pod", "spoofed_source", packet("10.244.1.3", "10.244.2.9").udp(1, 2)),
            a("the node", "spoofed_source", packet("192.0.2.11", "10.244.2.9").udp(1, 2)),
            a("a remote pod", "spoofed_source", packet("10.244.2.9", "10.244.1.3").udp(1, 2)),
            a("a service", "spoofed_source", packet("10.96.0.10", "10.244.1.3").udp(1, 2)),
            a("outside", "spoofed_source", packet("203.0.113.5", "10.244.1.3").udp(1, 2)),
            a("a spoofed fragment", "spoofed_source", packet("10.244.1.3", "10.244.2.9").udp(1, 2).fragment(0x2000)),
            new Case("the node as a pod", HOST, fromHost(packet("10.244.1.2", "10.244.1.3").udp(1, 2)),
                "spoofed_source"),
            wire("a pod on the wire", "spoofed_source", packet("10.244.2.9", "10.244.1.3").udp(1, 2)),
            wire("a service on the wire", "spoofed_source", packet("10.96.0.10", "192.0.2.11").udp(1, 2)),
            wire("the node on the wire", "spoofed_source", packet("172.17.0.1", "192.0.2.11").udp(1, 2)),
            tunnel("another node's pod in the tunnel", "spoofed_source", packet("10.244.3.9", "10.244.1.3").udp(1, 2)),
            tunnel("another node's address", "spoofed_source", packet("192.0.2.13", "10.244.1.3").udp(1, 2)),
            tunnel("a local pod", "spoofed_source", packet("10.244.1.2", "10.244.1.3").udp(1, 2)),
            tunnel("this node", "spoofed_source", packet("192.0.2.11", "10.244.1.3").udp(1, 2)),
            tunnel("this node's base", "spoofed_source", packet("10.244.1.0", "10.244.1.3").udp(1, 2)),
            tunnel("outside in the tunnel", "spoofed_source", packet("203.0.113.5", "10.244.1.3").udp(1, 2)),
            tunnel("a spoofed fragment in the tunnel", "spoofed_source",
                packet("10.244.3.9", "10.244.1.3").udp(1, 2).fragment(0x2000)),
            tunnel("a spoofed ICMP error in the tunnel", "spoofed_source",
                packet("10.244.3.9", "10.244.1.3").icmp(3, 3, 0, packet("10.244.1.3", "10.244.3.9").udp(1, 2).ip()))));
    }

    @Test
    void aHitDoesNotLetASpoofedSourceThrough() {
        assertEquals(1, node.run(POD_A, fromA(packet("10.244.1.2", "10.244.3.9").udp(1000, 2000))).sent().size());
        // The reply's key, from the wrong peer.
        assertEquals("spoofed_source",
            node.run(UPLINK, fromN2(packet("10.244.3.9", "10.244.1.2").udp(2000, 1000))).toString());
    }

    @Test
    void transport() {
        byte[] tcpOffset4 = fromA(podTcp(SYN));
        tcpOffset4[46] = 0x40;
        byte[] tcpOffset15 = fromA(podTcp(SYN));
        tcpOffset15[46] = (byte) 0xF0;
        byte[] udpShort = fromA(podUdp());
        Packet.setShort(udpShort, 38, 7);
        byte[] udpLong = fromA(podUdp());
        Packet.setShort(udpLong, 38, 19);
        check(List.of(
            a("TCP offset 4", "tcp_bad_offset", tcpOffset4),
            a("TCP offset past the segment", "tcp_bad_offset", tcpOffset15),
            a("UDP length 7", "udp_bad_length", udpShort),
            a("UDP length past the packet", "udp_bad_length", udpLong),
            a("UDP source port 0", "l4_port_zero", packet("10.244.1.2", "10.244.1.3").udp(0, 1)),
            a("UDP destination port 0", "l4_port_zero", packet("10.244.1.2", "10.244.1.3").udp(1, 0)),
            a("TCP port 0", "l4_port_zero", packet("10.244.1.2", "10.244.1.3").tcp(1, 0, SYN)),
            a("null", "tcp_bad_flags", podTcp(0)),
            a("xmas", "tcp_bad_flags", podTcp(0x29)),
            a("all flags", "tcp_bad_flags", podTcp(0x3F)),
            a("SYN FIN", "tcp_bad_flags", podTcp(SYN | FIN)),
            a("SYN RST", "tcp_bad_flags", podTcp(SYN | RST)),
            a("FIN alone", "tcp_bad_flags", podTcp(FIN)),
            a("protocol 0", "unsupported_protocol", packet("10.244.1.2", "10.244.1.3").protocol(0, new byte[8])),
            a("SCTP to the outside", "unsupported_protocol",
                packet("10.244.1.2", "203.0.113.5").protocol(132, new byte[12]))));
    }

    @Test
    void fragments() {
        check(List.of(
            a("tiny first TCP fragment", "frag_tiny",
                packet("10.244.1.2", "10.244.1.3").protocol(6, new byte[16]).fragment(0x2000)),
            a("TCP fragment at 8", "frag_tiny",
                packet("10.244.1.2", "10.244.1.3").protocol(6, new byte[16]).fragment(0x0001)),
            a("odd length", "frag_bad_length",
                packet("10.244.1.2", "10.244.1.3").protocol(17, new byte[21]).fragment(0x2000)),
            a("past 64 KiB", "frag_past_end",
                packet("10.244.1.2", "10.244.1.3").protocol(17, new byte[64]).fragment(0x1FFF)),
            a("tiny first ICMP fragment", "frag_bad_length",
                packet("10.244.1.2", "10.244.1.3").protocol(1, new byte[4]).fragment(0x2000)),
            a("first TCP fragment with a header of 60 bytes in 24", "tcp_bad_offset",
                changedByte(fromA(packet("10.244.1.2", "10.244.1.3").tcp(1, 2, SYN, new byte[4]).fragment(0x2000)), 46,
                    0xF0)),
            a("UDP length 7 in a first fragment", "udp_bad_length",
                changedByte(fromA(packet("10.244.1.2", "10.244.1.3").udp(1, 2, new byte[24]).fragment(0x2000)), 39, 7)),
            a("port 0 in a first fragment", "l4_port_zero",
                packet("10.244.1.2", "10.244.1.3").udp(0, 2, new byte[24]).fragment(0x2000)),
            a("a first fragment to no port of a service",
                TO_A + "10.244.1.1>10.244.1.2 ttl 64 icmp 3/3 rest 0 len 80 full\nservice_no_port",
                packet("10.244.1.2", "10.96.0.10").udp(1000, 54, new byte[24]).fragment(0x2000)),
            a("to nobody", TO_A + "10.244.1.1>10.244.1.2 ttl 64 icmp 3/1 rest 0 len 80 full\nno_such_pod",
                packet("10.244.1.2", "10.244.1.77").udp(1000, 53, new byte[24]).fragment(0x2000)),
            tunnel("tunnel to tunnel", "no_tunnel_to_tunnel",
                packet("10.244.2.9", "10.244.3.9").udp(1000, 53, new byte[24]).fragment(0x2000)),
            wire("to a pod from the wire", "no_direct_pod_access",
                packet("203.0.113.5", "10.244.1.2").udp(1000, 53, new byte[24]).fragment(0x2000)),
            wire("to no service from the wire", "service_unknown_address",
                packet("203.0.113.5", "10.96.0.99").udp(1000, 53, new byte[24]).fragment(0x2000))));
    }

    @Test
    void vxlan() {
        byte[] good = fromN2(packet("10.244.2.9", "10.244.1.2").udp(1, 2));
        byte[] noFlag = changedByte(good, 42, 0);
        byte[] innerType = changedByte(good, 62, 0x86);
        byte[] inner = packet("10.244.2.9", "10.244.1.2").udp(1, 2).ethernet(VTEP_MAC, N2_VTEP_MAC).frame();
        byte[] notEct = Packet.vxlan("192.0.2.12", "192.0.2.11", 1, inner).tos(3).ethernet(UPLINK_MAC, N2_MAC).frame();
        Packet tunnelToSelf = packet("10.244.1.2", "192.0.2.11").udp(5000, 8472, new byte[40]);
        check(List.of(
            new Case("no I flag", UPLINK, noFlag, "vxlan_no_i_flag"),
            new Case("VNI 0", UPLINK, vxlan(0, "192.0.2.12", inner), "vxlan_unknown_vni"),
            new Case("VNI 2", UPLINK, vxlan(2, "192.0.2.12", inner), "vxlan_unknown_vni"),
            new Case("unknown peer", UPLINK, vxlan(1, "192.0.2.99", inner), "vxlan_unknown_peer"),
            new Case("inner IPv6", UPLINK, innerType, "vxlan_inner_type"),
            new Case("inner frame of 13 bytes", UPLINK, vxlan(1, "192.0.2.12", Arrays.copyOf(inner, 13)), "truncated"),
            new Case("inner frame without IPv4", UPLINK, vxlan(1, "192.0.2.12", Arrays.copyOf(inner, 14)), "truncated"),
            new Case("outer without VXLAN", UPLINK,
                fromWire(packet("192.0.2.12", "192.0.2.11").udp(1, 8472, new byte[7])),
                "truncated"),
            new Case("CE outside, not ECT inside", UPLINK, notEct, "tunnel_ecn"),
            wire("outer first fragment", "frag_outer",
                packet("192.0.2.12", "192.0.2.11").udp(1, 8472, new byte[40]).fragment(0x2000)),
            a("forged to the own node", "encap_from_pod", tunnelToSelf),
            a("forged to another own address", "encap_from_pod",
                packet("10.244.1.2", "172.17.0.1").udp(5000, 8472, new byte[40])),
            a("forged to a peer", "encap_from_pod", packet("10.244.1.2", "192.0.2.12").udp(5000, 8472, new byte[40])),
            tunnel("forged through the tunnel", "encap_from_pod",
                packet("10.244.2.9", "192.0.2.11").udp(5000, 8472, new byte[40])),
            tunnel("tunnel to tunnel", "no_tunnel_to_tunnel", packet("10.244.2.9", "10.244.3.9").udp(1, 2)),
            tunnel("tunnel back to its own peer", "no_tunnel_to_tunnel", packet("10.244.2.9", "10.244.2.8").udp(1, 2)),
            tunnel("to no service", "service_unknown_address", packet("10.244.2.9", "10.96.0.99").udp(1, 53))));
    }

    @Test
    void anAnswerToATunnelledPacketGoesBackThroughTheTunnel() {
        byte[] outer = node.run(UPLINK, fromN2(packet("10.244.2.9", "10.244.1.77").udp(1, 2))).only(UPLINK);
        assertEquals("02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.1>10.244.2.9 ttl 64 icmp 3/1 rest 0 len 56 full",
            Packet.describe(Arrays.copyOfRange(outer, 50, outer.length)));
        assertEquals(1, node.counters.dropped(DropReason.NO_SUCH_POD));
        node.run(UPLINK, fromN2(packet("10.244.2.9", "203.0.113.5").udp(1, 2))).only(UPLINK);
        assertEquals(1, node.counters.dropped(DropReason.NO_ROUTE));
    }

    private static byte[] vxlan(int vni, String from, byte[] inner) {
        return Packet.vxlan(from, "192.0.2.11", vni, inner).ethernet(UPLINK_MAC, N2_MAC).frame();
    }

    @Test
    void forwarding() {
        check(List.of(
            wire("a pod from outside", "no_direct_pod_access", packet("203.0.113.5", "10.244.1.2").udp(1, 2)),
            wire("a remote pod from outside", "no_direct_pod_access", packet("203.0.113.5", "10.244.2.2").udp(1, 2)),
            wire("the node's pod address from outside", "no_direct_pod_access",
                packet("203.0.113.5", "10.244.1.0").udp(1, 2)),
            wire("the gateway from outside", "no_direct_pod_access", packet("203.0.113.5", "10.244.1.1").echo(1, 1)),
            wire("another port of a ClusterIP from outside",
                TO_ROUTER + "10.96.0.10>203.0.113.5 ttl 64 tcp 81>1 RA len 40 full\nservice_no_port",
                packet("203.0.113.5", "10.96.0.10").tcp(1, 81, SYN)),
            wire("no endpoints, from outside",
                TO_ROUTER + "192.0.2.11>203.0.113.5 ttl 64 icmp 3/3 rest 0 len 56 full\nservice_no_endpoints",
                packet("203.0.113.5", "10.96.0.11").udp(1, 53)),
            a("no such pod", TO_A + "10.244.1.1>10.244.1.2 ttl 64 icmp 3/1 rest 0 len 56 full\nno_such_pod",
                packet("10.244.1.2", "10.244.1.77").udp(1, 2)),
            a("no such node", TO_A + "10.244.1.1>10.244.1.2 ttl 64 icmp 3/1 rest 0 len 56 full\nno_route",
                packet("10.244.1.2", "10.244.77.1").udp(1, 2)),
            a("the gateway has no service",
                TO_A + "10.244.1.1>10.244.1.2 ttl 64 icmp 3/3 rest 0 len 56 full\ngateway_no_service",
                packet("10.244.1.2", "10.244.1.1").udp(1, 53)),
            a("the gateway resets TCP",
                TO_A + "10.244.1.1>10.244.1.2 ttl 64 tcp 22>1000 RA len 40 full\ngateway_no_service",
                packet("10.244.1.2", "10.244.1.1").tcp(1000, 22, SYN)),
            a("no endpoints, TCP",
                TO_A + "10.96.0.11>10.244.1.2 ttl 64 tcp 80>1000 RA len 40 full\nservice_no_endpoints",
                packet("10.244.1.2", "10.96.0.11").tcp(1000, 80, SYN)),
            a("no endpoints, UDP",
                TO_A + "10.244.1.1>10.244.1.2 ttl 64 icmp 3/3 rest 0 len 56 full\nservice_no_endpoints",
                packet("10.244.1.2", "10.96.0.11").udp(1000, 53)),
            a("unlisted port", TO_A + "10.96.0.10>10.244.1.2 ttl 64 tcp 81>1000 RA len 40 full\nservice_no_port",
                packet("10.244.1.2", "10.96.0.10").tcp(1000, 81, SYN)),
            a("wrong protocol", TO_A + "10.244.1.1>10.244.1.2 ttl 64 icmp 3/3 rest 0 len 56 full\nservice_no_port",
                packet("10.244.1.2", "10.96.0.10").udp(1000, 80)),
            a("ping to a service", TO_A + "10.244.1.1>10.244.1.2 ttl 64 icmp 3/3 rest 0 len 56 full\nservice_no_port",
                packet("10.244.1.2", "10.96.0.10").echo(1, 1)),
            a("unknown service", "service_unknown_address", packet("10.244.1.2", "10.96.0.99").tcp(1000, 80, SYN)),
            a("mid-stream to a service", TO_A + "10.96.0.10>10.244.1.2 ttl 64 tcp 80>1000 R len 40 full\nno_flow",
                packet("10.244.1.2", "10.96.0.10").tcp(1000, 80, ACK)),
            a("a reset to a service", "no_flow", packet("10.244.1.2", "10.96.0.10").tcp(1000, 80, RST)),
            a("mid-stream to the outside", TO_A + "203.0.113.5>10.244.1.2 ttl 64 tcp 80>1000 R len 40 full\nno_flow",
                packet("10.244.1.2", "203.0.113.5").tcp(1000, 80, ACK))));
    }

    @Test
    void routesOfTheKernelThatLeadNowhereAreAnsweredAsLinuxDoes() {
        check(List.of(
            a("another device", unreachable(0, 56) + "route_other_device", toOutside("198.18.1.9").udp(1, 2)),
            a("TCP by another device", unreachable(0, 68) + "route_other_device",
                toOutside("198.18.1.9").tcp(1000, 80, SYN)),
            a("blackhole", "route_blackhole", toOutside("198.18.2.9").udp(1, 2)),
            a("unreachable", unreachable(1, 56) + "no_route", toOutside("198.18.3.9").udp(1, 2)),
            a("prohibit", unreachable(13, 56) + "route_prohibited", toOutside("198.18.4.9").udp(1, 2)),
            a("throw", unreachable(0, 56) + "no_route", toOutside("198.18.5.9").udp(1, 2)),
            a("a fragment by another device", unreachable(0, 80) + "route_other_device",
                toOutside("198.18.1.9").udp(1, 2, new byte[24]).fragment(0x2000))));
    }

    private static Packet toOutside(String destination) {
        return packet("10.244.1.2", destination);
    }

    private static String unreachable(int code, int length) {
        return TO_A + "10.244.1.1>10.244.1.2 ttl 64 icmp 3/" + code + " rest 0 len " + length + " full\n";
    }

    @Test
    void protocolsWithoutPortsToAServiceAreAnsweredAsUnknown() {
        String answer = unreachable(2, 60) + "unsupported_protocol";
        check(List.of(
            a("SCTP to a Service", answer, packet("10.244.1.2", "10.96.0.10").protocol(132, new byte[12])),
            a("SCTP to an address that no Service has", "service_unknown_address",
                packet("10.244.1.2", "10.96.0.99").protocol(132, new byte[12])),
            a("GRE to a Service", answer, packet("10.244.1.2", "10.96.0.10").protocol(47, new byte[12]))));
    }

    @Test
    void whatTheKernelHandsOverFromOutsideIsNamedByItsDestination() {
        check(List.of(
            host("a pod", "no_direct_pod_access", packet("203.0.113.5", "10.244.1.2").udp(1, 2)),
            host("a remote pod", "no_direct_pod_access", packet("203.0.113.5", "10.244.2.2").tcp(1, 2, SYN)),
            host("the gateway", "no_direct_pod_access", packet("203.0.113.5", "10.244.1.1").echo(1, 1)),
            host("a fragment", "no_direct_pod_access", packet("203.0.113.5", "10.244.1.2").udp(1, 2).fragment(0x2000)),
            host("a ClusterIP", "clusterip_from_outside", packet("203.0.113.5", "10.96.0.10").tcp(1, 80, SYN)),
            host("an address without Service", "clusterip_from_outside", packet("192.0.2.99", "10.96.0.99").echo(1, 1)),
            host("with a pod's address", "spoofed_source", packet("10.244.2.9", "10.244.1.2").udp(1, 2)),
            host("with a Service's address", "spoofed_source", packet("10.96.0.10", "10.244.1.2").udp(1, 2)),
            host("to somewhere else", "spoofed_source", packet("203.0.113.5", "198.51.100.1").udp(1, 2))));
    }

    private static Case host(String description, String verdict, Packet packet) {
        return new Case(description, HOST, fromHost(packet), verdict);
    }

    @Test
    void answersThatDoNotFitTheirFlowAreGivenBeforeItChanges() {
        Packet packet = packet("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(10));
        node.run(POD_A, fromA(packet));
        byte[] error = node.run(POD_A, fromA(packet.ttl(1))).only(POD_A);
        assertEquals(TO_A.substring(3) + "10.244.1.1>10.244.1.2 ttl 64 icmp 11/0 rest 0 len 66 full",
            Packet.describe(error));
        assertEquals("10.244.1.2>10.96.0.10 ttl 1 udp 1000>53 len 38 full",
            Packet.describeIp(Arrays.copyOfRange(error, 42, error.length)));
        byte[] big = node.run(POD_A, fromA(packet("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(1450 - 27))))
            .only(POD_A);
        assertEquals(TO_A.substring(3) + "10.244.1.1>10.244.1.2 ttl 64 icmp 3/4 rest 1450 len 576 full",
            Packet.describe(big));
        assertEquals(1,
            node.run(POD_A, fromA(packet("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(1450 - 28))))
                .sent().size());
        assertEquals(1, node.counters.dropped(DropReason.TTL_EXPIRED));
        assertEquals(1, node.counters.dropped(DropReason.MTU_EXCEEDED));
    }

    @Test
    void ttlAndMtuHoldForFirstFragmentsToo() {
        node.run(POD_A, fromA(packet("10.244.1.2", "10.244.1.3").udp(1, 2)));
        node.run(POD_A, fromA(packet("10.244.1.2", "10.244.2.9").udp(1, 2)));
        check(List.of(
            a("TTL 1 of a fragment", TO_A + "10.244.1.1>10.244.1.2 ttl 64 icmp 11/0 rest 0 len 80 full\nttl_expired",
                packet("10.244.1.2", "10.244.1.3").udp(1, 2, new byte[24]).ttl(1).fragment(0x2000)),
            a("too long a fragment, and DF",
                TO_A + "10.244.1.1>10.244.1.2 ttl 64 icmp 3/4 rest 1450 len 576 full\nmtu_exceeded",
                packet("10.244.1.2", "10.244.2.9").udp(1, 2, new byte[1456]).fragment(0x6000))));
    }

    @Test
    void icmp() {
        byte[] quote = packet("10.244.1.3", "10.244.1.2").udp(1, 2).ip();
        byte[] longQuote = quote.clone();
        longQuote[0] = 0x4F;
        byte[] badEcho = fromA(packet("10.244.1.2", "10.244.1.1").echo(1, 1));
        badEcho[36] ^= 1;
        check(List.of(
            a("redirect", "icmp_redirect", packet("10.244.1.2", "10.244.1.3").icmp(5, 1, 0, quote)),
            a("timestamp", "icmp_unsupported", packet("10.244.1.2", "10.244.1.3").icmp(13, 0, 0, new byte[12])),
            a("router advertisement", "icmp_unsupported",
                packet("10.244.1.2", "10.244.1.3").icmp(9, 0, 0, new byte[8])),
            a("quote of 27 bytes", "icmp_bad_quote",
                packet("10.244.1.2", "10.244.1.3").icmp(3, 3, 0, Arrays.copyOf(quote, 27))),
            a("no quote", "icmp_bad_quote", packet("10.244.1.2", "10.244.1.3").icmp(3, 3, 0)),
            a("IHL 15 in the quote", "icmp_bad_quote", packet("10.244.1.2", "10.244.1.3").icmp(3, 3, 0, longQuote)),
            a("about somebody else's packet", "icmp_bad_quote",
                packet("10.244.1.2", "10.244.2.9").icmp(3, 3, 0, quote)),
            a("without a flow", "icmp_no_flow", packet("10.244.1.2", "10.244.1.3").icmp(3, 3, 0, quote)),
            a("bad checksum to the gateway", "icmp_bad_checksum", badEcho)));
    }

    @Test
    void notReady() {
        node.state.publish((io.weft.dataplane.table.ForwardingTables) null);
        assertEquals("not_ready", node.run(POD_A, fromA(podUdp())).toString());
    }

    @Test
    void aPortThatIsGone() {
        node.run(POD_A, fromA(podUdp()));
        node.state.publish(node.state.ports().without(POD_B));
        assertEquals("no_port", node.run(POD_A, fromA(podUdp())).toString());
        assertEquals("no_port", node.run(POD_B, fromB(packet("10.244.1.3", "10.244.1.2").udp(2000, 1000))).toString());
    }

    @Test
    void aPortThatThisWorkerHasNotOpened() {
        MemoryPort[] ports = node.ports.clone();
        ports[POD_B] = null;
        node.graph.use(ports);
        assertEquals("no_port", node.run(POD_A, fromA(podUdp())).toString());
    }

    @Test
    void aFullRing() {
        MemoryPort small = new MemoryPort(POD_B, node.pool, node.counters, MemoryPort.Sent.CAPTURED, 4);
        node.ports[POD_B] = small;
        node.graph.use(node.ports.clone());
        byte[][] frames = new byte[7][];
        Arrays.fill(frames, fromA(podUdp()));
        var outcome = node.run(POD_A, frames);
        assertEquals(4, outcome.sent().get(POD_B).size());
        assertEquals(3, outcome.drops().get(DropReason.TX_RING_FULL));
    }

    @Test
    void aWithdrawnNeighbour() {
        Packet packet = packet("10.244.1.2", "10.244.2.9").udp(1, 2);
        assertEquals(1, node.run(POD_A, fromA(packet)).sent().size());
        node.state.adjacencies().withdraw(10);
        assertEquals("neighbour_unresolved", node.run(POD_A, fromA(packet)).toString());
        Packet outside = packet("10.244.1.2", "203.0.113.5").udp(1, 2);
        assertEquals(1, node.run(POD_A, fromA(outside)).sent().size());
        node.state.adjacencies().withdraw(12);
        assertEquals("neighbour_unresolved", node.run(POD_A, fromA(outside)).toString());
    }

    @Test
    void aFullTable() {
        try (GraphFixture small = new GraphFixture(256, 10, MemoryPort.Sent.CAPTURED)) {
            for (int i = 0; i < 10; i++) {
                assertEquals(1,
                    small.run(POD_A, fromA(packet("10.244.1.2", "10.244.1.3").udp(1000 + i, 2000))).sent().size());
            }
            assertEquals("ct_full",
                small.run(POD_A, fromA(packet("10.244.1.2", "10.244.1.3").udp(2000, 2000))).toString());
            assertEquals(1, small.run(POD_A, fromA(packet("10.244.1.2", "10.244.1.3").udp(1003, 2000))).sent().size());
        }
    }

    @Test
    void aTakenReplyKey() {
        node.run(POD_A, fromA(packet("10.244.1.2", "10.96.0.10").tcp(1000, 80, SYN)));
        assertEquals("reverse_taken", // its peer knows the port already, so it cannot get another
            node.run(POD_A, fromA(packet("10.244.1.2", "10.244.1.3").tcp(1000, 8080, ACK))).toString());
    }

    @Test
    void aFlowOfAnAddressThatMoved() {
        node.run(POD_A, fromA(podUdp()));
        long mac = POD_A_MAC + 1;
        node.state.publish(node.state.ports().with(4, io.weft.dataplane.forwarding.PortKind.POD,
            io.weft.encap.address.Ipv4Address.of("10.244.1.2"), mac, GATEWAY_MAC, 1450));
        node.ports[0] = new MemoryPort(4, node.pool, node.counters, MemoryPort.Sent.CAPTURED, 16);
        assertEquals("flow_moved", node.run(0, podUdp().ethernet(GATEWAY_MAC, mac).frame()).toString());
    }

    @Test
    void noSourcePortLeft() {
        try (GraphFixture small = new GraphFixture(256, 20_000, MemoryPort.Sent.CAPTURED)) {
            int sent = 0;
            for (int i = 0; i < 5000; i++) {
                sent += small.run(POD_A, fromA(packet("10.244.1.2", "203.0.113.5").udp(1000 + i, 53))).sent().size();
            }
            assertEquals((65_536 - 61_000) * 4 / 5 + 1, sent, "four for each that is left to the other pods");
            assertEquals(5000 - sent, small.counters.dropped(DropReason.SNAT_NO_PORT));
            assertEquals(1, small.run(POD_A, fromA(packet("10.244.1.2", "203.0.113.6").udp(1000, 53))).sent().size());
            assertEquals(1, small.run(POD_B, fromB(packet("10.244.1.3", "203.0.113.5").udp(1000, 53))).sent().size());
        }
    }

    @Test
    void noHeadroomForATunnel() {
        for (int i = 1; i <= 3; i++) { // The nodes take the first; the others' flow is known.
            long chunk = node.pool.allocate();
            byte[] frame = fromA(packet("10.244.1.2", "10.244.2.9").udp(1, 2));
            io.weft.encap.memory.Memory.copyIn(frame, 0, chunk + 49, frame.length);
            node.ports[POD_A].offer(chunk + 49, frame.length);
            node.forwardAll();
            assertEquals(i, node.counters.dropped(DropReason.NO_HEADROOM));
        }
        node.checkAccounts();
        assertEquals(node.pool.chunks(), node.pool.free());
    }

    @Test
    void answersAreLimitedInRate() {
        byte[][] frames = new byte[100][];
        Arrays.fill(frames, fromA(packet("10.244.1.2", "10.96.0.11").tcp(1000, 80, SYN)));
        int answered = 0;
        for (int i = 0; i < 5; i++) {
            answered += node.run(POD_A, frames).sent().getOrDefault(POD_A, List.of()).size();
        }
        assertEquals(256, answered);
        assertEquals(500, node.counters.dropped(DropReason.SERVICE_NO_ENDPOINTS));
        assertEquals(500 - 256, node.total(io.weft.dataplane.counters.FrameTotal.SUPPRESSED));
        node.now += 100_000_000;
        assertTrue(node.run(POD_A, frames).sent().get(POD_A).size() >= 99);
    }

    @Test
    void labelsAreTheNamesInLowerCase() {
        Set<DropReason> all = EnumSet.allOf(DropReason.class);
        all.forEach(reason -> assertEquals(reason.name().toLowerCase(Locale.ROOT), reason.label()));
        assertTrue(FrameBatch.CAPACITY == 64);
    }
}
