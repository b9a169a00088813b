package io.weft.dataplane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class KernelPortsTest {
    @Test
    void consistOfTheLocalRangeAndReservedPorts() {
        assertEquals("32768-60999", ports("32768\t60999\n", "\n"));
        assertEquals("8080-8080,9000-9010,32768-60999", ports("32768 60999", "8080,9000-9010\n"));
        assertEquals("1-1,1024-65535", ports("1024 65535", "1,2000-2001,65535"));
    }

    private static String ports(String localRange, String reserved) {
        return PortRanges.of(KernelPorts.of(localRange, reserved)).toString();
    }
}
