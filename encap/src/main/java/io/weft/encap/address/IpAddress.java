package io.weft.encap.address;

import java.util.Optional;

/**
 * An IPv4 or IPv6 address, for cold code. Immutable. Tables and packets hold IPv4 addresses as ints: {@link #toInt}, {@link Ipv4Address}.
 *
 * <p>An IPv4-mapped IPv6 address ({@code ::ffff:192.0.2.1}, RFC 4291 section 2.5.5.2) is an IPv6 address and does not equal any IPv4
 * address. Zones are not supported.
 */
public final class IpAddress implements Comparable<IpAddress> {
    static final int IPV4_BITS = 32;
    static final int IPV6_BITS = 128;
    /** An IPv4 address is stored in its mapped form, so that masks and order are computed in the same way for both families. */
    private static final long MAPPED = 0xFFFFL << IPV4_BITS;
    private static final int IPV4_BYTES = 4;
    private static final int IPV6_BYTES = 16;
    private static final int GROUPS = 8;

    private final boolean ipv6;
    private final long high;
    private final long low;

    private IpAddress(boolean ipv6, long high, long low) {
        this.ipv6 = ipv6;
        this.high = high;
        this.low = low;
    }

    /** @param address host-numeric: 10.0.0.1 is 0x0A000001 */
    public static IpAddress ipv4(int address) {
        return new IpAddress(false, 0, MAPPED | Integer.toUnsignedLong(address));
    }

    /**
     * @param high the first 64 bits
     * @param low the last 64 bits
     */
    public static IpAddress ipv6(long high, long low) {
        return new IpAddress(true, high, low);
    }

    /**
     * @param bytes 4 or 16, in network byte order
     * @throws IllegalArgumentException if there are neither 4 nor 16 bytes
     */
    public static IpAddress ofBytes(byte[] bytes) {
        return switch (bytes.length) {
            case IPV4_BYTES -> ipv4((int) number(bytes, 0, IPV4_BYTES));
            case IPV6_BYTES -> ipv6(number(bytes, 0, Long.BYTES), number(bytes, Long.BYTES, Long.BYTES));
            default ->
                throw new IllegalArgumentException(bytes.length + " bytes are not an IP address: it has 4 or 16");
        };
    }

