package io.weft.encap.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.encap.Frames;
import io.weft.encap.Packets;
import io.weft.encap.memory.Memory;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TCP and UDP headers, and the reset that answers a segment. */
class Layer4Test {
    private static final int CLIENT = 0x0AF40105;
    private static final int SERVICE = 0x0A600001;

    private final Frames frames = new Frames(1);

    @AfterEach
    void free() {
        frames.close();
    }

    @ParameterizedTest
    @CsvSource({"20, 5, 0", "60, 15, 0", "24, 6, 0", "19, 5, -12", "0, 5, -12", "20, 4, -13", "20, 0, -13",
        "20, 6, -13", "59, 15, -13"})
    void tcpDataOffset(int l4Length, int words, int code) {
        long at = frames.atEnd(Math.max(l4Length, 20));
        Memory.putU8(at + 12, words << 4 | 0x0F);
        assertEquals(code, Layer4.validate(IpProtocol.IPPROTO_TCP, at, l4Length));
    }

    @ParameterizedTest
    @CsvSource({"8, 8, 0", "100, 100, 0", "100, 8, 0", "7, 8, -12", "8, 7, -14", "8, 0, -14", "8, 9, -14",
        "100, 65535, -14"})
    void udpLength(int l4Length, int length, int code) {
        long at = frames.atEnd(Math.max(l4Length, 8));
        UdpHeader.setLength(at, length);
        assertEquals(code, Layer4.validate(IpProtocol.IPPROTO_UDP, at, l4Length));
    }

    @Test
    void icmpNeedsEightBytesAndOthersNone() {
        assertEquals(HeaderError.L4_TRUNCATED, Layer4.validate(IpProtocol.IPPROTO_ICMP, frames.atEnd(0), 7));
        assertEquals(0, Layer4.validate(IpProtocol.IPPROTO_ICMP, frames.atEnd(0), 8));
        assertEquals(0, Layer4.validate(IpProtocol.IPPROTO_SCTP, frames.atEnd(0), 0));
    }

    @Test
    void readsTcp() {
        long at = frames.putAtEnd("c350 0050 01020304 81828384 5012 7210 abcd 0000");
        assertEquals(50000, TcpHeader.sourcePort(at));
        assertEquals(80, TcpHeader.destinationPort(at));
        assertEquals(50000 << 16 | 80, Layer4.ports(at));
        assertEquals(0x01020304, TcpHeader.sequence(at));
        assertEquals(0x81828384, TcpHeader.acknowledgement(at));
        assertEquals(20, TcpHeader.headerLength(at));
        assertEquals(TcpHeader.SYN | TcpHeader.ACK, TcpHeader.flags(at));
        assertEquals(0x7210, TcpHeader.window(at));
        assertEquals(0xABCD, TcpHeader.checksum(at));
        TcpHeader.setSourcePort(at, 65535);
        TcpHeader.setDestinationPort(at, 1);
        assertEquals("ffff0001", Frames.hex(at, 4));
    }

    @Test
    void readsAndWritesUdp() {
        long at = frames.atEnd(8);
        UdpHeader.write(at, 65535, 53, 40000);
        assertEquals("ffff00359c400000", Frames.hex(at, 8));
        UdpHeader.setSourcePort(at, 1);
        UdpHeader.setDestinationPort(at, 65534);
        UdpHeader.setChecksum(at, 0xFFFF);
        assertEquals(1, UdpHeader.sourcePort(at));
        assertEquals(65534, UdpHeader.destinationPort(at));
        assertEquals(40000, UdpHeader.length(at));
        assertEquals(0xFFFF, UdpHeader.checksum(at));
        Layer4.setPorts(at, 2 << 16 | 3);
        assertEquals("000200039c40ffff", Frames.hex(at, 8));
    }

    @Test
    void combinationsOfFlags() {
        int syn = TcpHeader.SYN;
        int fin = TcpHeader.FIN;
        int rst = TcpHeader.RST;
        int ack = TcpHeader.ACK;
        int urg = TcpHeader.URG;
        Set<Integer> valid = Set.of(syn, syn | urg, syn | ack, rst, rst | ack, fin | ack, fin | ack | urg, ack,
            ack | urg);
        for (int flags = 0; flags < 256; flags++) {
            int ignoringPushAndEcn = flags & (syn | fin | rst | ack | urg);
            assertEquals(valid.contains(ignoringPushAndEcn), TcpHeader.isValidCombination(flags), "flags " + flags);
        }
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
        # segment,            flags, IP options, TCP options, data, seq of reset, ack of reset, flags of reset
        SYN,                   0x02,          0,          20,    0,            0,         1001,           0x14
        SYN with data,         0x02,          0,           0,  100,            0,         1101,           0x14
        SYN after IP options,  0x02,         40,          40,    0,            0,         1001,           0x14
        FIN without ACK,       0x01,          0,           0,    7,            0,         1008,           0x14
        null,                  0x00,          4,           0,    0,            0,         1000,           0x14
        ACK,                   0x10,          0,          12,   10,         5000,            0,           0x04
        SYN ACK,               0x12,          0,           0,    0,         5000,            0,           0x04
        FIN ACK PSH,           0x19,          0,           0,    1,         5000,            0,           0x04
        """)
    void resetAnswersASegment(String name, int flags, int ipOptions, int tcpOptions, int data, int sequence,
        int acknowledgement, int reset) {
        long ipAt = segment(flags, ipOptions, tcpOptions, data);
        assertEquals(40, TcpHeader.writeReset(ipAt), name);
        assertEquals(0, Ipv4Header.validate(ipAt, 40));
        assertEquals(0, Packets.l4Checksum(ipAt));
        assertEquals(SERVICE, Ipv4Header.source(ipAt));
        assertEquals(CLIENT, Ipv4Header.destination(ipAt));
        assertEquals(0xB8, Ipv4Header.tos(ipAt));
        assertEquals(64, Ipv4Header.ttl(ipAt));
        long at = ipAt + 20;
        assertEquals(80 << 16 | 50000, Layer4.ports(at));
        assertEquals(sequence, TcpHeader.sequence(at));
        assertEquals(acknowledgement, TcpHeader.acknowledgement(at));
        assertEquals(reset, TcpHeader.flags(at));
        assertEquals(20, TcpHeader.headerLength(at));
    }

    @Test
    void resetIsNotAnswered() {
        long ipAt = segment(TcpHeader.RST | TcpHeader.ACK, 0, 0, 0);
        String before = Frames.hex(ipAt, 40);
        assertEquals(0, TcpHeader.writeReset(ipAt));
        assertEquals(before, Frames.hex(ipAt, 40));
    }

    private long segment(int flags, int ipOptions, int tcpOptions, int data) {
        int headerLength = 20 + ipOptions;
        int totalLength = headerLength + 20 + tcpOptions + data;
        long ipAt = frames.atEnd(totalLength);
        for (int i = 0; i < totalLength; i++) {
            Memory.putU8(ipAt + i, new Random(i).nextInt(256));
        }
        Ipv4Header.write(ipAt, 0xB9, totalLength, IpProtocol.IPPROTO_TCP, CLIENT, SERVICE);
        Memory.putU8(ipAt, 0x40 | headerLength / 4);
        TcpHeader.write(ipAt + headerLength, 50000, 80, 1000, 5000, flags, 512);
        Memory.putU8(ipAt + headerLength + 12, (20 + tcpOptions) / 4 << 4);
        return ipAt;
    }
}
