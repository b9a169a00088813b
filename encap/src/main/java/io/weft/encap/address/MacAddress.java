package io.weft.encap.address;

import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/** Parses, formats and makes Ethernet addresses, which are the low 48 bits of a {@code long}. Cold code; allocates. */
public final class MacAddress {
    private static final int OCTETS = 6;
    private static final long LOCALLY_ADMINISTERED = 0x02L << 40;
    private static final long GROUP = 0x01L << 40;
    private static final long BITS = 0xFFFF_FFFF_FFFFL;

    private MacAddress() {
    }

    /** @return the address, or empty unless {@code text} is six two-digit hexadecimal octets separated by colons */
    public static OptionalLong parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length != OCTETS) { return OptionalLong.empty(); }
        long address = 0;
        for (String part : parts) {
            if (!part.matches("[0-9a-fA-F]{2}")) { return OptionalLong.empty(); }
            address = address << 8 | Integer.parseInt(part, 16);
        }
        return OptionalLong.of(address);
    }

    /** @throws IllegalArgumentException if {@code text} is not an Ethernet address */
    public static long of(String text) {
        return parse(text).orElseThrow(() -> new IllegalArgumentException(
            "\"" + text + "\" is not a MAC address: it must be six two-digit hexadecimal octets separated by colons"));
    }

    public static String format(long address) {
        StringBuilder text = new StringBuilder(3 * OCTETS);
        for (int shift = 40; shift >= 0; shift -= 8) {
            String octet = Integer.toHexString((int) (address >>> shift) & 0xFF);
            text.append(octet.length() == 1 ? "0" : "").append(octet).append(shift == 0 ? "" : ":");
        }
        return text.toString();
    }

    /** A unicast, locally administered address whose 46 free bits are the low ones of {@code seed}. */
    public static long locallyAdministered(long seed) {
        return seed & BITS & ~GROUP | LOCALLY_ADMINISTERED;
    }

    public static long random(RandomGenerator generator) {
        return locallyAdministered(generator.nextLong());
    }
}