    /** @return the address, or empty where {@link #of} refuses the text */
    public static Optional<IpAddress> parse(String text) {
        try {
            return Optional.of(of(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * Parses four decimal octets without leading zeros, or a text form of RFC 4291 section 2.2 without a zone. Kubernetes accepts the same.
     *
     * @throws IllegalArgumentException with the text and the reason
     */
    public static IpAddress of(String text) {
        return new AddressParser(text).address();
    }

    public boolean isIpv4() { return !ipv6; }

    public boolean isIpv6() { return ipv6; }

    /** ::ffff:0:0/96. */
    public boolean isIpv4Mapped() { return ipv6 && high == 0 && low >>> IPV4_BITS == 0xFFFF; }

    /** 0.0.0.0 or ::. */
    public boolean isUnspecified() { return high == 0 && low == (ipv6 ? 0 : MAPPED); }

    /** 32 or 128. */
    public int bits() {
        return ipv6 ? IPV6_BITS : IPV4_BITS;
    }

    /**
     * The address as a number, as in tables, packets and rtnetlink's calls.
     *
     * @throws AddressFamilyException if it is an IPv6 address
     */
    public int toInt() {
        if (ipv6) { throw new AddressFamilyException(this); }
        return (int) low;
    }

    /** 4 or 16, in network byte order. */
    public byte[] toBytes() {
        byte[] bytes = new byte[bits() / Byte.SIZE];
        for (int i = 0; i < bytes.length; i++) {
            int shift = bits() - Byte.SIZE * (i + 1);
            bytes[i] = (byte) (shift < Long.SIZE ? low >>> shift : high >>> shift - Long.SIZE);
        }
        return bytes;
    }

    /**
     * The address {@code count} after this one.
     *
     * @param count not negative
     * @throws IllegalArgumentException if that is past the last address of the family
     */
    public IpAddress plus(int count) {
        long sum = low + count;
        long carry = Long.compareUnsigned(sum, low) < 0 ? 1 : 0;
        boolean isBeyond = ipv6 ? carry == 1 && high == -1 : sum >>> IPV4_BITS != MAPPED >>> IPV4_BITS;
        if (count < 0 || isBeyond) { throw new IllegalArgumentException("no address is " + count + " after " + this); }
        return new IpAddress(ipv6, high + carry, sum);
    }

    /** The first address of the prefix of this length that contains the address: its host part is zero. */
    IpAddress first(int prefixLength) {
        return new IpAddress(ipv6, high & highMask(prefixLength), low & lowMask(prefixLength));
    }

    /** The last address of the prefix of this length that contains the address. */
    IpAddress last(int prefixLength) {
        return new IpAddress(ipv6, high | ~highMask(prefixLength), low | ~lowMask(prefixLength));
    }

    /** Whether the first {@code prefixLength} bits of both are the same; they must be of one family. */
    boolean sharesPrefix(IpAddress other, int prefixLength) {
        return ipv6 == other.ipv6 && ((high ^ other.high) & highMask(prefixLength)) == 0
            && ((low ^ other.low) & lowMask(prefixLength)) == 0;
    }

    private long highMask(int prefixLength) {
        int ones = Math.min(Long.SIZE, IPV6_BITS - bits() + prefixLength);
        return ones == 0 ? 0 : -1L << Long.SIZE - ones;
    }

    private long lowMask(int prefixLength) {
        int ones = IPV6_BITS - bits() + prefixLength - Long.SIZE;
        return ones <= 0 ? 0 : -1L << Long.SIZE - ones;
    }

    /** IPv4 before IPv6, then by number. */
    @Override
    public int compareTo(IpAddress other) {
        int byFamily = Boolean.compare(ipv6, other.ipv6);
        int byHigh = byFamily != 0 ? byFamily : Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    @Override
    public boolean equals(Object object) {
        return object instanceof IpAddress other && ipv6 == other.ipv6 && high == other.high && low == other.low;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(31 * high + low);
    }

    /** The canonical text (RFC 5952). An IPv4-mapped address ends in the dotted form. */
    @Override
    public String toString() {
        if (!ipv6) { return Ipv4Address.format((int) low); }
        return isIpv4Mapped() ? "::ffff:" + Ipv4Address.format((int) low) : groups();
    }

    private String groups() {
        int gap = longestZeros();
        int zeros = zerosAt(gap);
        return zeros < 2 ? groups(0, GROUPS) : groups(0, gap) + "::" + groups(gap + zeros, GROUPS);
    }

    private String groups(int from, int to) {
        StringBuilder text = new StringBuilder(40);
        for (int i = from; i < to; i++) {
            text.append(i == from ? "" : ":").append(Integer.toHexString(group(i)));
        }
        return text.toString();
    }

    /** Start of the longest run of zero groups; the first run if several are longest (RFC 5952 section 4.2.3). */
    private int longestZeros() {
        int best = 0;
        for (int i = 1; i < GROUPS; i++) {
            best = zerosAt(i) > zerosAt(best) ? i : best;
        }
        return best;
    }

    private int zerosAt(int from) {
        int i = from;
        while (i < GROUPS && group(i) == 0) {
            i++;
        }
        return i - from;
    }

    private int group(int index) {
        return (int) ((index < 4 ? high : low) >>> Short.SIZE * (3 - index % 4)) & 0xFFFF;
    }

    private static long number(byte[] bytes, int from, int length) {
        long number = 0;
        for (int i = from; i < from + length; i++) {
            number = number << Byte.SIZE | bytes[i] & 0xFF;
        }
        return number;
    }
}
