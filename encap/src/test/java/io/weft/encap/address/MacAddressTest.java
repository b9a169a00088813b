package io.weft.encap.address;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MacAddressTest {
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
