package io.weft.controlplane.compiler;

import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.EndpointSlice.Endpoint;
import io.weft.controlplane.model.EndpointSlice.Hints;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.operator.DrainTarget;
import io.weft.controlplane.operator.OperatorState;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceSpec;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The endpoints of one port of a Service, from all its slices, and to which of them new flows are sent. The rules are kube-proxy's
 * (pkg/proxy/topology.go, endpointslicecache.go):
 *
 * <ul>
 * <li>ready endpoints; without any, those that serve while they terminate. Policy Cluster decides among all endpoints, policy Local among
 * those of this node;
 * <li>by policy Cluster, of the ready ones those whose hints name this node or else its zone, if all ready ones have such hints and one
 * of them names it;
 * <li>an endpoint in several slices counts once; the entry that is not terminating decides.
 * </ul>
 *
 * <p>An endpoint that an operator has drained counts as absent in all of these, and keeps its flows as a terminating one does.
 */
final class PortEndpoints {
    private static final int MAX_PORT = 65_535;
    private static final List<IpPrefix> NO_BACKENDS = List.of(IpPrefix.of("0.0.0.0/8"),
        IpPrefix.of("127.0.0.0/8"), IpPrefix.of("169.254.0.0/16"), IpPrefix.of("224.0.0.0/3"));

    private record Address(IpAddress ip, int port) {
    }

    private record Candidate(Address address, boolean ready, boolean serving, boolean terminating, boolean local,
        boolean drained, Hints hints) {
        private static final Comparator<Candidate> BY_ADDRESS = Comparator.comparing(
            (Candidate candidate) -> candidate.address.ip).thenComparingInt(candidate -> candidate.address.port);

        boolean isLastResort() { return !ready && serving && terminating; }

        /** Of two entries for one address: the one that is not terminating, then the more usable, then the former. */
        Candidate orBetter(Candidate other) {
            return other.rank() > rank() ? other : this;
        }

        private int rank() {
            return (terminating ? 0 : 8) + (ready ? 4 : 0) + (serving ? 2 : 0) + (local ? 1 : 0);
        }
    }

    private final Map<Address, Candidate> all = new HashMap<>();
    private final OwnSite site;
    private final OperatorState operator;
    private final Set<DrainTarget> drains;
    private final Set<String> notes;

    private PortEndpoints(OwnSite site, OperatorState operator, Set<DrainTarget> drains, Set<String> notes) {
        this.site = site;
        this.operator = operator;
        this.drains = drains;
        this.notes = notes;
    }

    /**
     * @param slices of the Service, in an order that does not depend on when they arrived
     * @param drains takes the operator's drains that an endpoint has
     * @param notes takes what is not served, one phrase each
     */
    static PortEndpoints of(Service.Port port, Collection<EndpointSlice> slices, OwnSite site, OperatorState operator,
        Set<DrainTarget> drains, Set<String> notes) {
        PortEndpoints endpoints = new PortEndpoints(site, operator, drains, notes);
        for (EndpointSlice slice : slices) {
            for (EndpointSlice.Port target : slice.ports()) {
                if (target.name().equals(port.name()) && target.protocol() == port.protocol()) {
                    slice.endpoints().forEach(endpoint -> endpoints.add(slice, endpoint, target.port()));
                }
            }
        }
        return endpoints;
    }

    /** Only the first address: the others are names of the same endpoint. */
    private void add(EndpointSlice slice, Endpoint endpoint, int port) {
        if (endpoint.addresses().isEmpty()) {
            notes.add("EndpointSlice " + slice.name() + " has an endpoint without an address");
            return;
        }
        IpAddress ip = endpoint.addresses().getFirst();
        if (port < 1 || port > MAX_PORT || NO_BACKENDS.stream().anyMatch(prefix -> prefix.contains(ip))) {
            notes.add("endpoint " + ip + ":" + port + " of EndpointSlice " + slice.name()
                + " is not reachable from other hosts");
            return;
        }
        Address address = new Address(ip, port);
        List<DrainTarget> drained = operator.drainsOf(ip, port);
        drains.addAll(drained);
        all.merge(address, new Candidate(address, endpoint.ready(), endpoint.serving(), endpoint.terminating(),
            endpoint.nodeName().equals(site.nodeName()), !drained.isEmpty(), endpoint.hints()), Candidate::orBetter);
    }

    /**
     * @param policyLocal whether some new flows go to endpoints of this node only
     * @return by address: those in use and those that may keep their flows
     */
    List<Backend> backends(boolean policyLocal) {
        Set<Candidate> cluster = preferred(usable(_ -> true));
        Set<Candidate> local = policyLocal ? usable(Candidate::local) : Set.of();
        List<Candidate> listed = all.values().stream()
            .filter(candidate -> candidate.ready || candidate.serving)
            .sorted(Comparator.comparing((Candidate candidate) -> !cluster.contains(candidate)
                && !local.contains(candidate)).thenComparing(Candidate.BY_ADDRESS))
            .toList();
        if (listed.size() > ServiceSpec.MAX_BACKENDS) {
            notes.add(listed.size() + " endpoints of one port; the first " + ServiceSpec.MAX_BACKENDS
                + " by address are served");
        }
        return listed.stream().limit(ServiceSpec.MAX_BACKENDS).sorted(Candidate.BY_ADDRESS)
            .map(candidate -> new Backend(candidate.address.ip, candidate.address.port, Backend.SERVING
                | (candidate.local ? Backend.LOCAL : 0) | (cluster.contains(candidate) ? Backend.CLUSTER_SET : 0)
                | (local.contains(candidate) ? Backend.LOCAL_SET : 0) | (candidate.drained ? Backend.DRAINED : 0)))
            .toList();
    }

    private Set<Candidate> usable(Predicate<Candidate> considered) {
        Set<Candidate> ready = select(considered.and(Candidate::ready));
        return ready.isEmpty() ? select(considered.and(Candidate::isLastResort)) : ready;
    }

    private Set<Candidate> select(Predicate<Candidate> wanted) {
        return all.values().stream().filter(wanted).filter(candidate -> !candidate.drained)
            .collect(Collectors.toCollection(HashSet::new));
    }

    /** As the hints want it; the same if only terminating endpoints are left. */
    private Set<Candidate> preferred(Set<Candidate> usable) {
        if (usable.stream().anyMatch(candidate -> !candidate.ready)) { return usable; }
        Set<Candidate> forNode = hinted(usable, Hints::nodes, site.nodeName());
        return forNode.isEmpty() ? orAll(hinted(usable, Hints::zones, site.zone()), usable) : forNode;
    }

    private static Set<Candidate> orAll(Set<Candidate> some, Set<Candidate> all) {
        return some.isEmpty() ? all : some;
    }

    /** @return those for {@code wanted}; none if an endpoint lacks a hint */
    private static Set<Candidate> hinted(Set<Candidate> usable, Function<Hints, List<String>> names, String wanted) {
        if (usable.stream().anyMatch(candidate -> names.apply(candidate.hints).isEmpty())) { return Set.of(); }
        return usable.stream().filter(candidate -> names.apply(candidate.hints).contains(wanted))
            .collect(Collectors.toSet());
    }
}
