package io.weft.dataplane.table;

import io.weft.dataplane.forwarding.Route;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;

/**
 * A route that an operator has set. Where a prefix is the cluster's own, too, the cluster's route counts.
 *
 * @param target the router's IPv4 address as an int, or the node's {@link PeerSpec#tunnel}; 0 for the other kinds
 */
public record StaticRoute(IpPrefix prefix, Kind kind, int target) {
    /** Where its packets go. */
    public enum Kind {
        /** To a router on the underlay, and masqueraded like all packets to the outside. */
        VIA(Route.VIA),
        /** Through the tunnel to another node, which may also send from these addresses. */
        NODE(Route.PEER),
        /** Nowhere: dropped without an answer. */
        BLACKHOLE(Route.BLACKHOLE),
        /** Nowhere: answered by host unreachable. */
        UNREACHABLE(Route.UNREACHABLE),
        /** Nowhere: answered by administratively prohibited. */
        PROHIBIT(Route.PROHIBIT);

        private final int route;

        Kind(int route) {
            this.route = route;
        }
    }

    /** Through a router. */
    public static StaticRoute via(IpPrefix prefix, IpAddress router) {
        return new StaticRoute(prefix, Kind.VIA, router.toInt());
    }

    /** Through the tunnel to a peer. */
    public static StaticRoute toNode(IpPrefix prefix, int tunnel) {
        return new StaticRoute(prefix, Kind.NODE, tunnel);
    }

    long route() {
        return Route.ofOperator(kind.route, target);
    }

    /** @return null if it is no operator's */
    static StaticRoute of(IpPrefix prefix, long route) {
        if (!Route.isOfOperator(route)) { return null; }
        for (Kind kind : Kind.values()) {
            if (kind.route == Route.kind(route)) { return new StaticRoute(prefix, kind, Route.index(route)); }
        }
        return null;
    }
}
