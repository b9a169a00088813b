package io.weft.dataplane.state;

import io.weft.encap.address.Ipv4Prefix;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * The kernel's routes through the uplink: an immutable version, published in {@link ForwardingState}. It is asked once for each new flow
 * to the outside.
 *
 * <p>Sorted by falling prefix length, then by base address: a lookup is one binary search for each prefix length that occurs.
 */
public final class UnderlayRoutes {
    /** There is no route. */
    public static final int UNREACHABLE = 0;
    /** Gateway of an entry whose route does not lead through the uplink: there is no way for Weft. */
    public static final int ELSEWHERE = -1;

    /**
     * @param destination whom the route is for
     * @param gateway the next hop, 0 when the destination itself is on the link, or {@link #ELSEWHERE}
     */
    public record Entry(Ipv4Prefix destination, int gateway) {
    }

    public static final UnderlayRoutes NONE = new UnderlayRoutes(List.of());

    private final int[] mask;
    private final int[] first;
    private final int[] base;
    private final int[] gateway;

    /** Of two routes to one prefix the earlier in the collection is kept. */
    public UnderlayRoutes(Collection<Entry> entries) {
        List<Entry> sorted = entries.stream()
            .sorted(Comparator.comparingInt((Entry e) -> -e.destination().length())
                .thenComparingInt(e -> e.destination().base()))
            .toList();
        int[] lengths = sorted.stream().mapToInt(e -> e.destination().length()).distinct().toArray();
        mask = new int[lengths.length];
        first = new int[lengths.length + 1];
        base = new int[sorted.size()];
        gateway = new int[sorted.size()];
        int n = 0;
        for (int i = 0; i < lengths.length; i++) {
            mask[i] = Ipv4Prefix.mask(lengths[i]);
            first[i] = n;
            for (Entry entry : sorted) {
                boolean known = n > first[i] && base[n - 1] == entry.destination().base();
                if (entry.destination().length() == lengths[i] && !known) {
                    base[n] = entry.destination().base();
                    gateway[n++] = entry.gateway();
                }
            }
        }
        first[lengths.length] = n;
    }

    /** @return the next hop's address (the destination itself when it is on the link), or {@link #UNREACHABLE} */
    public int nextHop(int destination) {
        for (int i = 0; i < mask.length; i++) {
            int at = find(destination & mask[i], first[i], first[i + 1]);
            if (at >= 0) { return gateway[at] == 0 ? destination : gateway[at]; }
        }
        return UNREACHABLE;
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
