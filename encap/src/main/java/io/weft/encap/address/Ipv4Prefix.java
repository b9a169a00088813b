package io.weft.encap.address;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * An IPv4 prefix such as 10.244.1.0/24.
 *
 * @param base lowest address, host-numeric; host bits are zero
 * @param length 0 to 32
 */
public record Ipv4Prefix(int base, int length) {
    private static final int BITS = 32;

    public Ipv4Prefix {
        if (length < 0 || length > BITS || (base & ~mask(length)) != 0) {
            throw new IllegalArgumentException("not a prefix: " + Ipv4Address.format(base) + "/" + length);
        }
    }

    /** @return the prefix of {@code ADDRESS/LENGTH} with any host bits cleared, or empty when it is not one */
    public static Optional<Ipv4Prefix> parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) { return Optional.empty(); }
        OptionalInt address = Ipv4Address.parse(text.substring(0, slash));
        String digits = text.substring(slash + 1);
        if (address.isEmpty() || !digits.matches("[0-9]{1,2}") || Integer.parseInt(digits) > BITS) {
            return Optional.empty();
        }
        int length = Integer.parseInt(digits);
        return Optional.of(new Ipv4Prefix(address.getAsInt() & mask(length), length));
    }

    /** @throws IllegalArgumentException when {@code text} is no IPv4 prefix */
    public static Ipv4Prefix of(String text) {
        return parse(text).orElseThrow(() -> new IllegalArgumentException("not an IPv4 prefix: " + text));
    }

    public static int mask(int length) {
        return length == 0 ? 0 : -1 << (BITS - length);
    }

    public boolean contains(int address) {
        return (address & mask(length)) == base;
    }

    public boolean contains(Ipv4Prefix other) {
        return other.length >= length && contains(other.base);
    }

    public boolean overlaps(Ipv4Prefix other) {
        return contains(other) || other.contains(this);
    }

    /** Highest address of the prefix. */
    public int last() {
        return base | ~mask(length);
    }

    @Override
    public String toString() {
        return Ipv4Address.format(base) + "/" + length;
    }
}
