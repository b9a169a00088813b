package io.weft.encap.address;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpPrefixTest {
    private static final int ROUNDS = 100_000;

    @ParameterizedTest
    @CsvSource({"10.244.1.7/26, 10.244.1.0/26, 10.244.1.63, 10.244.1.64",
        "10.1.2.3/32, 10.1.2.3/32, 10.1.2.3, 10.1.2.4",
        "fd00:10:244::7/64, fd00:10:244::/64, fd00:10:244:0:ffff:ffff:ffff:ffff, fd00:10:244:1::",
        "fd00::ff/122, fd00::c0/122, fd00::ff, fd00::100", "fd00::1/128, fd00::1/128, fd00::1, fd00::2"})
    void clearsHostBitsAndKnowsItsRange(String text, String canonical, String last, String next) {
        IpPrefix prefix = IpPrefix.of(text);
        assertEquals(canonical, prefix.toString());
        assertEquals(prefix, IpPrefix.of(canonical));
        assertEquals(IpAddress.of(last), prefix.last());
        assertTrue(prefix.contains(prefix.base()) && prefix.contains(IpAddress.of(last)));
        assertFalse(prefix.contains(IpAddress.of(next)));
    }

    @Test
    void prefixesOverlapWhenOneHoldsTheOther() {
        IpPrefix wide = IpPrefix.of("10.244.0.0/16");
        assertTrue(wide.overlaps(IpPrefix.of("10.244.3.0/24")));
        assertTrue(IpPrefix.of("10.244.3.0/24").overlaps(wide));
        assertFalse(wide.overlaps(IpPrefix.of("10.245.0.0/16")));
        assertTrue(IpPrefix.of("0.0.0.0/0").contains(wide));
        assertTrue(IpPrefix.of("::/0").overlaps(IpPrefix.of("fd00::/8")));
    }

    @Test
    void familiesDoNotMix() {
        assertFalse(IpPrefix.of("::/0").contains(IpAddress.of("10.0.0.1")));
        assertFalse(IpPrefix.of("::ffff:0:0/96").contains(IpAddress.of("10.0.0.1")));
        assertFalse(IpPrefix.of("0.0.0.0/0").contains(IpAddress.of("::ffff:10.0.0.1")));
        assertFalse(IpPrefix.of("::/0").overlaps(IpPrefix.of("0.0.0.0/0")));
    }

    /** Compares as numbers: an address is in a prefix if it is between its first and its last address. */
    @Test
    void containsWhatLiesBetweenItsEnds() {
        Random random = new Random(20260131);
        for (int i = 0; i < ROUNDS; i++) {
            byte[] bytes = new byte[random.nextBoolean() ? 16 : 4];
            random.nextBytes(bytes);
            IpAddress inside = IpAddress.ofBytes(bytes);
            IpPrefix prefix = IpPrefix.containing(inside, random.nextInt(inside.bits() + 1));
            BigInteger size = BigInteger.ONE.shiftLeft(prefix.hostBits());
            assertEquals(number(prefix.last()), number(prefix.base()).add(size).subtract(BigInteger.ONE));
            assertEquals(BigInteger.ZERO, number(prefix.base()).mod(size));
            assertTrue(prefix.contains(inside));
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            IpAddress near = IpAddress.ofBytes(bytes);
            assertEquals(near.compareTo(prefix.base()) >= 0 && near.compareTo(prefix.last()) <= 0,
                prefix.contains(near));
            assertEquals(prefix, IpPrefix.of(prefix.toString()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/+8",
        "10.0.0.0/08",
        "10.0.0.0/ 8", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "fd00::/129", "fd00::/1000", "fd00::%1/64", "/8",
        "10.0.0.0/٨"})
    void refusesTextThatIsNotAPrefix(String text) {
        assertTrue(IpPrefix.parse(text).isEmpty());
        assertTrue(assertThrows(IllegalArgumentException.class, () -> IpPrefix.of(text)).getMessage()
            .contains(" is not a"));
    }

    @Test
    void theBaseMustHaveNoHostBits() {
        assertEquals("\"10.0.0.1/24\" is not a prefix: 10.0.0.1 has host bits",
            assertThrows(IllegalArgumentException.class, () -> new IpPrefix(IpAddress.of("10.0.0.1"), 24))
                .getMessage());
        assertEquals("\"10.0.0.1/33\" is not a prefix: its length must be 0 to 32",
            assertThrows(IllegalArgumentException.class, () -> IpPrefix.of("10.0.0.1/33")).getMessage());
        assertEquals("fd00::1/128", IpPrefix.single(IpAddress.of("fd00::1")).toString());
    }

    private static BigInteger number(IpAddress address) {
        return new BigInteger(1, address.toBytes());
    }
}
