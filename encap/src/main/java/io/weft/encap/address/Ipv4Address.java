package io.weft.encap.address;

import java.util.OptionalInt;

/** Text form of IPv4 addresses held as host-numeric ints (10.0.0.1 is 0x0A000001). Cold code: allocates. */
public final class Ipv4Address {
    private static final int OCTETS = 4;

    private Ipv4Address() {
    }

    /** @return the address, or empty unless {@code text} is four decimal octets without leading zeros */
    public static OptionalInt parse(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != OCTETS) { return OptionalInt.empty(); }
        int address = 0;
        for (String part : parts) {
            int octet = octet(part);
            if (octet < 0) { return OptionalInt.empty(); }
            address = address << 8 | octet;
        }
        return OptionalInt.of(address);
    }

    /** @throws IllegalArgumentException when {@code text} is no IPv4 address */
    public static int of(String text) {
        return parse(text).orElseThrow(() -> new IllegalArgumentException("not an IPv4 address: " + text));
    }

    public static String format(int address) {
        return (address >>> 24) + "." + (address >>> 16 & 0xFF) + "." + (address >>> 8 & 0xFF) + "." + (address & 0xFF);
    }

    private static int octet(String part) {
        if (part.isEmpty() || part.length() > 3 || part.length() > 1 && part.charAt(0) == '0') { return -1; }
        int value = 0;
        for (int i = 0; i < part.length(); i++) {
            char digit = part.charAt(i);
            if (digit < '0' || digit > '9') { return -1; }
            value = value * 10 + (digit - '0');
        }
        return value <= 0xFF ? value : -1;
    }
}
