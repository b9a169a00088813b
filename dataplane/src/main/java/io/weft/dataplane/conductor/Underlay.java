package io.weft.dataplane.conductor;

import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.LocalAddresses;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.netlink.Address;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Neighbour;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.RtnetlinkMonitor;
import io.weft.nativebindings.netlink.Rule;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Mirrors the kernel's network configuration: links, the node's addresses, routes through the uplink, and the uplink's neighbours. Reads
 * everything once and then follows changes; reads again whenever the kernel reports that notifications were lost.
 *
 * <p>The kernel does not see Weft's packets, so it would not resolve a neighbour for them. Therefore next hops in use become managed
 * neighbours, which the kernel keeps resolved.
 *
 * <p>Thread: the conductor, in the node's network namespace. Cold code.
 */
final class Underlay implements UnderlayView, RtnetlinkMonitor.Listener, AutoCloseable {
    private static final Logger LOG = System.getLogger(Underlay.class.getName());

    private final Rtnetlink rtnetlink;
    private final RtnetlinkMonitor monitor;
    private final ForwardingState state;
    private final int uplink;
    private final HostRouting hostRouting;
    private final Map<Integer, Link> links = new HashMap<>();
    private final Map<Integer, Neighbour> neighbours = new HashMap<>();
    private final Set<Integer> managed = new HashSet<>();
    private final Set<Integer> removedLinks = new HashSet<>();
    private List<Integer> gateways = List.of();
    private UnderlayRoutes routes = UnderlayRoutes.NONE;
    private boolean addressesStale = true;
    private boolean routesStale = true;
    private boolean allStale = true;
    private boolean linksChanged;
    private boolean neighboursChanged;
    private long overruns;

    /** @param hostRouting is told when the kernel loses its rules and routes */
    Underlay(Rtnetlink rtnetlink, ForwardingState state, int uplink, HostRouting hostRouting) {
        this.rtnetlink = rtnetlink;
        this.state = state;
        this.uplink = uplink;
        this.hostRouting = hostRouting;
        monitor = RtnetlinkMonitor.open(
            RtnetlinkMonitor.Group.LINK,
            RtnetlinkMonitor.Group.ADDRESS,
            RtnetlinkMonitor.Group.ROUTE,
            RtnetlinkMonitor.Group.RULE,
            RtnetlinkMonitor.Group.NEIGHBOUR);
    }

    /** A descriptor that is readable when {@link #follow} has something to do. */
    int descriptor() {
        return monitor.fd();
    }

    /**
     * Updates the mirror, and publishes addresses and routes.
     *
     * @return whether anything that next hops depend on has changed
     */
    boolean follow() {
        monitor.drain(this);
        boolean changed = linksChanged || neighboursChanged || routesStale || allStale;
        linksChanged = false;
        neighboursChanged = false;
        if (allStale) {
            readLinksAndNeighbours();
        }
        if (addressesStale) {
            addressesStale = false;
            state.publish(new LocalAddresses(rtnetlink.addresses().stream().mapToInt(Address::ip).toArray()));
        }
        if (routesStale) {
            routesStale = false;
            readRoutes();
        }
        return changed;
    }

    @Override
    public Optional<Link> link(int ifindex) {
        return Optional.ofNullable(links.get(ifindex));
    }

    Optional<Link> link(String name) {
        return links.values().stream().filter(link -> link.name().equals(name)).findFirst();
    }

    /** Links that were deleted since the last call. */
    Set<Integer> takeRemovedLinks() {
        Set<Integer> removed = Set.copyOf(removedLinks);
        removedLinks.clear();
        return removed;
    }

    @Override
    public long lookup(int destination) {
        return routes.lookup(destination);
    }

    @Override
    public List<Integer> gateways() {
        return gateways;
    }

    @Override
    public long macOf(int nextHop) {
        Neighbour neighbour = neighbours.get(nextHop);
        if (neighbour == null || !neighbour.isManaged() && !neighbour.isPermanent()) {
            manage(nextHop);
        }
        return neighbour != null && neighbour.isValid() ? neighbour.mac() : 0;
    }

