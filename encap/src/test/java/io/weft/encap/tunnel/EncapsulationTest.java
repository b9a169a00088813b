package io.weft.encap.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.Frames;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.HeaderError;
import io.weft.encap.packet.IpProtocol;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EncapsulationTest {
    private static final int VNI = 0xABCDEF;
    private static final int ADDRESS = 0xC0000201;

    private final Frames frames = new Frames(4);

    @AfterEach
    void free() {
        frames.close();
    }

    private static Tunnel tunnel(Encapsulation encapsulation, int port, int id) {
        return new Tunnel(encapsulation, 2, 1, 0xC0000202, ADDRESS, port, id, 4, 3);
    }

    @ParameterizedTest
    @EnumSource
    void itsHeadersFitATemplate(Encapsulation encapsulation) {
        assertTrue(encapsulation.length() <= Encapsulation.MAX_LENGTH);
        assertEquals(encapsulation.length() - EthernetHeader.LENGTH, encapsulation.overhead());
        // Without UDP, what the fast path writes for it goes to the first eight of the 64 bytes.
        assertTrue(encapsulation.hasUdp() || encapsulation.length() <= Encapsulation.MAX_LENGTH - Long.BYTES);
        assertEquals(encapsulation, Encapsulation.of(encapsulation.ordinal()));
    }

    /** What one side writes matches what the other expects, and no other tunnel does. */
    @ParameterizedTest
    @EnumSource
    void whatItWritesMatches(Encapsulation encapsulation) {
        long ip = frames.at() + 1024;
        Encapsulation.encap(ip, 100, 7, tunnel(encapsulation, 8472, VNI));
        assertTrue(isMatch(encapsulation.match(ADDRESS, 8472, VNI), ip - encapsulation.overhead()));
        assertFalse(isMatch(encapsulation.match(ADDRESS + 1, 8472, VNI), ip - encapsulation.overhead()));
        if (encapsulation.hasUdp()) {
            assertFalse(isMatch(encapsulation.match(ADDRESS, 4789, VNI), ip - encapsulation.overhead()));
        }
    }

    private static boolean isMatch(TunnelMatch match, long outer) {
        return (Memory.nativeI64(outer + 16) & match.mask0()) == match.value0()
            && (Memory.nativeI64(outer + 24) & match.mask1()) == match.value1()
            && (Memory.nativeI64(outer + 32) & match.mask2()) == match.value2();
    }

    @Test
    void vxlanIsUdpToThePort() {
        assertTrue(Encapsulation.VXLAN.carries(IpProtocol.IPPROTO_UDP, 8472, 8472));
        assertFalse(Encapsulation.VXLAN.carries(IpProtocol.IPPROTO_UDP, 4789, 8472));
        assertFalse(Encapsulation.VXLAN.carries(IpProtocol.IPPROTO_TCP, 8472, 8472));
    }

    /** RFC 7348 section 5: reserved bits are ignored on receipt. Both ways of looking agree on every bit. */
    @Test
    void vxlanIgnoresReservedBits() {
        TunnelMatch match = Encapsulation.VXLAN.match(ADDRESS, 8472, VNI);
        long ip = frames.at() + 1024;
        long outer = ip - Encapsulation.VXLAN.overhead();
        long header = outer + 28;
        for (int bit = 0; bit < 64; bit++) {
            Encapsulation.encap(ip, 100, 7, tunnel(Encapsulation.VXLAN, 8472, VNI));
            Memory.putI64(header, Memory.i64(header) ^ 1L << bit);
            boolean vni = bit >= 8 && bit < 32;
            boolean flag = bit == 59;
            int expected = flag ? HeaderError.TUNNEL_BAD_HEADER : vni ? HeaderError.TUNNEL_UNKNOWN_ID : 0;
            assertEquals(expected, Encapsulation.VXLAN.validate(header, 8, VNI));
            assertEquals(expected == 0, isMatch(match, outer));
        }
    }

    @Test
    void vxlanNeedsEightBytes() {
        for (int length = 0; length < 8; length++) {
            assertEquals(HeaderError.TRUNCATED, Encapsulation.VXLAN.validate(frames.atEnd(length), length, 1));
        }
        long at = frames.atEnd(8);
        VxlanHeader.write(at, VxlanHeader.MAX_VNI);
        assertEquals("08000000ffffff00", Frames.hex(at, 8));
        assertEquals(0, Encapsulation.VXLAN.validate(at, 8, VxlanHeader.MAX_VNI));
    }
}
