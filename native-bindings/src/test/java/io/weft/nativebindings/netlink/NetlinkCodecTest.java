package io.weft.nativebindings.netlink;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class NetlinkCodecTest {
    @Test
    void writesLengthsPaddingAndNetworkOrder() {
        NetlinkRequest request = new NetlinkRequest(0x12, 0x100).u32(0x01020304);
        request.string(3, "eth0").networkU16(15, 8472).ipv4(1, 0x0A000001).mac(1, 0x02AABBCCDDEEL).flag(9);
        byte[] expected = HexFormat.of()
            .parseHex("40000000" + "1200" + "0101" + "2a000000" + "00000000" + "04030201"
                + "09000300" + "65746830" + "00000000"
                + "06000f00" + "21180000"
                + "08000100" + "0a000001"
                + "0a000100" + "02aabbcc" + "ddee0000"
                + "04000900");
        assertArrayEquals(expected, request.finish(42));
    }

    @Test
    void growsAndReadsBackNestedAttributes() {
        NetlinkRequest request = new NetlinkRequest(16, 0);
        int outer = request.begin(1);
        for (int i = 0; i < 100; i++) {
            request.string(2, "name" + i);
        }
        request.end(outer);
        NetlinkMessage message = message(request.finish(1));
        assertTrue(message.next());
        NetlinkAttributes attributes = message.attributes(0);
        assertTrue(attributes.next());
        assertEquals(1, attributes.type());
        NetlinkAttributes names = attributes.nested();
        for (int i = 0; i < 100; i++) {
            assertTrue(names.next());
            assertEquals("name" + i, names.string());
        }
        assertFalse(names.next());
        assertFalse(attributes.next());
        assertFalse(message.next());
    }

    @Test
    void valueOfAnotherSizeIsRefusedWithItsType() {
        NetlinkMessage message = message(new NetlinkRequest(16, 0).u8(7, 1).finish(1));
        assertTrue(message.next());
        NetlinkAttributes attributes = message.attributes(0);
        assertTrue(attributes.next());
        IllegalStateException refused = assertThrows(IllegalStateException.class, attributes::i32);
        assertEquals("netlink attribute 7 has 1 bytes instead of 4", refused.getMessage());
        assertEquals(0, attributes.mac());
    }

    @Test
    void cutOffMessageEndsTheIteration() {
        byte[] whole = new NetlinkRequest(16, 0).u32(1, 1).u32(2, 2).finish(1);
        for (int length = 0; length < whole.length; length++) {
            assertFalse(message(Arrays.copyOf(whole, length)).next());
        }
    }

    @Test
    void damagedMessagesAreNeverReadPastTheirEnd() {
        byte[] link = LinkRequests.createVeth(VethSpec.of("near", "far").withMac(1).withMtu(1450)).finish(1);
        byte[] route = RouteRequests.replace(Route.to(0, 0)
            .nextHops(List.of(new NextHop(1, 2, 1, 0, false), new NextHop(2, 3, 1, 0, false))))
            .finish(1);
        byte[] neighbour = NeighbourRequests.replacePermanent(1, 2, 3).finish(1);
        byte[] address = AddressRequests.add(0, 1, 2, 24, 0).finish(1);
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            decode(damaged(link, random), LinkDecoder::decode);
            decode(damaged(route, random), RouteDecoder::decode);
            decode(damaged(neighbour, random), NeighbourDecoder::decodeNeighbour);
            decode(damaged(address, random), AddressDecoder::decode);
        }
    }

    /**
     * Only the exception for a value of the wrong size is allowed. Any other fails the test, in particular one for an index out of bounds.
     */
    private static void decode(byte[] bytes, Consumer<NetlinkMessage> decoder) {
        NetlinkMessage message = message(bytes);
        while (message.next()) {
            try {
                decoder.accept(message);
            } catch (IllegalStateException refused) {
                assertTrue(refused.getMessage().startsWith("netlink"), refused.getMessage());
            }
        }
    }

    private static byte[] damaged(byte[] whole, Random random) {
        byte[] bytes = whole.clone();
        for (int i = random.nextInt(1, 5); i > 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return bytes;
    }

    private static NetlinkMessage message(byte[] bytes) {
        NetlinkMessage message = new NetlinkMessage();
        message.wrap(MemorySegment.ofArray(bytes), bytes.length);
        return message;
    }
}
