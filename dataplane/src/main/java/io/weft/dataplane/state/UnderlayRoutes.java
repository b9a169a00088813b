package io.weft.dataplane.state;

import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * The main routing table of the node's kernel, as far as Weft uses it; an immutable version, published in {@link ForwardingState}. It is
 * consulted once for each new flow to the outside. Routes through other devices are entries too, so that a shorter prefix does not take
 * their place.
 *
 * <p>Sorted by descending prefix length, then by base address: a lookup is one binary search for each prefix length that occurs.
 */
public final class UnderlayRoutes {
    /** {@link #lookup} result: no route matches, or one of type {@code throw} (Linux: network unreachable). */
    public static final long NO_ROUTE = -1;
    /** {@link #lookup} result: the route leads through a device other than the uplink, or its gateway has only an IPv6 address. */
    public static final long OTHER_DEVICE = -2;
    /** {@link #lookup} result: a route of type {@code blackhole} (Linux: silent drop). */
    public static final long BLACKHOLE = -3;
    /** {@link #lookup} result: a route of type {@code unreachable} (Linux: host unreachable). */
    public static final long UNREACHABLE = -4;
    /** {@link #lookup} result: a route of type {@code prohibit} (Linux: communication administratively prohibited). */
    public static final long PROHIBIT = -5;

    private static final long LOW_32 = 0xFFFF_FFFFL;

    /**
     * @param destination the destinations of the route
     * @param result one of the negative constants; or the next hop's address in the lower 32 bits with zeros above, 0 if the destination
     *     itself is on the link
     */
    public record Entry(IpPrefix destination, long result) {
        /**
         * A route through the uplink.
         *
         * @param gateway the next hop, 0 if the destination itself is on the link
         */
        public static Entry via(IpPrefix destination, int gateway) {
            return new Entry(destination, gateway & LOW_32);
        }
    }

    public static final UnderlayRoutes NONE = new UnderlayRoutes(List.of());

    private final int[] mask;
    private final int[] first;
    private final int[] base;
    private final long[] result;

    /** If two routes have the same prefix, the earlier one in the collection counts. */
    public UnderlayRoutes(Collection<Entry> entries) {
        List<Entry> sorted = entries.stream()
            .sorted(Comparator.comparingInt((Entry e) -> -e.destination().length())
                .thenComparingInt(e -> e.destination().base().toInt()))
            .toList();
        int[] lengths = sorted.stream().mapToInt(e -> e.destination().length()).distinct().toArray();
        mask = new int[lengths.length];
        first = new int[lengths.length + 1];
        base = new int[sorted.size()];
        result = new long[sorted.size()];
        int n = 0;
        for (int i = 0; i < lengths.length; i++) {
            mask[i] = Ipv4Address.mask(lengths[i]);
            first[i] = n;
            for (Entry entry : sorted) {
                boolean known = n > first[i] && base[n - 1] == entry.destination().base().toInt();
                if (entry.destination().length() == lengths[i] && !known) {
                    base[n] = entry.destination().base().toInt();
                    result[n++] = entry.result();
                }
            }
        }
        first[lengths.length] = n;
    }

    /**
     * @return the next hop's address (the destination itself if it is on the link) as an unsigned 32-bit number, or one of the negative
     *     constants
     */
    public long lookup(int destination) {
        for (int i = 0; i < mask.length; i++) {
            int at = find(destination & mask[i], first[i], first[i + 1]);
            if (at >= 0) { return result[at] == 0 ? destination & LOW_32 : result[at]; }
        }
        return NO_ROUTE;
    }

    /** Whether both consist of the same entries. */
    @Override
    public boolean equals(Object other) {
        return other instanceof UnderlayRoutes routes && Arrays.equals(mask, routes.mask)
            && Arrays.equals(first, routes.first) && Arrays.equals(base, routes.base)
            && Arrays.equals(result, routes.result);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(base) * 31 + Arrays.hashCode(result);
    }

    private int find(int prefix, int from, int to) {
        int low = from;
        int high = to - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (base[middle] == prefix) { return middle; }
            if (base[middle] < prefix) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }
}
