package io.weft.encap.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.memory.Memory;
import java.lang.foreign.Arena;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Ipv4FragmentationTest {
    private final Arena arena = Arena.ofConfined();
    private final long ip = arena.allocate(128, 8).address();
    private final long fragment = arena.allocate(128, 8).address();

    @AfterEach
    void close() {
        arena.close();
    }

    /** @param options a multiple of four bytes, in hexadecimal */
    private void write(String options, int totalLength, int flagsAndOffset) {
        byte[] bytes = HexFormat.of().parseHex(options);
        Ipv4Header.write(ip, 0x48, totalLength, 17, 0x0A00_0001, 0x0A00_0002);
        Memory.putU8(ip, 0x45 + bytes.length / 4);
        Memory.putU16(ip + 4, 0xBEEF);
        Memory.putU16(ip + 6, flagsAndOffset);
        Memory.copyIn(bytes, 0, ip + 20, bytes.length);
        Ipv4Header.writeChecksum(ip);
    }

    private void check(int headerLength, int payload, int offset, boolean more) {
        assertEquals(0, Ipv4Header.validate(fragment, headerLength + payload));
        assertEquals(headerLength, Ipv4Header.headerLength(fragment));
        assertEquals(payload, Ipv4Header.payloadLength(fragment));
        assertEquals(offset, Ipv4Header.fragmentOffset(fragment));
        assertEquals(more, Ipv4Header.hasMoreFragments(fragment));
        assertEquals(0xBEEF, Ipv4Header.id(fragment));
        assertEquals(0x48, Ipv4Header.tos(fragment));
        assertEquals(17, Ipv4Header.protocol(fragment));
        assertEquals(0x0A00_0001_0A00_0002L, Ipv4Header.addresses(fragment));
    }

    @Test
    void firstMiddleAndLast() {
        write("", 3020, 0);
        assertEquals(20, Ipv4Fragmentation.writeHeader(ip, fragment, 0, 1424));
        check(20, 1424, 0, true);
        Ipv4Fragmentation.writeHeader(ip, fragment, 1424, 1424);
        check(20, 1424, 1424, true);
        Ipv4Fragmentation.writeHeader(ip, fragment, 2848, 152);
        check(20, 152, 2848, false);
    }

    @Test
    void onlyTheLastFragmentOfALastFragmentHasNoMoreFragments() {
        write("", 1020, 0x2000 | 100);
        Ipv4Fragmentation.writeHeader(ip, fragment, 0, 504);
        check(20, 504, 800, true);
        Ipv4Fragmentation.writeHeader(ip, fragment, 504, 496);
        check(20, 496, 1304, true);
        write("", 1020, 100);
        Ipv4Fragmentation.writeHeader(ip, fragment, 504, 496);
        check(20, 496, 1304, false);
    }

    @ParameterizedTest
    @CsvSource({
        "01010101,        ''",
        "0704040094040000, 94040000",
        "9404000001010101, 94040000",
        "0194040000000000, 94040000",
        "8203aa0007030400, 8203aa00",
        "8205aabbcc000000, 8205aabbcc000000",
        "00ffffffffffffff, ''",
    })
    void optionsThatAreCopied(String options, String copied) {
        write(options, 20 + options.length() / 2 + 1000, 0);
        int first = Ipv4Fragmentation.writeHeader(ip, fragment, 0, 504);
        assertEquals(20 + options.length() / 2, first);
        assertTrue(hex(first).equals(options));
        int later = Ipv4Fragmentation.writeHeader(ip, fragment, 504, 496);
        check(20 + copied.length() / 2, 496, 504, false);
        assertEquals(later, Ipv4Fragmentation.laterHeaderLength(ip));
        assertEquals(copied, hex(later));
    }

    private String hex(int headerLength) {
        byte[] bytes = new byte[headerLength - 20];
        Memory.copyOut(fragment + 20, bytes, 0, bytes.length);
        return HexFormat.of().formatHex(bytes);
    }
}