    /** Without this the kernel retries only every {@code interval_probe_time_ms}, 5 s. */
    @Override
    public void probe(int nextHop) {
        Neighbour neighbour = neighbours.get(nextHop);
        if (neighbour != null && neighbour.isManaged() && neighbour.isFailed()) {
            askToManage(nextHop);
        }
    }

    @Override
    public void forget(int nextHop) {
        if (managed.remove(nextHop)) {
            delete(nextHop);
        }
    }

    long overruns() {
        return overruns;
    }

    /** Deletes the neighbours that this object made managed. */
    @Override
    public void close() {
        managed.forEach(this::delete);
        monitor.close();
    }

    private void delete(int nextHop) {
        try {
            rtnetlink.deleteNeighbour(uplink, nextHop);
        } catch (LinuxException e) {
            LOG.log(Level.WARNING, e.getMessage());
        }
    }

    // -- changes -----------------------------------------------------------------------------------------------------

    @Override
    public void linkChanged(Link link) {
        links.put(link.index(), link);
        if (link.name().equals(HostLink.KERNEL_SIDE)) {
            hostRouting.invalidate(); // its routes are dropped silently, too
        }
        linksChanged = true;
        routesStale |= link.index() == uplink; // routes of a link that went down are dropped silently
    }

    @Override
    public void linkRemoved(Link link) {
        links.remove(link.index());
        removedLinks.add(link.index());
        linksChanged = true;
        routesStale = true;
        addressesStale = true;
    }

    @Override
    public void addressAdded(Address address) {
        addressesStale = true;
    }

    @Override
    public void addressRemoved(Address address) {
        addressesStale = true;
        routesStale = true;
    }

    @Override
    public void routeChanged(Route route) {
        routesStale |= route.table() == Route.RT_TABLE_MAIN;
    }

    @Override
    public void routeRemoved(Route route) {
        routesStale |= route.table() == Route.RT_TABLE_MAIN;
        hostRouting.routeRemoved(route);
    }

    @Override
    public void ruleAdded(Rule rule) {
        hostRouting.ruleAdded(rule);
    }

    @Override
    public void ruleRemoved(Rule rule) {
        hostRouting.ruleRemoved(rule);
    }

    @Override
    public void neighbourChanged(Neighbour neighbour) {
        if (neighbour.ifindex() == uplink) {
            neighbours.put(neighbour.ip(), neighbour);
            neighboursChanged = true;
        }
    }

    @Override
    public void neighbourRemoved(Neighbour neighbour) {
        if (neighbour.ifindex() == uplink) {
            neighbours.remove(neighbour.ip());
            managed.remove(neighbour.ip());
            neighboursChanged = true;
        }
    }

    @Override
    public void overrun() {
        overruns++;
        hostRouting.invalidate();
        allStale = true;
        addressesStale = true;
        routesStale = true;
    }

    // -- reading -----------------------------------------------------------------------------------------------------

    private void readLinksAndNeighbours() {
        allStale = false;
        Set<Integer> before = new HashSet<>(links.keySet());
        links.clear();
        rtnetlink.links().forEach(link -> links.put(link.index(), link));
        before.removeAll(links.keySet());
        removedLinks.addAll(before);
        neighbours.clear();
        rtnetlink.neighbours(uplink).forEach(neighbour -> neighbours.put(neighbour.ip(), neighbour));
    }

    private void readRoutes() {
        KernelRoutes now = KernelRoutes.read(rtnetlink, uplink);
        routes = now.routes();
        gateways = now.gateways();
        state.publish(routes);
    }

    private void manage(int nextHop) {
        if (!managed.add(nextHop)) {
            return; // requested before; the kernel's answer arrives as a change
        }
        askToManage(nextHop);
    }

    private void askToManage(int nextHop) {
        try {
            rtnetlink.manageNeighbour(uplink, nextHop);
        } catch (LinuxException e) {
            LOG.log(Level.WARNING, e.getMessage());
        }
    }
}
