package io.weft.controlplane.compiler;

import io.weft.controlplane.healthcheck.HealthCheckNodePort;
import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.Namespace;
import io.weft.controlplane.model.NetworkPolicy;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.model.Pod;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.model.ServiceCidr;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.operator.WriteTarget.Assessment;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.Throttle;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.encap.address.IpAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Compiles cluster objects into tables. It stores its results, compiles what a change affects, and passes the differences to a
 * {@link TableSink}. The result for a set of objects does not depend on the order in which they arrived, with one exception: this node's
 * description stays in force when its object is deleted or becomes wrong. An object on which the compiler fails is left out and reported.
 * After any other exception the instance cannot be used any more: {@link Compilation} creates a new one. One thread.
 */
final class TableCompiler {

    /** Creates compilers that know nothing yet except what must stay as it is. */
    @FunctionalInterface
    interface Factory {
        /**
         * @param local this node's description in force
         * @param peers whose indices and tunnels must be kept
         */
        TableCompiler create(Optional<LocalNode> local, Collection<PeerSpec> peers);

        static Factory of(NodeConfiguration configuration, NodeFacts facts) {
            return (local, peers) -> {
                ReservedPorts reserved = new ReservedPorts(configuration.overlay().port());
                return new TableCompiler(configuration, facts,
                    new PeerCompiler(configuration.overlay(), configuration.serviceCidr()),
                    new ServiceCompiler(configuration.serviceCidr(), configuration.nodePortRange(), reserved),
                    reserved, local, peers);
            };
        }
    }

    private final String nodeName;
    private final LocalNodeCompiler localCompiler;
    private final ObjectFailures failures = new ObjectFailures();
    private final PeerTable peers;
    private final ServiceTables services;
    private final StaticRoutes staticRoutes;
    private final ServiceCidrs serviceCidrs;
    private final PodNames podNames;
    private final Map<ObjectKey, NetworkPolicy> policies = new HashMap<>();
    private Optional<ClusterNode> ownNode = Optional.empty();
    private final Optional<LocalNode> kept;
    private Optional<LocalNode> local = Optional.empty();
    private OwnSite site;
    private boolean ownNodeIsGone;
    private String localProblem = "";

    TableCompiler(NodeConfiguration configuration, NodeFacts facts, PeerCompiler peerCompiler,
        ServiceCompiler serviceCompiler, ReservedPorts reserved, Optional<LocalNode> local,
        Collection<PeerSpec> former) {
        this.nodeName = configuration.nodeName();
        this.kept = local;
        localCompiler = new LocalNodeCompiler(configuration, facts);
        peers = new PeerTable(peerCompiler, former, failures);
        services = new ServiceTables(serviceCompiler, reserved, failures);
        staticRoutes = new StaticRoutes(peers);
        serviceCidrs = new ServiceCidrs(configuration.serviceCidr(), configuration.clusterCidr());
        podNames = new PodNames(nodeName);
    }

    /** The addresses of this machine's devices, in force with the next change. */
    void setOwnAddresses(Set<IpAddress> addresses) {
        services.setNode("", addresses);
    }

    /** What operators have written, in force with the next change. */
    void use(OperatorState operator) {
        services.use(operator);
        staticRoutes.use(operator.routes());
    }

    /** What other writes would change. */
    Assessment assess(OperatorState next) {
        return OperatorUses.both(services.assess(next), staticRoutes.assess(next.routes()));
    }

    /** What each write does at present, in words, by its title. */
    Map<String, String> uses(OperatorState operator) {
        return OperatorUses.of(operator, services, staticRoutes);
    }

    /** Compiles what the change affects, without pauses. */
    void apply(ClusterChange change, TableSink sink) {
        apply(change, sink, Throttle.when(false));
    }

    /** Compiles what the change affects. */
    void apply(ClusterChange change, TableSink sink, Throttle throttle) {
        for (ObjectKey key : change.removed()) {
            remove(key);
            throttle.pause();
        }
        for (ClusterObject object : change.updated()) {
            update(object);
            throttle.pause();
        }
        compileLocal(sink); // first: what overlaps this node's addresses must be refused
        boolean peersChanged = peers.flush(sink);
        staticRoutes.flush(sink, peersChanged);
        services.flush(sink, throttle);
    }

    /** Called after the first complete change: peers that are missing now will not come back. */
    void synced() {
        peers.forgetRemembered();
    }

