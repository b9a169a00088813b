package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static io.weft.dataplane.graph.Packet.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** ICMP errors about translated flows, both ways: who gets them, from whom, and what they quote. */
class IcmpErrorTest {
    private final GraphFixture node = new GraphFixture();

    @AfterEach
    void close() {
        node.close();
    }

    /** The error's own line and the quoted packet's. */
    private static String read(byte[] frame) {
        return Packet.describe(frame) + "\n" + Packet.describeIp(Arrays.copyOfRange(frame, 42, frame.length));
    }

    private static byte[] inner(byte[] outer) {
        return Arrays.copyOfRange(outer, 50, outer.length);
    }

    /** The IPv4 packet of a frame at an offset. */
    private static byte[] ip(byte[] frame, int at) {
        return Arrays.copyOfRange(frame, at, frame.length);
    }

    @Test
    void aBackendsPortUnreachableReachesTheClientAsTheServices() {
        byte[] seen = node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(9))))
            .only(UPLINK);
        byte[] error = fromN2(Packet.of("10.244.2.5", "10.244.1.2").icmp(3, 3, 0, ip(inner(seen), 14)));
        assertEquals("""
            02:00:00:00:00:0a<02:00:00:00:00:01 10.96.0.10>10.244.1.2 ttl 63 icmp 3/3 rest 0 len 65 full
            10.244.1.2>10.96.0.10 ttl 63 udp 1000>53 len 37 full""", read(node.run(UPLINK, error).only(POD_A)));
    }

    /** As for every other packet from outside: the first address of the pod CIDR is for pods only. */
    @Test
    void anErrorFromOutsideAboutNoFlowIsTheNodesOnlyByAnAddressKnownOutside() {
        for (String own : List.of("192.0.2.11", "172.17.0.1")) {
            byte[] quoted = ip(fromHost(Packet.of(own, "203.0.113.5").udp(9, 9)), 14);
            node.run(UPLINK, fromWire(Packet.of("198.51.100.254", own).icmp(3, 3, 0, quoted))).only(HOST);
        }
        byte[] quoted = ip(fromHost(Packet.of("10.244.1.0", "203.0.113.5").udp(9, 9)), 14);
        byte[] error = fromWire(Packet.of("198.51.100.254", "10.244.1.0").icmp(3, 3, 0, quoted));
        assertEquals("{ICMP_NO_FLOW=1}", node.run(UPLINK, error).drops().toString());
    }

    @Test
    void aRoutersErrorKeepsTheRoutersAddress() {
        byte[] seen = node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, SYN))).only(POD_B);
        byte[] error = fromB(Packet.of("10.244.1.3", "10.244.1.2").icmp(3, 1, 0, Arrays.copyOf(ip(seen, 14), 28)));
        assertEquals("""
            02:00:00:00:00:0a<02:00:00:00:00:01 10.96.0.10>10.244.1.2 ttl 63 icmp 3/1 rest 0 len 56 full
            cut""", read(node.run(POD_B, error).only(POD_A)));

        byte[] out = node.run(POD_A, fromA(Packet.of("10.244.1.2", "203.0.113.5").udp(1000, 33434, Packet.payload(12))))
            .only(UPLINK);
        byte[] exceeded = fromWire(Packet.of("198.51.100.254", "192.0.2.11").icmp(11, 0, 0, ip(out, 14)));
        assertEquals("""
            02:00:00:00:00:0a<02:00:00:00:00:01 198.51.100.254>10.244.1.2 ttl 63 icmp 11/0 rest 0 len 68 full
            10.244.1.2>203.0.113.5 ttl 63 udp 1000>33434 len 40 full""", read(node.run(UPLINK, exceeded).only(POD_A)));
    }

    @Test
    void fragmentationNeededOutsideReachesThePodWithItsMtu() {
        byte[] out = node.run(POD_A, fromA(Packet.of("10.244.1.2", "203.0.113.5").tcp(1000, 443, SYN))).only(UPLINK);
        byte[] error = fromWire(Packet.of("198.51.100.254", "192.0.2.11").icmp(3, 4, 1280, ip(out, 14)));
        assertEquals("""
            02:00:00:00:00:0a<02:00:00:00:00:01 198.51.100.254>10.244.1.2 ttl 63 icmp 3/4 rest 1280 len 68 full
            10.244.1.2>203.0.113.5 ttl 63 tcp 1000>443 S len 40 full""", read(node.run(UPLINK, error).only(POD_A)));
    }

    @Test
    void anErrorAboutAnEchoIsTranslatedByTheIdentifier() {
        byte[] out = node.run(POD_A, fromA(Packet.of("10.244.1.2", "203.0.113.5").echo(77, 1, Packet.payload(8))))
            .only(UPLINK);
        byte[] error = fromWire(Packet.of("198.51.100.254", "192.0.2.11").icmp(11, 0, 0, ip(out, 14)));
        assertEquals("""
            02:00:00:00:00:0a<02:00:00:00:00:01 198.51.100.254>10.244.1.2 ttl 63 icmp 11/0 rest 0 len 64 full
            10.244.1.2>203.0.113.5 ttl 63 icmp 8/0 id 77 len 36 full""", read(node.run(UPLINK, error).only(POD_A)));
    }

    @Test
    void aClientsErrorReachesTheBackendAsAboutItsOwnPacket() {
        node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53)));
        byte[] reply = node
            .run(UPLINK, fromN2(Packet.of("10.244.2.5", "10.244.1.2").udp(5353, 1000, Packet.payload(5))))
            .only(POD_A);
        byte[] error = fromA(Packet.of("10.244.1.2", "10.96.0.10").icmp(3, 3, 0, ip(reply, 14)));
        assertEquals("""
            02:00:00:00:02:02<02:00:00:00:01:01 10.244.1.2>10.244.2.5 ttl 63 icmp 3/3 rest 0 len 61 full
            10.244.2.5>10.244.1.2 ttl 63 udp 5353>1000 len 33 full""",
            read(inner(node.run(POD_A, error).only(UPLINK))));
    }

    @Test
    void aPartialChecksumInTheQuoteIsTranslatedAsOne() {
        byte[] seen = node.run(POD_A,
            fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, SYN).checksum(Packet.Checksum.PARTIAL)))
            .only(POD_B);
        byte[] error = fromB(Packet.of("10.244.1.3", "10.244.1.2").icmp(3, 3, 0, ip(seen, 14)));
        assertEquals("""
            02:00:00:00:00:0a<02:00:00:00:00:01 10.96.0.10>10.244.1.2 ttl 63 icmp 3/3 rest 0 len 68 full
            10.244.1.2>10.96.0.10 ttl 63 tcp 1000>80 S len 40 partial""", read(node.run(POD_B, error).only(POD_A)));
    }

    @Test
    void aWrongChecksumOfTheErrorStaysWrong() {
        byte[] seen = node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53))).only(UPLINK);
        byte[] error = fromN2(Packet.of("10.244.2.5", "10.244.1.2").icmp(3, 3, 0, ip(inner(seen), 14))
            .checksum(Packet.Checksum.WRONG));
        assertEquals("""
            02:00:00:00:00:0a<02:00:00:00:00:01 10.96.0.10>10.244.1.2 ttl 63 icmp 3/3 rest 0 len 56 WRONG
            10.244.1.2>10.96.0.10 ttl 63 udp 1000>53 len 28 full""", read(node.run(UPLINK, error).only(POD_A)));
    }

    @Test
    void anErrorFromTheWrongSideIsNotTranslated() {
        byte[] seen = node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53))).only(UPLINK);
        byte[] error = fromB(Packet.of("10.244.1.3", "10.244.1.2").icmp(3, 3, 0, ip(inner(seen), 14)));
        assertEquals("icmp_no_flow", node.run(POD_B, error).toString());
    }

    @Test
    void anErrorToTheNodeItselfIsHandedToIt() {
        byte[] error = fromWire(Packet.of("198.51.100.254", "192.0.2.11")
            .icmp(3, 4, 1280, Packet.of("192.0.2.11", "203.0.113.5").tcp(40_000, 443, SYN).ip()));
        assertEquals(
            "0: 02:00:00:00:00:99<02:00:00:00:00:01 198.51.100.254>192.0.2.11 ttl 64 icmp 3/4 rest 1280 len 68 full",
            node.run(UPLINK, error).toString());
    }

    @Test
    void errorsAreNotAnsweredByErrors() {
        byte[] seen = node.run(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, SYN))).only(POD_B);
        byte[] error = fromB(Packet.of("10.244.1.3", "10.244.1.2").ttl(1).icmp(3, 3, 0, ip(seen, 14)));
        assertEquals("ttl_expired", node.run(POD_B, error).toString());
    }
}
