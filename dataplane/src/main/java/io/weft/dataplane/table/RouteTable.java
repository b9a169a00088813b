package io.weft.dataplane.table;

import io.weft.dataplane.forwarding.Route;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.table.TableArena;
import java.util.HashMap;
import java.util.Map;

/**
 * The writer's side of the routes: one map for all prefix lengths, and a word that says which lengths occur, so that a reader looks up only
 * those. A cluster has four to six.
 */
final class RouteTable {
    private static final int EXPECTED_ROUTES = 64;
    private static final long STATIC_RANK = 8;

    private final TablesFile file;
    private final ClaimedMap routes;
    private final Map<Integer, Integer> countByLength = new HashMap<>();

    RouteTable(TablesFile file, TableArena arena) {
        this.file = file;
        routes = new ClaimedMap(arena, file.rootAt(TablesFile.Root.ROUTES) - file.address(), EXPECTED_ROUTES,
            RouteTable::rank);
    }

    static long key(int base, int length) {
        return (long) length << 32 | base & 0xFFFF_FFFFL;
    }

    /** Replaces the routes of one object. Routes that are in both sets are never absent meanwhile. */
    void replace(Map<IpPrefix, Long> before, Map<IpPrefix, Long> after) {
        after.forEach((prefix, route) -> {
            if (!route.equals(before.get(prefix))) {
                put(prefix, route);
            }
        });
        before.forEach((prefix, route) -> {
            if (!route.equals(after.get(prefix))) {
                remove(prefix, route);
            }
        });
    }

    private void put(IpPrefix prefix, long route) {
        if (routes.claim(key(prefix.base().toInt(), prefix.length()), route)) {
            count(prefix.length(), 1);
        }
        file.logChange(prefix.base().toInt(), prefix.length());
    }

    private void remove(IpPrefix prefix, long route) {
        if (routes.release(key(prefix.base().toInt(), prefix.length()), route)) {
            count(prefix.length(), -1);
        }
        file.logChange(prefix.base().toInt(), prefix.length());
    }

    private void count(int length, int change) {
        int count = countByLength.merge(length, change, Integer::sum);
        if (count == 0 || count == change) {
            long bit = 1L << length;
            file.routeLengths(count == 0 ? file.routeLengths() & ~bit : file.routeLengths() | bit);
        }
    }

    /** Order of precedence: the node's own addresses, then those of its pods, then its prefixes, then the routes of peers, static ones last. */
    private static long rank(long route) {
        long byKind = switch (Route.kind(route)) {
            case Route.LOCAL_NODE -> 0;
            case Route.GATEWAY -> 1;
            case Route.LOCAL_PORT -> 2;
            case Route.NO_SUCH_POD -> 3;
            case Route.SERVICE -> 4;
            case Route.NO_SUCH_NODE -> 5;
            case Route.PEER -> 6;
            default -> 7;
        };
        return (Route.isOfOperator(route) ? STATIC_RANK + Route.kind(route) : byKind) << 32
            | Route.index(route) & 0xFFFF_FFFFL;
    }
}
