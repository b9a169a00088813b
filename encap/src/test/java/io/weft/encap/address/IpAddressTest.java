package io.weft.encap.address;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {
    private static final int ROUNDS = 100_000;
    private static final BigInteger TWO_TO_128 = BigInteger.ONE.shiftLeft(128);

    private final Random random = new Random(20260131);

    // -- against the JDK ---------------------------------------------------------------------------------------------

    @Test
    void ipv4TextEqualsThatOfTheJdk() throws Exception {
        for (int i = 0; i < ROUNDS; i++) {
            int number = random.nextInt() >>> random.nextInt(32);
            IpAddress address = IpAddress.ipv4(number);
            InetAddress jdk = InetAddress.getByAddress(address.toBytes());
            assertEquals(jdk.getHostAddress(), address.toString());
            assertEquals(address, IpAddress.of(jdk.getHostAddress()));
            assertEquals(number, address.toInt());
            assertEquals(number, Ipv4Address.of(Ipv4Address.format(number)));
        }
    }

    @Test
    void ipv6TextIsExchangedWithTheJdk() throws Exception {
        for (int i = 0; i < ROUNDS; i++) {
            byte[] bytes = sparse();
            IpAddress address = IpAddress.ofBytes(bytes);
            assertArrayEquals(bytes, address.toBytes());
            InetAddress jdk = Inet6Address.getByAddress(null, bytes, -1); // keeps IPv4-mapped addresses
            assertEquals(address, IpAddress.of(jdk.getHostAddress()));
            assertEquals(address, IpAddress.of(jdk.getHostAddress().toUpperCase(Locale.ROOT)));
            assertEquals(address, IpAddress.of(address.toString()));
            assertEquals(InetAddress.getByAddress(bytes), InetAddress.ofLiteral(address.toString()));
        }
    }

    /** RFC 5952 section 4, checked on the text only. */
    @Test
    void ipv6TextIsTheShortestPossible() {
        for (int i = 0; i < ROUNDS; i++) {
            IpAddress address = IpAddress.ofBytes(sparse());
            if (address.isIpv4Mapped()) {
                continue;
            }
            String text = address.toString();
            assertEquals(text.toLowerCase(Locale.ROOT), text);
            assertFalse(text.matches("(.*:)?0[0-9a-f].*"), text);
            assertEquals(text.indexOf("::"), text.lastIndexOf("::"), text);
            String padded = ":" + text + ":";
            int groups = (int) Arrays.stream(text.split(":")).filter(group -> !group.isEmpty()).count();
            if (text.contains("::")) {
                assertTrue(groups <= 6, text);
                assertFalse(padded.contains(":0".repeat(8 - groups + 1) + ":"), text);
            } else {
                assertTrue(groups == 8 && !padded.contains(":0:0:"), text);
            }
        }
    }

    /** The parser reads damaged text as the JDK does, or refuses it: it never returns another value or throws another exception. */
    @Test
    void damagedTextIsReadAsByTheJdkOrRefused() {
        for (int i = 0; i < ROUNDS; i++) {
            String text = damaged(IpAddress.ofBytes(random.nextBoolean() ? sparse() : new byte[]{10, 0, 1, 2})
                .toString());
            IpAddress.parse(text).ifPresent(address -> assertEquals(InetAddress.ofLiteral(text),
                InetAddress.ofLiteral(address.toString()), text));
        }
    }

    // -- text --------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1", // the first of two equal runs
        "2001:0DB8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1", // one group is not shortened
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1", // the longest
        "0:0:0:0:0:0:0:0, ::", "::1, ::1", "fe80::, fe80::", "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
        "::2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
        "::ffff:192.0.2.1, ::ffff:192.0.2.1", "::FFFF:C000:201, ::ffff:192.0.2.1", // RFC 5952 section 5
        "64:ff9b::192.0.2.33, 64:ff9b::c000:221", "1:2:3:4:5:6:1.2.3.4, 1:2:3:4:5:6:102:304",
        "::255.255.255.255, ::ffff:ffff", "10.244.1.1, 10.244.1.1", "0.0.0.0, 0.0.0.0"})
    void textIsCanonical(String text, String canonical) {
        assertEquals(canonical, IpAddress.of(text).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.00", "1.2.3.-4", "1.2.3.+4",
        "a.b.c.d",
        "1.2.3.4 ", " 1.2.3.4", "1.2.3.", ".1.2.3", "1..2.3", "0x1.2.3.4", "1.2.3.99999999999", "16909060",
        "1.2.3.4/32", "1.2.3.٤",
        ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4::5:6:7:8", "12345::", "::00001", "g::",
        "1:", ":1",
        "1:2:3:4:5:6:7:", ":2:3:4:5:6:7:8", "::1%eth0", "fe80::1%1", "[::1]", "::1/128", "::1.2.3", "::1.2.3.04",
        "::1.2.3.4:5",
        "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4.5", "::f.2.3.4", ":: 1", "1::2:", "localhost", "٣::"})
    void refusesTextThatIsNotAnAddress(String text) {
        assertTrue(IpAddress.parse(text).isEmpty());
        String message = assertThrows(IllegalArgumentException.class, () -> IpAddress.of(text)).getMessage();
        assertTrue(message.startsWith("\"" + text + "\" is not an IP address: "), message);
        assertThrows(IllegalArgumentException.class, () -> Ipv4Address.of(text));
    }

    @ParameterizedTest
    @CsvSource({"1.2.3.04, an octet has leading zeros", "1.2.3.256, an octet is above 255",
        "1.2.3, it must be four decimal octets separated by dots", "1.2.3.4.5, '\".5\" follows the fourth octet'",
        "fe80::1%eth0, 'it has a zone, which is valid on one machine only'", "1::2::3, it has :: twice",
        "1:2, it has fewer than eight groups", "1:2:3:4:5:6:7:8:9, it has more than eight groups",
        "1:2:3:4:5:6:7::8, its :: replaces no group", "12345::, a group has more than four digits",
        "1::x, a group of hexadecimal digits is missing"})
    void namesTheMistake(String text, String why) {
        assertEquals("\"" + text + "\" is not an IP address: " + why,
            assertThrows(IllegalArgumentException.class, () -> IpAddress.of(text)).getMessage());
    }

    // -- values ------------------------------------------------------------------------------------------------------

    @Test
    void ipv4AndNumberAgree() {
        assertEquals(0x0AF40101, IpAddress.of("10.244.1.1").toInt());
        assertEquals("255.0.10.1", Ipv4Address.format(0xFF000A01));
        assertEquals(4, IpAddress.of("10.244.1.1").toBytes().length);
    }

    @Test
    void anIpv6AddressHasNoIntForm() {
        IpAddress address = IpAddress.of("fd00::1");
        AddressFamilyException e = assertThrows(AddressFamilyException.class, address::toInt);
        assertEquals("fd00::1 is not an IPv4 address", e.getMessage());
        assertThrows(AddressFamilyException.class, () -> Ipv4Address.of("fd00::1"));
        assertThrows(IllegalArgumentException.class, () -> IpAddress.ofBytes(new byte[6]));
    }

    @Test
    void aMappedAddressIsAnIpv6Address() {
        IpAddress mapped = IpAddress.of("::ffff:192.0.2.1");
        assertTrue(mapped.isIpv6() && mapped.isIpv4Mapped());
        assertNotEquals(IpAddress.of("192.0.2.1"), mapped);
        assertThrows(AddressFamilyException.class, mapped::toInt);
        assertFalse(IpAddress.of("192.0.2.1").isIpv4Mapped());
        assertFalse(IpAddress.of("::fffe:192.0.2.1").isIpv4Mapped());
        assertFalse(IpAddress.of("1::ffff:192.0.2.1").isIpv4Mapped());
    }

    @Test
    void unspecifiedIsZeroOfEitherFamily() {
        assertTrue(IpAddress.of("0.0.0.0").isUnspecified());
        assertTrue(IpAddress.of("::").isUnspecified());
        assertFalse(IpAddress.of("::ffff:0.0.0.0").isUnspecified());
        assertFalse(IpAddress.of("0.0.0.1").isUnspecified());
    }

    @Test
    void orderIsByFamilyAndNumber() {
        List<String> ascending = List.of("0.0.0.0", "10.0.0.1", "127.255.255.255", "128.0.0.0", "255.255.255.255", "::",
            "::1",
            "::ffff:0.0.0.0", "0:0:0:1::", "7fff::", "8000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        List<String> shuffled = new ArrayList<>(ascending);
        Collections.shuffle(shuffled, random);
        assertEquals(ascending, shuffled.stream().map(IpAddress::of).sorted().map(IpAddress::toString).toList());
    }

    @Test
    void equalAddressesAreOneInASet() {
        Set<IpAddress> set = new HashSet<>();
        for (String text : List.of("10.0.0.1", "::1", "0:0::1", "::a00:1", "::ffff:10.0.0.1", "10.0.0.1")) {
            set.add(IpAddress.of(text));
        }
        assertEquals(4, set.size());
    }

    @Test
    void plusCountsAsNumbersDo() {
        for (int i = 0; i < ROUNDS; i++) {
            IpAddress address = random.nextBoolean() ? IpAddress.ofBytes(sparse()) : IpAddress.ipv4(random.nextInt());
            int count = random.nextInt(Integer.MAX_VALUE) >>> random.nextInt(31);
            BigInteger sum = new BigInteger(1, address.toBytes()).add(BigInteger.valueOf(count));
            BigInteger end = address.isIpv6() ? TWO_TO_128 : BigInteger.ONE.shiftLeft(32);
            if (sum.compareTo(end) < 0) {
                assertEquals(sum, new BigInteger(1, address.plus(count).toBytes()));
                assertEquals(address.isIpv6(), address.plus(count).isIpv6());
            } else {
                assertThrows(IllegalArgumentException.class, () -> address.plus(count));
            }
        }
        assertEquals("1:0:0:1::", IpAddress.of("1::ffff:ffff:ffff:ffff").plus(1).toString());
        assertThrows(IllegalArgumentException.class, () -> IpAddress.of("255.255.255.255").plus(1));
        assertThrows(IllegalArgumentException.class,
            () -> IpAddress.of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").plus(1));
        assertThrows(IllegalArgumentException.class, () -> IpAddress.of("10.0.0.1").plus(-1));
    }

    // -- generation --------------------------------------------------------------------------------------------------

    /** 16 bytes with runs of zeros, so that all forms of {@code ::} occur; some are IPv4-mapped. */
    private byte[] sparse() {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        for (int group = 0; group < 8; group++) {
            int kind = random.nextInt(4);
            bytes[2 * group] = kind < 3 ? 0 : bytes[2 * group];
            bytes[2 * group + 1] = kind < 2 ? 0 : bytes[2 * group + 1];
        }
        if (random.nextInt(10) == 0) {
            Arrays.fill(bytes, 0, 10, (byte) 0);
            Arrays.fill(bytes, 10, 12, (byte) 0xFF);
        }
        return bytes;
    }

    private String damaged(String text) {
        StringBuilder damaged = new StringBuilder(text);
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(damaged.length());
            char character = "0123456789abcdefABCDEF:.".charAt(random.nextInt(24));
            switch (random.nextInt(3)) {
                case 0 -> damaged.insert(at, character);
                case 1 -> damaged.setCharAt(at, character);
                default -> {
                    if (damaged.length() > 1) {
                        damaged.deleteCharAt(at);
                    }
                }
            }
        }
        return damaged.toString();
    }
}
