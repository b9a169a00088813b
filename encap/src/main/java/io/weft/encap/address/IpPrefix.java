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
    /** Of up to three digits, without leading zeros. */
    private static final Pattern LENGTH = Pattern.compile("0|[1-9][0-9]{0,2}");

    public IpPrefix {
        if (length < 0 || length > base.bits()) {
            throw new IllegalArgumentException(
                "\"" + base + "/" + length + "\" is no prefix: its length must be 0 to " + base.bits());
        }
        if (!base.first(length).equals(base)) {
            throw new IllegalArgumentException(
                "\"" + base + "/" + length + "\" is no prefix: " + base + " has host bits");
        }
    }

    /** The prefix of this length that an address is in. */
    public static IpPrefix containing(IpAddress address, int length) {
        return new IpPrefix(length < 0 || length > address.bits() ? address : address.first(length), length);
    }

    /** Of one address: /32 or /128. */
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
     * The prefix of {@code ADDRESS/LENGTH}, with any host bits cleared.
     *
     * @throws IllegalArgumentException that says what is wrong with the text
     */
    public static IpPrefix of(String text) {
        int slash = text.indexOf('/');
        String length = text.substring(slash + 1);
        if (slash < 0 || !LENGTH.matcher(length).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is no prefix: it must be ADDRESS/LENGTH");
        }
        return containing(IpAddress.of(text.substring(0, slash)), Integer.parseInt(length));
    }

    public boolean isIpv4() { return base.isIpv4(); }

    /** Of the host part: how many bits tell the addresses of the prefix apart. */
    public int hostBits() {
        return base.bits() - length;
    }

    /** False for an address of the other family. */
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
