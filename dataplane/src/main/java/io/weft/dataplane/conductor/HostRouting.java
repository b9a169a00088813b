package io.weft.dataplane.conductor;

import static java.util.stream.Collectors.toCollection;

import io.weft.encap.packet.IpProtocol;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.Rule;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Routes to {@code weft-host} what the node's own processes send to frontends ({@link HostFrontends}), which would otherwise stay on
 * {@code lo} or leave through the uplink. A rule chooses by destination port, and names a table with the addresses on which that port is
 * served, so nothing else is affected. While there are rules, the rule for the {@code local} table is at {@link #LOCAL_PRIORITY}. See ADR
 * 0014.
 *
 * <p>A change costs a request to the kernel for each rule and route that differs. The first update reads what a predecessor has left, and
 * adopts or removes it. What the kernel refuses is logged and tried again by {@link #retry}.
 *
 * <p>Thread: the conductor, in the node's network namespace. Cold code.
 */
final class HostRouting implements AutoCloseable {
    static final int RULE_PRIORITY = 80;
    static final int LOCAL_PRIORITY = 90;
    /** Addresses on which NodePorts are served. */
    static final int NODE_PORT_TABLE = 970_000_000;
    /** Another port's table has its protocol and number in the lower digits: 970608080 is that of TCP port 8080. */
    private static final int PROTOCOL_FACTOR = 100_000;
    private static final int LAST_TABLE = NODE_PORT_TABLE + 0xFF * PROTOCOL_FACTOR + 0xFFFF;
    /** The kernel compares each packet of a socket without a cached route with each rule: about 10 ns a rule. */
    static final int MAX_RULES = 256;

    private static final Logger LOG = System.getLogger(HostRouting.class.getName());
    private static final Rule KERNELS_LOCAL = Rule.lookup(Route.RT_TABLE_LOCAL, 0).protocol(Route.RTPROT_KERNEL);
    private static final Rule MOVED_LOCAL = KERNELS_LOCAL.priority(LOCAL_PRIORITY);
    private static final int SINGLE = 32;

    private final Rtnetlink rtnetlink;
    private final Set<Rule> rules = new HashSet<>(); // those in the kernel
    private final Set<Route> routes = new HashSet<>();
    private HostFrontends frontends;
    private Path path;
    private boolean stale = true;
    private boolean incomplete;
    private String complaint = "";
    private String logged = "";

    /**
     * How packets reach {@code weft-host}.
     *
     * @param gateway address of the next hop, which has a permanent neighbour entry
     * @param base the node's own address among pods: source of packets to addresses that are not the node's
     * @param mtu of paths that may leave the node
     */
    record Path(int ifindex, int gateway, int base, int mtu) {
        private Route to(int destination, int source) {
            return Route.to(destination, SINGLE).via(gateway, ifindex).onLink().source(source).mtu(mtu);
        }
    }

    HostRouting(Rtnetlink rtnetlink) {
        this.rtnetlink = rtnetlink;
    }

    /** Makes the kernel route to these frontends and to no others. Does nothing if neither argument has changed. */
    void update(HostFrontends wanted, Path through) {
        if (stale || incomplete || !wanted.equals(frontends) || !through.equals(path)) {
            frontends = wanted;
            path = through;
            apply();
        }
    }

    /** Repeats what the kernel has refused, and installs again what somebody has deleted. */
    void retry() {
        if (frontends != null && (stale || incomplete)) {
            apply();
        }
    }

    /** The kernel may have dropped rules or routes without a word: the next {@link #retry} reads them again. */
    void invalidate() {
        stale = true;
    }

    /** The kernel reports a deleted rule. */
    void ruleRemoved(Rule rule) {
        stale |= rules.contains(rule) || rule.table() == Route.RT_TABLE_LOCAL;
    }

    /** The kernel reports a new rule. */
    void ruleAdded(Rule rule) {
        stale |= !rules.isEmpty() && rule.table() == Route.RT_TABLE_LOCAL && rule.priority() < RULE_PRIORITY;
    }

    /** The kernel reports a deleted route. */
    void routeRemoved(Route route) {
        stale |= isOwn(route.table()) && routes.stream().anyMatch(own -> isSame(own, route));
    }

    /** Why some frontends cannot be reached from the node itself; empty if all can. */
    String complaint() {
        return complaint;
    }

    /** Leaves the node's rules as they were before. */
    @Override
    public void close() {
        if (path != null) {
            stale = true;
            update(HostFrontends.none(frontends.nodePortRange()), path);
        }
    }

    // -- what is wanted ----------------------------------------------------------------------------------------------

    /** The table of a port that is not a NodePort. */
    static int table(HostFrontends.Port port) {
        return NODE_PORT_TABLE + port.protocol() * PROTOCOL_FACTOR + port.number();
    }

    private static boolean isOwn(int table) {
        return table >= NODE_PORT_TABLE && table <= LAST_TABLE;
    }

    /** In the order of their importance, if there are too many. */
    private static SequencedSet<Rule> rulesFor(HostFrontends frontends) {
        SequencedSet<Rule> wanted = new LinkedHashSet<>();
        if (!frontends.nodePortAddresses().isEmpty()) {
            int first = frontends.nodePortRange().first();
            int last = frontends.nodePortRange().last();
            wanted.add(rule(NODE_PORT_TABLE).ports(IpProtocol.IPPROTO_TCP, first, last));
            wanted.add(rule(NODE_PORT_TABLE).ports(IpProtocol.IPPROTO_UDP, first, last));
        }
        for (HostFrontends.Port port : new TreeSet<>(frontends.ports().keySet())) {
            wanted.add(rule(table(port)).ports(port.protocol(), port.number(), port.number()));
        }
        return wanted;
    }

    private static Rule rule(int table) {
        return Rule.lookup(table, RULE_PRIORITY).inputDevice(Rule.LOOPBACK).protocol(Route.RTPROT_KERNEL);
    }

    private static Set<Route> routesFor(HostFrontends frontends, Path path) {
        Set<Route> wanted = new HashSet<>();
        frontends.nodePortAddresses().forEach(ip -> wanted.add(path.to(ip, ip).table(NODE_PORT_TABLE)));
        frontends.ports().forEach((port, addresses) -> addresses.forEach(
            ip -> wanted.add(path.to(ip, frontends.isOwn(ip) ? ip : path.base()).table(table(port)))));
        return wanted;
    }

    // -- changes -----------------------------------------------------------------------------------------------------

    /** A refusal must not end the dataplane: everything else works without. */
    private void apply() {
        incomplete = false;
        complaint = "";
        try {
            if (stale) {
                read();
                stale = false;
            }
            change(bounded(rulesFor(frontends)), routesFor(frontends, path));
        } catch (LinuxException e) {
            refused(e);
        }
    }

    private void change(Set<Rule> wantedRules, Set<Route> wantedRoutes) {
        added(wantedRoutes, routes).forEach(route -> attempt(rtnetlink::replaceRoute, route, routes));
        if (!wantedRules.isEmpty()) {
            moveLocalBehind();
        }
        added(wantedRules, rules).forEach(rule -> attempt(rtnetlink::addRule, rule, rules));
        if (wantedRules.isEmpty()) {
            restoreLocal();
        }
        removed(rules, wantedRules).forEach(rule -> {
            rtnetlink.deleteRule(rule);
            rules.remove(rule);
        });
        removed(routes, wantedRoutes).forEach(route -> remove(route, wantedRoutes));
    }

    /** What is in the kernel: of this object or of a predecessor. */
    private void read() {
        rules.clear();
        rtnetlink.rules().stream().filter(rule -> rule.priority() == RULE_PRIORITY && isOwn(rule.table()))
            .forEach(rules::add);
        routes.clear();
        rtnetlink.routes(0).stream().filter(route -> isOwn(route.table())).forEach(routes::add);
    }

    private Set<Rule> bounded(SequencedSet<Rule> wanted) {
        if (wanted.size() <= MAX_RULES) { return wanted; }
        complain((wanted.size() - MAX_RULES) + " ports of the node are not served to its own processes: "
            + wanted.size() + " rules are needed, and no more than " + MAX_RULES + " are installed");
        return wanted.stream().limit(MAX_RULES).collect(toCollection(LinkedHashSet::new));
    }

    private static <T> Collection<T> added(Set<T> wanted, Set<T> present) {
        return wanted.stream().filter(each -> !present.contains(each)).toList();
    }

    private static <T> Collection<T> removed(Set<T> present, Set<T> wanted) {
        return present.stream().filter(each -> !wanted.contains(each)).toList();
    }

    private <T> void attempt(Consumer<T> request, T wanted, Set<T> present) {
        try {
            request.accept(wanted);
            present.add(wanted);
        } catch (LinuxException e) { // an address that the node has just lost, for example
            refused(e);
        }
    }

    /** What is in the kernel is not certain any more. */
    private void refused(LinuxException reason) {
        incomplete = true;
        stale = true;
        complain(reason.getMessage());
    }

    /** A route that has replaced the one to the same destination has done so in the kernel. */
    private void remove(Route route, Set<Route> wanted) {
        routes.remove(route);
        if (wanted.stream().noneMatch(other -> isSame(other, route))) {
            rtnetlink.deleteRoute(route);
        }
    }

    private static boolean isSame(Route one, Route other) {
        return one.table() == other.table() && one.destination() == other.destination()
            && one.prefixLength() == other.prefixLength() && one.metric() == other.metric();
    }

    // -- the local table ---------------------------------------------------------------------------------------------

    private void moveLocalBehind() {
        List<Rule> present = localRules();
        List<Rule> first = present.stream().filter(rule -> rule.priority() == 0).toList();
        boolean moved = hasMoved(present);
        if (!moved && (present.isEmpty() || !first.isEmpty())) { // without any, which only somebody else can bring about, the node is cut off
            rtnetlink.addRule(MOVED_LOCAL);
        }
        first.forEach(rtnetlink::deleteRule);
        present.stream().filter(rule -> rule.priority() > 0 && rule.priority() < RULE_PRIORITY).findFirst()
            .ifPresent(rule -> complain("processes of the node do not reach NodePorts and hostPorts: " + rule
                + " comes before Weft's rules of priority " + RULE_PRIORITY));
    }

    private void restoreLocal() {
        List<Rule> present = localRules();
        boolean moved = hasMoved(present);
        if (present.isEmpty() || moved && present.stream().noneMatch(rule -> rule.priority() == 0)) {
            rtnetlink.addRule(KERNELS_LOCAL);
        }
        if (moved) {
            rtnetlink.deleteRule(MOVED_LOCAL);
        }
    }

    private static boolean hasMoved(List<Rule> localRules) {
        return localRules.contains(MOVED_LOCAL);
    }

    private List<Rule> localRules() {
        return rtnetlink.rules().stream().filter(rule -> rule.table() == Route.RT_TABLE_LOCAL && rule.isForAll())
            .toList();
    }

    private void complain(String reason) {
        if (!complaint.isEmpty()) { return; }
        complaint = reason;
        if (!reason.equals(logged)) {
            logged = reason;
            LOG.log(Level.WARNING, reason);
        }
    }
}
