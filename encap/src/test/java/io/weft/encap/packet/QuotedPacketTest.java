package io.weft.encap.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.encap.Frames;
import io.weft.encap.Packets;
import io.weft.encap.memory.Memory;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuotedPacketTest {
    private static final int ROUNDS = 500;

    private final Frames frames = new Frames(2);
    private final Random random = new Random(5508);

    @AfterEach
    void free() {
        frames.close();
    }

    /**
     * Writes an error about a packet; only {@code quoteLength} bytes of it are quoted.
     *
     * @return address of the ICMP header
     */
    private long error(int protocol, int dataLength, int quoteLength) {
        long ipAt = frames.atEnd(quoteLength);
        long whole = frames.at();
        Packets.write(random, whole, protocol, dataLength);
        Memory.copy(whole, ipAt, quoteLength);
        long icmpAt = ipAt - 8;
        Memory.putI64(icmpAt, 0x0301L << 48);
        Icmp4Header.setChecksum(icmpAt, ~Packets.sum(icmpAt, 8 + quoteLength, 0));
        return icmpAt;
    }

    @ParameterizedTest
    @ValueSource(ints = {IpProtocol.IPPROTO_TCP, IpProtocol.IPPROTO_UDP})
    void rewritesAWholeQuoteSoThatAllChecksumsHold(int protocol) {
        for (int i = 0; i < ROUNDS; i++) {
            int dataLength = random.nextInt(40);
            int quoteLength = (protocol == IpProtocol.IPPROTO_TCP ? 40 : 28) + dataLength;
            long icmpAt = error(protocol, dataLength, quoteLength);
            rewriteAndCheck(icmpAt, 8 + quoteLength);
            assertEquals(0, Packets.l4Checksum(icmpAt + 8));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {28, 36, 37, 38, 40, 45})
    void rewritesACutTcpQuote(int quoteLength) {
        for (int i = 0; i < ROUNDS; i++) {
            rewriteAndCheck(error(IpProtocol.IPPROTO_TCP, 60, quoteLength), 8 + quoteLength);
        }
    }

    private void rewriteAndCheck(long icmpAt, int icmpLength) {
        assertEquals(0, QuotedPacket.validate(icmpAt, icmpLength));
        long addresses = random.nextLong();
        int ports = random.nextInt();
        QuotedPacket.rewrite(icmpAt, icmpLength, addresses, ports);
        assertEquals(addresses, Ipv4Header.addresses(QuotedPacket.ipAt(icmpAt)));
        assertEquals(ports, Layer4.ports(QuotedPacket.l4At(icmpAt)));
        assertEquals(true, Packets.ipChecksumIsRight(QuotedPacket.ipAt(icmpAt)));
        assertEquals(0xFFFF, Packets.sum(icmpAt, icmpLength, 0));
    }

    @Test
    void rewritesAPartialChecksumInTheQuote() {
        long icmpAt = error(IpProtocol.IPPROTO_UDP, 10, 38);
        long ipAt = QuotedPacket.ipAt(icmpAt);
        Memory.putU16(ipAt + 26, Packets.pseudoHeaderSum(ipAt));
        Icmp4Header.setChecksum(icmpAt, 0);
        Icmp4Header.setChecksum(icmpAt, ~Packets.sum(icmpAt, 46, 0));
        rewriteAndCheck(icmpAt, 46);
        assertEquals(L4Checksum.PARTIAL, L4Checksum.classify(ipAt, ipAt + 20, 18, IpProtocol.IPPROTO_UDP));
    }

    @Test
    void wrongErrorStaysWrong() {
        long icmpAt = error(IpProtocol.IPPROTO_UDP, 10, 38);
        Icmp4Header.setChecksum(icmpAt, Icmp4Header.checksum(icmpAt) ^ 0x8);
        int wrong = Packets.sum(icmpAt, 46, 0);
        QuotedPacket.rewrite(icmpAt, 46, random.nextLong(), random.nextInt());
        assertEquals(wrong, Packets.sum(icmpAt, 46, 0));
    }

    @Test
    void rewritesAnEcho() {
        for (int i = 0; i < ROUNDS; i++) {
            long icmpAt = error(IpProtocol.IPPROTO_ICMP, 12, 40);
            QuotedPacket.rewriteEcho(icmpAt, 0x0A000001_0A000002L, 0x1234);
            long ipAt = QuotedPacket.ipAt(icmpAt);
            assertEquals(0x0A000001_0A000002L, Ipv4Header.addresses(ipAt));
            assertEquals(0x1234, Icmp4Header.identifier(ipAt + 20));
            assertEquals(true, Packets.ipChecksumIsRight(ipAt));
            assertEquals(0xFFFF, Packets.sum(ipAt + 20, 20, 0));
            assertEquals(0xFFFF, Packets.sum(icmpAt, 48, 0));
        }
    }

    @Test
    void refusesTruncatedAndForeignQuotes() {
        for (int quoteLength = 0; quoteLength < 28; quoteLength++) {
            long icmpAt = error(IpProtocol.IPPROTO_UDP, 10, quoteLength);
            assertEquals(HeaderError.ICMP_BAD_QUOTE, QuotedPacket.validate(icmpAt, 8 + quoteLength));
        }
        assertEquals(0, validateWithByte(0, 0x45));
        assertEquals(HeaderError.ICMP_BAD_QUOTE, validateWithByte(0, 0x4F));
        assertEquals(HeaderError.ICMP_BAD_QUOTE, validateWithByte(0, 0x44));
        assertEquals(HeaderError.ICMP_BAD_QUOTE, validateWithByte(0, 0x65));
        assertEquals(HeaderError.ICMP_BAD_QUOTE, validateWithByte(7, 1));
    }

    private int validateWithByte(int offset, int value) {
        long icmpAt = error(IpProtocol.IPPROTO_UDP, 10, 28);
        Memory.putU8(icmpAt + 8 + offset, value);
        return QuotedPacket.validate(icmpAt, 36);
    }
}
