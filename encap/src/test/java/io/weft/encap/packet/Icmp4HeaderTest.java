package io.weft.encap.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.Frames;
import io.weft.encap.Packets;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.memory.Memory;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class Icmp4HeaderTest {
    private static final int ROUTER = 0x0AF40101;

    private final Frames frames = new Frames(2);
    private final Random random = new Random(792);

    @AfterEach
    void free() {
        frames.close();
    }

    private long udp(int dataLength) {
        long ipAt = frames.atEnd(28 + dataLength);
        Packets.write(random, ipAt, IpProtocol.IPPROTO_UDP, dataLength);
        return ipAt;
    }

    private long assertError(long ipAt, int totalLength, int source, int type, int code) {
        long at = ipAt - Icmp4Header.ERROR_HEADERS_LENGTH;
        assertEquals(0, Ipv4Header.validate(at, totalLength));
        assertEquals(totalLength, Ipv4Header.totalLength(at));
        assertEquals(IpProtocol.IPPROTO_ICMP, Ipv4Header.protocol(at));
        assertEquals(ROUTER, Ipv4Header.source(at));
        assertEquals(source, Ipv4Header.destination(at));
        assertEquals(type, Icmp4Header.type(at + 20));
        assertEquals(code, Icmp4Header.code(at + 20));
        assertEquals(0xFFFF, Packets.sum(at + 20, totalLength - 20, 0));
        assertEquals(0, QuotedPacket.validate(at + 20, totalLength - 20));
        assertEquals(ipAt, QuotedPacket.ipAt(at + 20));
        return at + 20;
    }

    @Test
    void timeExceededQuotesThePacketWhereItIs() {
        long ipAt = udp(100);
        String quote = Frames.hex(ipAt, 128);
        int source = Ipv4Header.source(ipAt);
        int length = Icmp4Header.writeTimeExceeded(ipAt, ROUTER);
        assertEquals(156, length);
        assertError(ipAt, length, source, 11, 0);
        assertEquals(quote, Frames.hex(ipAt, 128));
    }

    @Test
    void fragmentationNeededReportsTheMtu() {
        long ipAt = udp(1472);
        int source = Ipv4Header.source(ipAt);
        int length = Icmp4Header.writeFragmentationNeeded(ipAt, ROUTER, 1450);
        assertEquals(576, length);
        assertEquals(1450, Icmp4Header.mtu(assertError(ipAt, length, source, 3, 4)));
    }

    @Test
    void unreachableHasItsCode() {
        for (int code : new int[]{Icmp4Header.ICMP_NET_UNREACH, Icmp4Header.ICMP_HOST_UNREACH,
            Icmp4Header.ICMP_PORT_UNREACH,
            Icmp4Header.ICMP_PKT_FILTERED}) {
            long ipAt = udp(0);
            int source = Ipv4Header.source(ipAt);
            long icmpAt = assertError(ipAt, Icmp4Header.writeUnreachable(ipAt, ROUTER, code), source, 3, code);
            assertEquals(0, Icmp4Header.mtu(icmpAt));
        }
    }

    @Test
    void errorKeepsTheTosBitsUnderInternetControl() {
        long ipAt = udp(0);
        Ipv4Header.setTos(ipAt, 0x17);
        Icmp4Header.writeTimeExceeded(ipAt, ROUTER);
        assertEquals(0xD4, Ipv4Header.tos(ipAt - 28));
    }

    @Test
    void errorQuotesNothingPastThePacket() {
        long ipAt = frames.atEnd(64);
        Packets.write(random, ipAt, IpProtocol.IPPROTO_UDP, 4);
        int source = Ipv4Header.source(ipAt);
        int length = Icmp4Header.writeTimeExceeded(ipAt, ROUTER);
        assertEquals(28 + 32, length);
        assertError(ipAt, length, source, 11, 0);
    }

    @Test
    void echoReplyInPlace() {
        for (int i = 0; i < 1000; i++) {
            int dataLength = random.nextInt(70);
            long ipAt = frames.atEnd(28 + dataLength);
            Packets.write(random, ipAt, IpProtocol.IPPROTO_ICMP, dataLength);
            int source = Ipv4Header.source(ipAt);
            int destination = Ipv4Header.destination(ipAt);
            String rest = Frames.hex(ipAt + 24, 4 + dataLength);
            Ipv4Header.setTtl(ipAt, 3);
            Icmp4Header.echoReply(ipAt, ipAt + 20);
            assertEquals(0, Ipv4Header.validate(ipAt, 28 + dataLength));
            assertEquals(destination, Ipv4Header.source(ipAt));
            assertEquals(source, Ipv4Header.destination(ipAt));
            assertEquals(64, Ipv4Header.ttl(ipAt));
            assertEquals(Icmp4Header.ICMP_ECHOREPLY, Icmp4Header.type(ipAt + 20));
            assertEquals(0xFFFF, Packets.sum(ipAt + 20, 8 + dataLength, 0));
            assertEquals(rest, Frames.hex(ipAt + 24, 4 + dataLength));
        }
    }

    @Test
    void identifierChangesWithTheChecksum() {
        long ipAt = frames.atEnd(36);
        Packets.write(random, ipAt, IpProtocol.IPPROTO_ICMP, 8);
        int sequence = Icmp4Header.sequence(ipAt + 20);
        Icmp4Header.setIdentifier(ipAt + 20, 0xABCD);
        assertEquals(0xABCD, Icmp4Header.identifier(ipAt + 20));
        assertEquals(sequence, Icmp4Header.sequence(ipAt + 20));
        assertEquals(0xFFFF, Packets.sum(ipAt + 20, 16, 0));
    }

    @Test
    void errorsAreNotAnsweredWithErrors() {
        for (int type = 0; type < 256; type++) {
            long ipAt = frames.atEnd(28);
            Packets.write(random, ipAt, IpProtocol.IPPROTO_ICMP, 0);
            Memory.putU8(ipAt + 20, type);
            boolean error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
            assertEquals(error, Icmp4Header.isError(type));
            assertEquals(!error, Icmp4Header.mayAnswerWithError(ipAt));
        }
        assertTrue(Icmp4Header.isEcho(0) && Icmp4Header.isEcho(8));
        assertFalse(Icmp4Header.isEcho(3));
    }

    @Test
    void noErrorForLaterFragmentsAndNonUnicastAddresses() {
        long ipAt = udp(8);
        assertTrue(Icmp4Header.mayAnswerWithError(ipAt));
        Memory.putU16(ipAt + 6, 0x0001);
        assertFalse(Icmp4Header.mayAnswerWithError(ipAt));
        ipAt = udp(8);
        Ipv4Header.setSource(ipAt, Ipv4Address.ANY);
        assertFalse(Icmp4Header.mayAnswerWithError(ipAt));
        ipAt = udp(8);
        Ipv4Header.setDestination(ipAt, 0xE0000001);
        assertFalse(Icmp4Header.mayAnswerWithError(ipAt));
        ipAt = frames.atEnd(24);
        Ipv4Header.write(ipAt, 0, 24, IpProtocol.IPPROTO_ICMP, 0x0A000001, 0x0A000002);
        assertFalse(Icmp4Header.mayAnswerWithError(ipAt));
    }
}
