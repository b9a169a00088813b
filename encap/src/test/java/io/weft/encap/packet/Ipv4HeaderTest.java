package io.weft.encap.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.Frames;
import io.weft.encap.Packets;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Ipv4HeaderTest {
    private final Frames frames = new Frames(1);
    private final Random random = new Random(791);

    @AfterEach
    void free() {
        frames.close();
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
        # name,                         hex (checksum 0000 is filled in),                          remaining, code
        plain,                          4500 0014 0000 4000 4011 0000 0a000001 0a000002,                  20,   0
        trailer behind,                 4500 0014 0000 4000 4011 0000 0a000001 0a000002,                  46,   0
        options,                        4600 0018 0000 4000 4011 0000 0a000001 0a000002 01010100,         24,   0
        one byte short,                 4500 0014 0000 4000 4011 0000 0a000001 0a000002,                  19,  -1
        empty,                          4500 0014 0000 4000 4011 0000 0a000001 0a000002,                   0,  -1
        version 6,                      6500 0014 0000 4000 4011 0000 0a000001 0a000002,                  20,  -2
        version 0,                      0500 0014 0000 4000 4011 0000 0a000001 0a000002,                  20,  -2
        IHL 4,                          4400 0014 0000 4000 4011 0000 0a000001 0a000002,                  20,  -3
        IHL 0,                          4000 0014 0000 4000 4011 0000 0a000001 0a000002,                  20,  -3
        IHL past the frame,             4600 0018 0000 4000 4011 0000 0a000001 0a000002,                  20,  -1
        total length below IHL,         4600 0017 0000 4000 4011 0000 0a000001 0a000002 01010100,         24,  -4
        total length 19,                4500 0013 0000 4000 4011 0000 0a000001 0a000002,                  20,  -4
        total length 0,                 4500 0000 0000 4000 4011 0000 0a000001 0a000002,                  20,  -4
        total length past the frame,    4500 0015 0000 4000 4011 0000 0a000001 0a000002,                  20,  -5
        total length 65535,             4500 ffff 0000 4000 4011 0000 0a000001 0a000002,                  20,  -5
        """)
    void validate(String name, String hex, int remaining, int code) {
        byte[] header = Frames.bytes(hex);
        long at = frames.at();
        Memory.zero(at, 64);
        Memory.copyIn(header, 0, at, header.length);
        Ipv4Header.setChecksum(at, ~Packets.sum(at, header.length, 0));
        assertEquals(code, Ipv4Header.validate(at, remaining), name);
    }

    @Test
    void everyBitOfTheChecksumCounts() {
        String[] headers = {"4500 0014 0000 4000 4011 0000 0a000001 0a000002",
            "4600 0018 0000 4000 4011 0000 0a000001 0a000002 01010100"};
        for (String hex : headers) {
            long at = frames.putAtEnd(hex);
            int length = Frames.bytes(hex).length;
            assertEquals(HeaderError.IP4_BAD_CHECKSUM, Ipv4Header.validate(at, length));
            Ipv4Header.writeChecksum(at);
            assertEquals(0, Ipv4Header.validate(at, length));
            for (int bit = 0; bit < 16; bit++) {
                Ipv4Header.setChecksum(at, Ipv4Header.checksum(at) ^ 1 << bit);
                assertEquals(HeaderError.IP4_BAD_CHECKSUM, Ipv4Header.validate(at, length));
                Ipv4Header.setChecksum(at, Ipv4Header.checksum(at) ^ 1 << bit);
            }
        }
    }

    @Test
    void readsEveryField() {
        long at = frames.putAtEnd("46b9 0054 abcd 6123 3f06 1234 0a000001 c0000201 01010100");
        assertEquals(4, Ipv4Header.version(at));
        assertEquals(24, Ipv4Header.headerLength(at));
        assertEquals(4, Ipv4Header.optionsLength(at));
        assertTrue(Ipv4Header.hasOptions(at));
        assertEquals(0xB9, Ipv4Header.tos(at));
        assertEquals(84, Ipv4Header.totalLength(at));
        assertEquals(60, Ipv4Header.payloadLength(at));
        assertEquals(0xABCD, Ipv4Header.id(at));
        assertTrue(Ipv4Header.dontFragment(at));
        assertTrue(Ipv4Header.hasMoreFragments(at));
        assertEquals(0x123 * 8, Ipv4Header.fragmentOffset(at));
        assertTrue(Ipv4Header.isFragment(at));
        assertTrue(Ipv4Header.isLaterFragment(at));
        assertEquals(63, Ipv4Header.ttl(at));
        assertEquals(6, Ipv4Header.protocol(at));
        assertEquals(0x1234, Ipv4Header.checksum(at));
        assertEquals(0x0A000001, Ipv4Header.source(at));
        assertEquals(0xC0000201, Ipv4Header.destination(at));
        assertEquals(0x0A000001_C0000201L, Ipv4Header.addresses(at));
    }

    @Test
    void writesAnAtomicDatagram() {
        long at = frames.atEnd(20);
        Ipv4Header.write(at, 0xB8, 1234, 17, 0xC0000201, 0x0A000001);
        assertEquals("45b804d2" + "00004000" + "4011", Frames.hex(at, 10));
        assertTrue(Packets.ipChecksumIsRight(at));
        assertFalse(Ipv4Header.isFragment(at));
        assertFalse(Ipv4Header.hasOptions(at));
        assertEquals(0xC0000201, Ipv4Header.source(at));
    }

    @Test
    void everyChangeKeepsTheChecksumExactlyRight() {
        long at = frames.atEnd(20);
        for (int i = 0; i < 20_000; i++) {
            Ipv4Header.write(at, random.nextInt(256), random.nextInt(0x10000), 6, random.nextInt(), random.nextInt());
            change(at, i % 6);
            assertChecksumIsTheFullComputation(at);
        }
    }

    private void change(long at, int which) {
        switch (which) {
            case 0 -> Ipv4Header.decrementTtl(at);
            case 1 -> Ipv4Header.setTotalLengthAndChecksum(at, random.nextInt(0x10000));
            case 2 -> Ipv4Header.setTos(at, random.nextInt(256));
            case 3 -> Ipv4Header.setTtl(at, random.nextInt(256));
            case 4 -> Ipv4Header.swapAddresses(at);
            default -> {
                long addresses = random.nextLong();
                int delta = InternetChecksum.delta64(Ipv4Header.addresses(at), addresses);
                Ipv4Header.rewriteAndDecrementTtl(at, addresses,
                    InternetChecksum.addDelta(delta, Ipv4Header.TTL_DECREMENT_DELTA));
                assertEquals(addresses, Ipv4Header.addresses(at));
                assertEquals(63, Ipv4Header.ttl(at));
            }
        }
    }

    private static void assertChecksumIsTheFullComputation(long at) {
        int updated = Ipv4Header.checksum(at);
        Ipv4Header.writeChecksum(at);
        assertEquals(Ipv4Header.checksum(at), updated);
    }

    @Test
    void decrementingAnyTtlUpdatesTheChecksumAndAWrongOneStaysWrong() {
        long at = frames.atEnd(20);
        Ipv4Header.write(at, 0, 20, 6, 1, 2);
        Ipv4Header.setTtl(at, 255);
        for (int ttl = 254; ttl >= 0; ttl--) {
            Ipv4Header.decrementTtl(at);
            assertEquals(ttl, Ipv4Header.ttl(at));
            assertTrue(Packets.ipChecksumIsRight(at));
        }
        Ipv4Header.setTtl(at, 64);
        Ipv4Header.setChecksum(at, Ipv4Header.checksum(at) ^ 0x40);
        Ipv4Header.decrementTtl(at);
        assertFalse(Packets.ipChecksumIsRight(at));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
        # name,                  protocol, flags and offset, payload, code
        first,                          6,             2000,     800,   0
        middle,                         6,             2064,     800,   0
        last of odd length,             6,             0064,     801,   0
        up to 65535,                   17,             1ffd,       3,   0
        past 65535,                    17,             1fff,       8,  -9
        just past 65535,               17,             1ffd,       4,  -9
        first of odd length,            6,             2000,     801, -10
        empty,                          6,             2064,       0, -10
        empty last,                     6,             0064,       0, -10
        TCP header cut,                 6,             2000,      16, -11
        TCP header just whole,          6,             2000,      24,   0
        TCP at offset 8,                6,             2001,      24, -11
        UDP at offset 8,               17,             2001,      24,   0
        UDP header just whole,         17,             2000,       8,   0
        """)
    void validateFragment(String name, int protocol, String flagsAndOffset, int payload, int code) {
        long at = frames.at();
        Ipv4Header.write(at, 0, 20 + payload, protocol, 1, 2);
        Memory.putU16(at + 6, Integer.parseInt(flagsAndOffset, 16));
        assertEquals(code, Ipv4Header.validateFragment(at), name);
    }

    @ParameterizedTest
    @CsvSource({"0x0000, false, false", "0x4000, false, false", "0x2000, true, false", "0x2001, true, true",
        "0x0001, true, true",
        "0x8000, false, false"})
    void distinguishesFragments(int flagsAndOffset, boolean fragment, boolean later) {
        long at = frames.atEnd(20);
        Memory.putU16(at + 6, flagsAndOffset);
        assertEquals(fragment, Ipv4Header.isFragment(at));
        assertEquals(later, Ipv4Header.isLaterFragment(at));
    }

    @ParameterizedTest
    @CsvSource({"0x00000000, true", "0x00FFFFFF, true", "0x01000000, false", "0x7EFFFFFF, false", "0x7F000001, true",
        "0x7FFFFFFF, true",
        "0x80000000, false", "0xDFFFFFFF, false", "0xE0000000, true", "0xEFFFFFFF, true", "0xF0000001, false",
        "0xFFFFFFFE, false",
        "0xFFFFFFFF, true"})
    void martians(String address, boolean martian) {
        assertEquals(martian, Ipv4Address.isMartian(Long.decode(address).intValue()));
    }

    @Test
    void prefixes() {
        assertEquals(0, Ipv4Address.mask(0));
        assertEquals(0xFFFFFF00, Ipv4Address.mask(24));
        assertEquals(-1, Ipv4Address.mask(32));
        assertTrue(Ipv4Address.isInside(0x0AF40105, 0x0AF40100, 24));
        assertFalse(Ipv4Address.isInside(0x0AF40205, 0x0AF40100, 24));
        assertTrue(Ipv4Address.isInside(-1, 0, 0));
        assertTrue(Ipv4Address.isLinkLocal(0xA9FE0101));
    }
}
