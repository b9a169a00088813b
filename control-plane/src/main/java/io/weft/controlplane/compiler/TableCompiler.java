package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.model.Pod;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.Pace;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.table.LocalNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Cluster objects → tables. Holds the model, compiles what a change touches, and hands the differences to a
 * {@link TableSink}. This node's description stays in force when its object goes. One thread.
 */
final class TableCompiler {
    private final String nodeName;
    private final LocalNodeCompiler localCompiler;
    private final TableSink sink;
    private final PeerTable peers;
    private final ServiceTables services;
    private final Map<Integer, String> podNames = new HashMap<>();
    private final Map<ObjectKey, Pod> pods = new HashMap<>();
    private Optional<ClusterNode> ownNode = Optional.empty();
    private Optional<LocalNode> local = Optional.empty();
    private String localProblem = "";

    /** @param peerIndices of a former control plane, by node name */
    TableCompiler(NodeConfiguration configuration, NodeFacts facts, TableSink sink, Map<String, Integer> peerIndices) {
        this.nodeName = configuration.nodeName();
        this.sink = sink;
        localCompiler = new LocalNodeCompiler(configuration, facts);
        peers = new PeerTable(new PeerCompiler(configuration.overlay().vni(), configuration.serviceCidr()), sink,
            peerIndices);
        services = new ServiceTables(configuration.serviceCidr(), sink);
    }

    void apply(ClusterChange change) {
        Pace pace = new Pace();
        for (ObjectKey key : change.removed()) {
            remove(key);
            pace.rest();
        }
        change.updated().stream().filter(this::isOwnNode).forEach(this::update);
        compileLocal(); // first: what overlaps this node's addresses must not get in
        for (ClusterObject object : change.updated()) {
            if (!isOwnNode(object)) {
                update(object);
                pace.rest();
            }
        }
        services.flush(pace);
    }

    /** After the first complete change: peers that are not there now will not come back. */
    void synced() {
        peers.forgetRemembered();
    }

    /** This node, once it is known. */
    Optional<LocalNode> local() {
        return local;
    }

    int podMtu() {
        return localCompiler.podMtu();
    }

    /** What is wrong with the objects, one line each. */
    List<String> problems() {
        List<String> all = new ArrayList<>();
        if (!localProblem.isEmpty()) {
            all.add(localProblem);
        }
        all.addAll(peers.problems());
        all.addAll(services.problems());
        return all;
    }

    int peerCount() {
        return peers.peers().size();
    }

    int serviceCount() {
        return services.written().size();
    }

    /** Name of the pod on this node that has an address, as far as the objects say. */
    Map<Integer, String> localPodNames() {
        return Map.copyOf(podNames);
    }

    private boolean isOwnNode(ClusterObject object) {
        return object instanceof ClusterNode node && node.name().equals(nodeName);
    }

    private void update(ClusterObject object) {
        switch (object) {
            case ClusterNode node when isOwnNode(node) -> ownNode = Optional.of(node);
            case ClusterNode node -> peers.put(node);
            case Service service -> services.put(service);
            case EndpointSlice slice -> services.put(slice);
            case Pod pod -> putPod(pod);
        }
    }

    private void remove(ObjectKey key) {
        switch (key.kind()) {
            case NODE -> removeNode(key.name());
            case SERVICE -> services.removeService(key);
            case ENDPOINT_SLICE -> services.removeSlice(key);
            case POD -> removePod(key);
        }
    }

    private void removeNode(String name) {
        if (!name.equals(nodeName)) {
            peers.remove(name);
        }
    }

    private void putPod(Pod pod) {
        removePod(pod.key());
        if (pod.nodeName().equals(nodeName) && !pod.hostNetwork()) {
            pods.put(pod.key(), pod);
            pod.podIps().forEach(ip -> podNames.put(ip, pod.namespace() + "/" + pod.name()));
        }
    }

    private void removePod(ObjectKey key) {
        Pod pod = pods.remove(key);
        if (pod != null) {
            pod.podIps().forEach(ip -> podNames.remove(ip, pod.namespace() + "/" + pod.name()));
        }
    }

    private void compileLocal() {
        try {
            LocalNode node = localCompiler.compile(ownNode);
            localProblem = "";
            if (local.isEmpty() || !local.get().equals(node)) {
                local = Optional.of(node);
                sink.putLocal(node);
                peers.setOwn(node.podCidr());
                services.setOwnPods(node.podCidr());
            }
        } catch (UnusableObjectException | IllegalArgumentException e) {
            localProblem = e.getMessage();
        }
    }
}
