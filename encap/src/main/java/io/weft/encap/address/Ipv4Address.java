package io.weft.encap.address;

/**
 * IPv4 addresses as the hot path and the tables hold them: an {@code int} with the numeric value (10.0.0.1 = 0x0A000001), not the bytes in
 * memory order. Cold code uses {@link IpAddress}. Only {@link #of} and {@link #format} allocate.
 */
public final class Ipv4Address {
    public static final int ANY = 0;
    public static final int BROADCAST = 0xFFFF_FFFF;

    private static final int THIS_NETWORK = 0;
    private static final int LOOPBACK = 127;
    private static final int MULTICAST = 0xE;
    private static final int LAST_UNICAST = 223;

    private Ipv4Address() {
    }

    /** @throws IllegalArgumentException if {@code text} is not an IPv4 address */
    public static int of(String text) {
        return IpAddress.of(text).toInt();
    }

    public static String format(int address) {
        return (address >>> 24) + "." + (address >>> 16 & 0xFF) + "." + (address >>> 8 & 0xFF) + "." + (address & 0xFF);
    }

    /** 127/8. */
    public static boolean isLoopback(int address) {
        return address >>> 24 == LOOPBACK;
    }

    /** 224/4. */
    public static boolean isMulticast(int address) {
        return address >>> 28 == MULTICAST;
    }

    /** 0/8, "this network". */
    public static boolean isThisNetwork(int address) {
        return address >>> 24 == THIS_NETWORK;
    }

    /** 169.254/16. */
    public static boolean isLinkLocal(int address) {
        return address >>> 16 == 0xA9FE;
    }

    /**
     * Whether the address cannot be a host's, so that a router must not forward packets from it or to it: 0/8, 127/8, 224/4 and
     * 255.255.255.255 (RFC 1812 section 5.3.7). As in Linux, the rest of 240/4 is ordinary, because some clusters use it for pods.
     */
    public static boolean isMartian(int address) {
        int network = address >>> 24;
        boolean unicast = Integer.compareUnsigned(network - 1, LAST_UNICAST) < 0; // 1 to 223; nearly all addresses take two branches
        return unicast ? network == LOOPBACK : network == THIS_NETWORK || isMulticast(address) || address == BROADCAST;
    }

    /** Whether {@code address} is in {@code network}/{@code prefixLength}; the prefix length is 0 to 32. */
    public static boolean isInside(int address, int network, int prefixLength) {
        return ((address ^ network) & mask(prefixLength)) == 0;
    }

    /** Netmask of a prefix length 0 to 32. */
    public static int mask(int prefixLength) {
        return (int) (0xFFFF_FFFF_0000_0000L >>> prefixLength);
    }
}
