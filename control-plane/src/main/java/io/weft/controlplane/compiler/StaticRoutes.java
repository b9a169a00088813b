package io.weft.controlplane.compiler;

import io.weft.controlplane.operator.RouteTarget;
import io.weft.controlplane.operator.WriteTarget.Assessment;
import io.weft.controlplane.operator.WriteTarget.Effect;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.StaticRoute;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The operators' static routes. One that contradicts the cluster is not used: pods, Services and nodes keep their addresses. A change of the
 * routes, of this node or of its peers evaluates all of them. One thread.
 */
final class StaticRoutes {
    private static final IpPrefix MULTICAST_AND_ABOVE = IpPrefix.of("224.0.0.0/3");
    private static final IpPrefix LOOPBACK = IpPrefix.of("127.0.0.0/8");

    /** A route, or why it is not used. */
    private record Verdict(Optional<StaticRoute> route, String problem) {
        static Verdict unused(String problem) {
            return new Verdict(Optional.empty(), problem);
        }
    }

    private final PeerTable peers;
    private Map<IpPrefix, RouteTarget> wanted = Map.of();
    private Map<IpPrefix, Verdict> verdicts = Map.of();
    private final Map<IpPrefix, StaticRoute> written = new HashMap<>();
    private LocalNode own;
    private boolean stale;

    StaticRoutes(PeerTable peers) {
        this.peers = peers;
    }

    /** In force with the next {@link #flush}. */
    void use(Map<IpPrefix, RouteTarget> routes) {
        wanted = Map.copyOf(routes);
        stale = true;
    }

    void setOwn(LocalNode node) {
        own = node;
        stale = true;
    }

    /**
     * Passes on the differences.
     *
     * @param peersChanged since the last call
     */
    void flush(TableSink sink, boolean peersChanged) {
        if (!stale && !(peersChanged && !wanted.isEmpty())) { return; }
        stale = false;
        verdicts = judge(wanted);
        written.keySet().removeIf(prefix -> {
            boolean gone = Optional.ofNullable(verdicts.get(prefix)).flatMap(Verdict::route).isEmpty();
            if (gone) {
                sink.removeStaticRoute(prefix);
            }
            return gone;
        });
        verdicts.values().forEach(verdict -> verdict.route().ifPresent(route -> {
            if (!route.equals(written.put(route.prefix(), route))) {
                sink.putStaticRoute(route);
            }
        }));
    }

    /** Why a route is not used; empty if it is. */
    String problem(IpPrefix prefix) {
        return Optional.ofNullable(verdicts.get(prefix)).map(Verdict::problem).orElse("it is not in the tables yet");
    }

    /** What other routes would change. */
    Assessment assess(Map<IpPrefix, RouteTarget> next) {
        List<Effect> effects = new ArrayList<>();
        List<String> objections = new ArrayList<>();
        judge(next).forEach((prefix, verdict) -> {
            if (!next.get(prefix).equals(wanted.get(prefix))) {
                effects.add(new Effect(prefix.toString(), text(wanted.get(prefix)), text(next.get(prefix))));
                if (!verdict.problem().isEmpty()) {
                    objections.add("route " + prefix + ": " + verdict.problem());
                }
            }
        });
        wanted.forEach((prefix, target) -> {
            if (!next.containsKey(prefix)) {
                effects.add(new Effect(prefix.toString(), text(target), ""));
            }
        });
        return new Assessment(effects, objections);
    }

    private static String text(RouteTarget target) {
        return Objects.toString(target, "");
    }

    private Map<IpPrefix, Verdict> judge(Map<IpPrefix, RouteTarget> routes) {
        Map<IpPrefix, String> ofPeers = routes.isEmpty() ? Map.of() : peers.prefixes();
        Map<IpPrefix, Verdict> all = new HashMap<>();
        routes.forEach((prefix, target) -> all.put(prefix, judge(prefix, target, ofPeers)));
        return all;
    }

    private Verdict judge(IpPrefix prefix, RouteTarget target, Map<IpPrefix, String> ofPeers) {
        if (own == null) { return Verdict.unused("this node's podCIDR is not known yet"); }
        if (LOOPBACK.contains(prefix) || MULTICAST_AND_ABOVE.contains(prefix)) {
            return Verdict.unused("such addresses are never routed");
        }
        Optional<IpPrefix> range = clusterRanges().filter(each -> each.contains(prefix)).findFirst();
        if (range.isPresent()) {
            return Verdict.unused("it is inside " + range.get() + ", which belongs to the cluster");
        }
        String owner = prefix.equals(IpPrefix.single(own.address())) ? own.name() : ofPeers.get(prefix);
        if (owner != null) { return Verdict.unused("it belongs to node " + owner); }
        return switch (target.type()) {
            case VIA -> via(prefix, IpAddress.of(target.target()));
            case NODE -> toNode(prefix, target.target());
            case BLACKHOLE -> nowhere(prefix, StaticRoute.Kind.BLACKHOLE);
            case UNREACHABLE -> nowhere(prefix, StaticRoute.Kind.UNREACHABLE);
            case PROHIBIT -> nowhere(prefix, StaticRoute.Kind.PROHIBIT);
        };
    }

    private Stream<IpPrefix> clusterRanges() {
        return Stream.concat(Stream.of(own.podCidr(), own.clusterCidr()), own.serviceCidrs().stream());
    }

    private Verdict via(IpPrefix prefix, IpAddress router) {
        boolean wrong = router.equals(own.address()) || LOOPBACK.contains(router)
            || MULTICAST_AND_ABOVE.contains(router) || clusterRanges().anyMatch(range -> range.contains(router));
        return wrong
            ? Verdict.unused(router + " is no router on the underlay")
            : new Verdict(Optional.of(StaticRoute.via(prefix, router)), "");
    }

    private Verdict toNode(IpPrefix prefix, String node) {
        return peers.find(node).map(PeerSpec::tunnel)
            .map(tunnel -> new Verdict(Optional.of(StaticRoute.toNode(prefix, tunnel)), ""))
            .orElseGet(() -> Verdict.unused("this node has no tunnel to a node " + node));
    }

    private static Verdict nowhere(IpPrefix prefix, StaticRoute.Kind kind) {
        return new Verdict(Optional.of(new StaticRoute(prefix, kind, 0)), "");
    }
}
