package io.weft.encap.address;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An IPv4 or IPv6 prefix such as 10.244.1.0/24 or fd00:10:244::/64.
 *
 * @param base its lowest address; host bits are zero
 * @param length 0 to 32 or 128
 */
public record IpPrefix(IpAddress base, int length) {
    /** One to three digits, without leading zeros. */
    private static final Pattern LENGTH = Pattern.compile("0|[1-9][0-9]{0,2}");

    public IpPrefix {
        if (length < 0 || length > base.bits()) {
            throw new IllegalArgumentException(
                "\"" + base + "/" + length + "\" is not a prefix: its length must be 0 to " + base.bits());
        }
        if (!base.first(length).equals(base)) {
            throw new IllegalArgumentException(
                "\"" + base + "/" + length + "\" is not a prefix: " + base + " has host bits");
        }
    }

    /** The prefix of this length that contains an address. */
    public static IpPrefix containing(IpAddress address, int length) {
        return new IpPrefix(length < 0 || length > address.bits() ? address : address.first(length), length);
    }

    /** The prefix of one address: /32 or /128. */
    public static IpPrefix single(IpAddress address) {
        return new IpPrefix(address, address.bits());
    }

    /** @return the prefix with any host bits cleared, or empty where {@link #of} refuses the text */
    public static Optional<IpPrefix> parse(String text) {
        try {
            return Optional.of(of(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * Parses {@code ADDRESS/LENGTH} and clears any host bits.
     *
     * @throws IllegalArgumentException with the text and the reason
     */
    public static IpPrefix of(String text) {
        int slash = text.indexOf('/');
        String length = text.substring(slash + 1);
        if (slash < 0 || !LENGTH.matcher(length).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is not a prefix: it must be ADDRESS/LENGTH");
        }
        return containing(IpAddress.of(text.substring(0, slash)), Integer.parseInt(length));
    }

    public boolean isIpv4() { return base.isIpv4(); }

    /** Number of bits of the host part. */
    public int hostBits() {
        return base.bits() - length;
    }

    /** Whether the address is in this prefix; false for an address of the other family. */
    public boolean contains(IpAddress address) {
        return base.sharesPrefix(address, length);
    }

    public boolean contains(IpPrefix other) {
        return other.length >= length && contains(other.base);
    }

    public boolean overlaps(IpPrefix other) {
        return contains(other) || other.contains(this);
    }

    /** The highest address. */
    public IpAddress last() {
        return base.last(length);
    }

    @Override
    public String toString() {
        return base + "/" + length;
    }
}