    /** This node, once known. */
    Optional<LocalNode> local() {
        return local;
    }

    /** Its Node, as last reported, even if it is gone since. */
    Optional<ClusterNode> ownNode() {
        return ownNode;
    }

    /** Why this node's description is not made of the present objects, in one line; empty if it is. */
    String localProblem() {
        return localProblem;
    }

    int podMtu() {
        return localCompiler.podMtu();
    }

    /** Objects on which the compiler failed since the last call. */
    List<Throwable> takeFailures() {
        return failures.takeNews();
    }

    /** Whether an object is left out because the compiler fails on it. */
    boolean hasFailures() {
        return !failures.isEmpty();
    }

    /** What of the objects is not in force, one line per object. */
    List<Problem> problems() {
        Map<ObjectKey, List<String>> all = new HashMap<>();
        peers.addProblems(all);
        services.addProblems(all);
        serviceCidrs.addProblems(all);
        failures.addProblems(all);
        policies.forEach((key, policy) -> all.put(key, policy.unsupported()));
        List<Problem> problems = new ArrayList<>();
        ownNode.map(ClusterNode::unsupported).filter(phrases -> !phrases.isEmpty())
            .ifPresent(phrases -> all.put(ownNode.orElseThrow().key(), phrases));
        if (!localProblem.isEmpty()) {
            problems.add(new Problem(LocalNodeCompiler.key(nodeName), localProblem));
        }
        problems.addAll(Problem.of(all));
        return problems;
    }

    int peerCount() {
        return peers.size();
    }

    int serviceCount() {
        return services.size();
    }

    /** What the health check ports of Services tell. */
    List<HealthCheckNodePort> healthChecks() {
        return services.healthChecks();
    }

    /** Name of the pod on this node with an address, according to the objects. */
    Map<IpAddress, String> localPodNames() {
        return podNames.all();
    }

    private void update(ClusterObject object) {
        switch (object) {
            case ClusterNode node when node.name().equals(nodeName) -> putOwn(node);
            case ClusterNode node -> putOther(node);
            case Service service -> services.put(service);
            case EndpointSlice slice -> services.put(slice);
            case Pod pod -> podNames.put(pod);
            case NetworkPolicy policy -> policies.put(policy.key(), policy);
            case ServiceCidr range -> serviceCidrs.put(range);
            case Namespace _ -> {} // only policies select namespaces, and they are not enforced
        }
    }

    private void remove(ObjectKey key) {
        switch (key.kind()) {
            case NODE -> removeNode(key.name());
            case SERVICE -> services.removeService(key);
            case ENDPOINT_SLICE -> services.removeSlice(key);
            case POD -> podNames.remove(key);
            case NETWORK_POLICY -> policies.remove(key);
            case SERVICE_CIDR -> serviceCidrs.remove(key);
            case NAMESPACE -> {}
        }
    }

    private void putOwn(ClusterNode node) {
        ownNode = Optional.of(node);
        ownNodeIsGone = false;
        services.setNode(node.name(), node.internalIps());
    }

    private void putOther(ClusterNode node) {
        peers.put(node);
        services.setNode(node.name(), node.internalIps());
    }

    private void removeNode(String name) {
        if (name.equals(nodeName)) {
            ownNodeIsGone = true;
        } else {
            peers.remove(name);
            services.setNode(name, List.of());
        }
    }

    private void compileLocal(TableSink sink) {
        try {
            LocalNode node = localCompiler.compile(ownNode, serviceCidrs, services::machineIn);
            localProblem = ownNodeIsGone
                ? "Node " + nodeName + " (this node): is gone from the cluster objects; its last content stays in force"
                : "";
            use(node, sink);
        } catch (UnusableObjectException | IllegalArgumentException e) {
            localProblem = e.getMessage();
            if (local.isEmpty() && kept.isPresent()) {
                use(kept.get(), sink);
            }
        }
    }

    private void use(LocalNode node, TableSink sink) {
        if (local.isEmpty() || !local.get().equals(node)) {
            local = Optional.of(node);
            sink.putLocal(node);
            peers.setOwn(node);
            staticRoutes.setOwn(node);
        }
        OwnSite own = OwnSite.of(node, ownNode.map(ClusterNode::zone).orElse(""));
        if (!own.equals(site)) {
            services.use(own);
            site = own;
        }
    }
}
