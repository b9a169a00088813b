package io.weft.encap.address;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {
    @Test
    void ipv4TextAndNumberAgree() {
        assertEquals(0x0AF40101, Ipv4Address.of("10.244.1.1"));
        assertEquals("255.0.10.1", Ipv4Address.format(0xFF000A01));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.-4", "a.b.c.d", "1.2.3.4 ",
        "fd00::1"})
    void refusesWhatIsNoIpv4Address(String text) {
        assertTrue(Ipv4Address.parse(text).isEmpty());
    }

    @Test
    void prefixClearsHostBitsAndKnowsItsRange() {
        Ipv4Prefix prefix = Ipv4Prefix.of("10.244.1.7/26");
        assertEquals("10.244.1.0/26", prefix.toString());
        assertEquals("10.244.1.63", Ipv4Address.format(prefix.last()));
        assertTrue(prefix.contains(Ipv4Address.of("10.244.1.63")));
        assertFalse(prefix.contains(Ipv4Address.of("10.244.1.64")));
    }

    @Test
    void prefixesOverlapWhenOneHoldsTheOther() {
        Ipv4Prefix wide = Ipv4Prefix.of("10.244.0.0/16");
        assertTrue(wide.overlaps(Ipv4Prefix.of("10.244.3.0/24")));
        assertTrue(Ipv4Prefix.of("10.244.3.0/24").overlaps(wide));
        assertFalse(wide.overlaps(Ipv4Prefix.of("10.245.0.0/16")));
        assertTrue(Ipv4Prefix.of("0.0.0.0/0").contains(wide));
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "10.0.0.0/-1", "fd00::/64"})
    void refusesWhatIsNoPrefix(String text) {
        assertTrue(Ipv4Prefix.parse(text).isEmpty());
    }

    @Test
    void macTextAndNumberAgree() {
        assertEquals(0x02000A0B0C0DL, MacAddress.of("02:00:0a:0B:0c:0d"));
        assertEquals("02:00:0a:0b:0c:0d", MacAddress.format(0x02000A0B0C0DL));
        assertTrue(MacAddress.parse("02:00:0a:0b:0c").isEmpty());
    }

    @Test
    void madeAddressesAreUnicastAndLocallyAdministered() {
        assertEquals("fe:ff:ff:ff:ff:ff", MacAddress.format(MacAddress.locallyAdministered(-1)));
        assertEquals("02:00:00:00:00:00", MacAddress.format(MacAddress.locallyAdministered(0)));
    }
}
