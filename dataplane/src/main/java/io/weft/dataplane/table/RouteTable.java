package io.weft.dataplane.table;

import io.weft.encap.address.Ipv4Prefix;
import io.weft.lb.table.PublishedMap;
import io.weft.lb.table.TableArena;
import java.util.HashMap;
import java.util.Map;

/**
 * The writer's side of the routes: one map over all prefix lengths, and a word that says which lengths there are, so that a reader asks
 * only for those. A cluster has four to six.
 */
final class RouteTable {
    private static final int EXPECTED_ROUTES = 64;

    private final TablesFile file;
    private final PublishedMap routes;
    private final Map<Integer, Integer> countByLength = new HashMap<>();

    RouteTable(TablesFile file, TableArena arena) {
        this.file = file;
        routes = new PublishedMap(arena, file.rootAt(TablesFile.Root.ROUTES) - file.address(), EXPECTED_ROUTES);
    }

    static long key(int base, int length) {
        return (long) length << 32 | base & 0xFFFF_FFFFL;
    }

    /** The routes of one object before and after a change; those it keeps are never absent meanwhile. */
    void replace(Map<Ipv4Prefix, Long> before, Map<Ipv4Prefix, Long> after) {
        after.forEach(this::put);
        before.forEach((prefix, route) -> {
            if (!after.containsKey(prefix)) {
                remove(prefix, route);
            }
        });
    }

    /** The local node's own prefixes win over whatever a peer claims. */
    private void put(Ipv4Prefix prefix, long route) {
        long key = key(prefix.base(), prefix.length());
        long before = routes.get(key);
        if (before != PublishedMap.MISSING && isRemote(route) && !isRemote(before)) { return; }
        routes.put(key, route);
        if (before == PublishedMap.MISSING) {
            count(prefix.length(), 1);
        }
    }

    /** Removes the route if it still is this one: the prefix may have been given to another meanwhile. */
    private void remove(Ipv4Prefix prefix, long route) {
        long key = key(prefix.base(), prefix.length());
        if (routes.get(key) == route) {
            routes.remove(key);
            count(prefix.length(), -1);
        }
    }

    private void count(int length, int change) {
        int count = countByLength.merge(length, change, Integer::sum);
        if (count == 0 || count == change) {
            long bit = 1L << length;
            file.routeLengths(count == 0 ? file.routeLengths() & ~bit : file.routeLengths() | bit);
        }
    }

    private static boolean isRemote(long route) {
        int kind = Route.kind(route);
        return kind == Route.PEER || kind == Route.PEER_NODE;
    }
}
