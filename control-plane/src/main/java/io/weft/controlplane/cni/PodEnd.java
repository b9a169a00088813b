package io.weft.controlplane.cni;

import io.weft.controlplane.ipam.Attachment;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.MacAddress;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.Rule;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The pod's end of a veth: address, routes and the gateway's neighbour entry. The calling thread is in the pod's namespace.
 *
 * <p>The first interface of a pod gets its routes in the main table, including the default route. If the main table already has a route to
 * one of these destinations, from another interface of Weft or of another plug-in, that route stays. This interface's routes then go into a
 * table of their own, and a rule sends packets there whose source is this interface's address (policy routing, ip-rule(8)). So replies
 * leave by the interface through which the request came, and a socket bound to the address sends through it; all other packets leave as
 * before. Nothing that existed is replaced. When the first interface is detached, a second one does not take its place.
 */
final class PodEnd {
    static final int RULE_PRIORITY = 1000;
    static final int FIRST_TABLE = 1000;
    private static final int HOST_PREFIX = 32;

    private PodEnd() {
    }

    /**
     * Adds the gateway to the pod's neighbours as if it had answered ARP, so that the pod's first packet does not wait for the answer.
     *
     * @return whether the routes are in the main table
     */
    static boolean setUp(Attachment attachment, PodRoutes routes, long gatewayMac) {
        try (Rtnetlink pod = Rtnetlink.open()) {
            int ifindex = pod.link(attachment.key().ifName()).orElseThrow().index();
            pod.addAddress(ifindex, attachment.podIp().toInt(), HOST_PREFIX, Route.RT_SCOPE_UNIVERSE);
            pod.setUp(ifindex);
            deleteRules(pod, attachment); // left by a former owner of the address whose DEL did not find the namespace
            int table = isFree(pod.routes(Route.RT_TABLE_MAIN), routes) ? Route.RT_TABLE_MAIN : freeTable(pod);
            routes.through(ifindex, attachment.mtu(), table).forEach(pod::addRoute);
            if (table != Route.RT_TABLE_MAIN) {
                pod.addRule(rule(attachment, table));
            }
            pod.learnNeighbour(ifindex, routes.gateway().toInt(), gatewayMac);
            return table == Route.RT_TABLE_MAIN;
        }
    }

    /** Whether the pod's other packets also leave by this interface. */
    static boolean hasMainRoutes(Attachment attachment, IpAddress gateway) {
        try (Rtnetlink pod = Rtnetlink.open()) {
            return pod.link(attachment.key().ifName())
                .map(link -> hasDefaultRoute(pod, Route.RT_TABLE_MAIN, link.index(), gateway))
                .orElse(false);
        }
    }

    /** Deletes the interface, unless another device has its name by now, and the rule. */
    static void remove(Attachment attachment) {
        try (Rtnetlink pod = Rtnetlink.open()) {
            pod.link(attachment.key().ifName())
                .filter(link -> isOf(attachment, link))
                .ifPresent(link -> pod.deleteLink(link.index()));
            deleteRules(pod, attachment);
        }
    }

    /** @return what differs from what {@link #setUp} created, or empty */
    static Optional<String> difference(Attachment attachment, IpAddress gateway) {
        String name = attachment.key().ifName();
        try (Rtnetlink pod = Rtnetlink.open()) {
            Optional<Link> link = pod.link(name);
            if (link.isEmpty()) { return Optional.of("device " + name + " is gone from the pod"); }
            if (!link.get().isUp()) { return Optional.of("device " + name + " of the pod is down"); }
            if (!isOf(attachment, link.get())) {
                return Optional.of("device " + name + " has address " + MacAddress.format(link.get().mac()) + ", not "
                    + MacAddress.format(attachment.podMac()));
            }
            int ifindex = link.get().index();
            if (!hasAddress(pod, ifindex, attachment.podIp())) {
                return Optional.of("device " + name + " has lost " + attachment.podIp());
            }
            return tables(pod, attachment).anyMatch(table -> hasDefaultRoute(pod, table, ifindex, gateway))
                ? Optional.empty()
                : Optional.of("the pod has no default route through " + gateway);
        }
    }

    private static boolean isOf(Attachment attachment, Link link) {
        return link.kind().equals("veth") && link.mac() == attachment.podMac();
    }

    private static boolean hasAddress(Rtnetlink pod, int ifindex, IpAddress ip) {
        return pod.addresses(ifindex).stream().anyMatch(address -> address.ip() == ip.toInt());
    }

    /** The main table, and those to which rules send packets from the attachment's address. */
    private static IntStream tables(Rtnetlink pod, Attachment attachment) {
        return IntStream.concat(IntStream.of(Route.RT_TABLE_MAIN), rules(pod, attachment).mapToInt(Rule::table));
    }

    private static boolean hasDefaultRoute(Rtnetlink pod, int table, int ifindex, IpAddress gateway) {
        return pod.routes(table).stream().anyMatch(route -> route.prefixLength() == 0
            && route.gateway() == gateway.toInt() && route.ifindex() == ifindex);
    }

    /** Ignores the metric: of two routes to one destination one would override the other. */
    private static boolean isFree(List<Route> main, PodRoutes routes) {
        return routes.through(0, 0, Route.RT_TABLE_MAIN).stream().noneMatch(wanted -> main.stream().anyMatch(
            route -> route.destination() == wanted.destination()
                && route.prefixLength() == wanted.prefixLength()));
    }

    private static int freeTable(Rtnetlink pod) {
        Set<Integer> used = Stream.concat(pod.routes(0).stream().map(Route::table),
            pod.rules().stream().map(Rule::table)).collect(Collectors.toSet());
        return IntStream.iterate(FIRST_TABLE, table -> table + 1).filter(table -> !used.contains(table)).findFirst()
            .orElseThrow();
    }

    private static Rule rule(Attachment attachment, int table) {
        return Rule.lookup(table, RULE_PRIORITY).from(attachment.podIp().toInt(), HOST_PREFIX);
    }

    private static Stream<Rule> rules(Rtnetlink pod, Attachment attachment) {
        return pod.rules().stream().filter(rule -> rule.equals(rule(attachment, rule.table())));
    }

    private static void deleteRules(Rtnetlink pod, Attachment attachment) {
        rules(pod, attachment).forEach(pod::deleteRule);
    }
}
