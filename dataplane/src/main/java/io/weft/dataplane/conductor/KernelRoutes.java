package io.weft.dataplane.conductor;

import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.nativebindings.netlink.NextHop;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The kernel's main routing table, in the form in which workers look up destinations outside the cluster.
 *
 * @param gateways next hops of the routes through the uplink, numeric
 */
public record KernelRoutes(UnderlayRoutes routes, List<Integer> gateways) {
    /**
     * Dumps the main table. Changes nothing. Cold code.
     *
     * @param uplink the uplink's interface index
     */
    public static KernelRoutes read(Rtnetlink rtnetlink, int uplink) {
        List<Route> all = new ArrayList<>(rtnetlink.routes(Route.RT_TABLE_MAIN));
        all.sort(Comparator.comparingInt(Route::metric));
        List<UnderlayRoutes.Entry> entries = new ArrayList<>();
        Set<Integer> routers = new HashSet<>();
        for (Route route : all) {
            if (isDead(route)) {
                continue;
            }
            UnderlayRoutes.Entry entry = entryOf(route, uplink);
            entries.add(entry);
            if (entry.result() > 0) {
                routers.add((int) entry.result());
            }
        }
        return new KernelRoutes(new UnderlayRoutes(entries), List.copyOf(routers));
    }

    /** Linux ignores a route whose devices are all down: a shorter prefix or a higher metric takes its place. */
    private static boolean isDead(Route route) {
        return route.type() == Route.RTN_UNICAST && route.nextHops().stream().noneMatch(NextHop::isUsable);
    }

    /** For a multipath route, the first usable next hop through the uplink. */
    private static UnderlayRoutes.Entry entryOf(Route route, int uplink) {
        IpPrefix destination = IpPrefix.containing(IpAddress.ipv4(route.destination()), route.prefixLength());
        return switch (route.type()) {
            case Route.RTN_UNICAST -> route.nextHops().stream()
                .filter(hop -> hop.ifindex() == uplink && hop.isUsable() && !hop.inet6Gateway())
                .map(hop -> UnderlayRoutes.Entry.via(destination, hop.gateway()))
                .findFirst().orElse(new UnderlayRoutes.Entry(destination, UnderlayRoutes.OTHER_DEVICE));
            case Route.RTN_BLACKHOLE -> new UnderlayRoutes.Entry(destination, UnderlayRoutes.BLACKHOLE);
            case Route.RTN_UNREACHABLE -> new UnderlayRoutes.Entry(destination, UnderlayRoutes.UNREACHABLE);
            case Route.RTN_PROHIBIT -> new UnderlayRoutes.Entry(destination, UnderlayRoutes.PROHIBIT);
            case Route.RTN_THROW -> new UnderlayRoutes.Entry(destination, UnderlayRoutes.NO_ROUTE);
            default -> new UnderlayRoutes.Entry(destination, UnderlayRoutes.OTHER_DEVICE); // local, broadcast: handled by the node
        };
    }
}
