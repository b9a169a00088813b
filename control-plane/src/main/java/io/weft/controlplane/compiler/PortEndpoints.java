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
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

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

    private record Candidate(IpAddress ip, int port, boolean ready, boolean serving, boolean terminating,
        boolean local, boolean drained, Hints hints) {
        private static final Comparator<Candidate> BY_ADDRESS = Candidate::compareAddress;

        private int compareAddress(Candidate other) {
            int byIp = ip.compareTo(other.ip);
            return byIp != 0 ? byIp : Integer.compare(port, other.port);
        }

        boolean takesNewFlows() { return ready && !drained; }

        boolean isLastResort() { return !ready && serving && terminating && !drained; }

        /** Of two entries for one address: the one that is not terminating, then the more usable, then the former. */
        Candidate orBetter(Candidate other) {
            return other.rank() > rank() ? other : this;
        }

        private int rank() {
            return (terminating ? 0 : 8) + (ready ? 4 : 0) + (serving ? 2 : 0) + (local ? 1 : 0);
        }
    }

    /** By address once sorted. */
    private final List<Candidate> all = new ArrayList<>();
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
        endpoints.sort();
        return endpoints;
    }

    /** Only the first address: the others are names of the same endpoint. */
    private void add(EndpointSlice slice, Endpoint endpoint, int port) {
        if (endpoint.addresses().isEmpty()) {
            notes.add("EndpointSlice " + slice.name() + " has an endpoint without an address");
            return;
        }
        IpAddress ip = endpoint.addresses().getFirst();
        if (port < 1 || port > MAX_PORT || isNoBackend(ip)) {
            notes.add("endpoint " + ip + ":" + port + " of EndpointSlice " + slice.name()
                + " is not reachable from other hosts");
            return;
        }
        List<DrainTarget> drained = operator.drainsOf(ip, port);
        drains.addAll(drained);
        all.add(new Candidate(ip, port, endpoint.ready(), endpoint.serving(), endpoint.terminating(),
            endpoint.nodeName().equals(site.nodeName()), !drained.isEmpty(), endpoint.hints()));
    }

    private static boolean isNoBackend(IpAddress ip) {
        for (IpPrefix prefix : NO_BACKENDS) {
            if (prefix.contains(ip)) { return true; }
        }
        return false;
    }

    /** Sorts by address and leaves one entry for each. The sort is stable: equals stay in the order of the slices. */
    private void sort() {
        all.sort(Candidate.BY_ADDRESS);
        int count = 0;
        for (Candidate candidate : all) {
            if (count > 0 && all.get(count - 1).compareAddress(candidate) == 0) {
                all.set(count - 1, all.get(count - 1).orBetter(candidate));
            } else {
                all.set(count++, candidate);
            }
        }
        all.subList(count, all.size()).clear();
    }

    /**
     * @param policyLocal whether some new flows go to endpoints of this node only
     * @return by address: those in use and those that may keep their flows
     */
    List<Backend> backends(boolean policyLocal) {
        Predicate<Candidate> cluster = preferred();
        Predicate<Candidate> local = policyLocal ? usable(Candidate::local) : _ -> false;
        List<Backend> backends = new ArrayList<>(all.size());
        for (Candidate candidate : listed(cluster.or(local))) {
            backends.add(new Backend(candidate.ip, candidate.port, Backend.SERVING
                | (candidate.local ? Backend.LOCAL : 0) | (cluster.test(candidate) ? Backend.CLUSTER_SET : 0)
                | (local.test(candidate) ? Backend.LOCAL_SET : 0) | (candidate.drained ? Backend.DRAINED : 0)));
        }
        return backends;
    }

    /** By address. Of too many those that get new flows come first. */
    private List<Candidate> listed(Predicate<Candidate> used) {
        List<Candidate> listed = new ArrayList<>(all.size());
        for (Candidate candidate : all) {
            if (candidate.ready || candidate.serving) {
                listed.add(candidate);
            }
        }
        if (listed.size() <= ServiceSpec.MAX_BACKENDS) { return listed; }
        notes.add(listed.size() + " endpoints of one port; the first " + ServiceSpec.MAX_BACKENDS
            + " by address are served");
        return listed.stream().sorted(Comparator.comparing(used.negate()::test)).limit(ServiceSpec.MAX_BACKENDS)
            .sorted(Candidate.BY_ADDRESS).toList();
    }

    private Predicate<Candidate> usable(Predicate<Candidate> considered) {
        boolean isAnyReady = any(considered.and(Candidate::takesNewFlows));
        return considered.and(isAnyReady ? Candidate::takesNewFlows : Candidate::isLastResort);
    }

    /** Usable by policy Cluster, as the hints want it; hints do not count if only terminating endpoints are left. */
    private Predicate<Candidate> preferred() {
        if (!any(Candidate::takesNewFlows)) { return usable(_ -> true); }
        return hinted(Hints::nodes, site.nodeName()).or(() -> hinted(Hints::zones, site.zone()))
            .orElse(Candidate::takesNewFlows);
    }

    /** @return the ready ones for {@code wanted}; empty if there are none, or if a ready one lacks a hint */
    private Optional<Predicate<Candidate>> hinted(Function<Hints, List<String>> names, String wanted) {
        if (any(candidate -> candidate.takesNewFlows() && names.apply(candidate.hints).isEmpty())) {
            return Optional.empty();
        }
        Predicate<Candidate> isForWanted = candidate -> candidate.takesNewFlows()
            && names.apply(candidate.hints).contains(wanted);
        return any(isForWanted) ? Optional.of(isForWanted) : Optional.empty();
    }

    private boolean any(Predicate<Candidate> wanted) {
        for (Candidate candidate : all) {
            if (wanted.test(candidate)) { return true; }
        }
        return false;
    }
}
