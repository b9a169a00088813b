package io.weft.controlplane.compiler;

import io.weft.controlplane.compiler.PeerCompiler.Candidate;
import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.ObjectKey;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The other nodes: their objects, the peers that result from them, and for the others the reason why they are not peers. {@link PeerRules}
 * resolves contradictions. A change of any node evaluates all of them again: there are few nodes, and they change rarely. One thread.
 *
 * <p>A peer keeps its index, and an endpoint its tunnel's number, as long as they are in force, also across restarts of the control plane
 * and a rebuild, because flows refer to them.
 */
final class PeerTable {
    private final PeerCompiler compiler;
    private final ObjectFailures failures;
    private final Map<String, ClusterNode> nodes = new TreeMap<>();
    private final Map<String, Candidate> candidates = new HashMap<>();
    private final Map<String, String> unusable = new HashMap<>();
    private final Map<String, String> noRoom = new HashMap<>();
    private final Map<String, PeerSpec> peers = new TreeMap<>();
    private final Map<String, Integer> rememberedIndices = new HashMap<>();
    private final Map<IpAddress, Integer> rememberedTunnels = new HashMap<>();
    private final Map<IpAddress, Integer> tunnelOfEndpoint = new HashMap<>();
    private final IdPool indices = new IdPool(PeerSpec.MAX_PEERS);
    private final IdPool tunnels = new IdPool(PeerSpec.MAX_PEERS);
    private PeerRules.Verdict verdict = PeerRules.Verdict.NONE;
    private LocalNode own;
    private boolean stale;

    /**
     * @param former peers of an earlier control plane, or from before a rebuild
     * @param failures collects unexpected failures of the compiler
     */
    PeerTable(PeerCompiler compiler, Collection<PeerSpec> former, ObjectFailures failures) {
        this.compiler = compiler;
        this.failures = failures;
        for (PeerSpec peer : former) {
            rememberedIndices.putIfAbsent(peer.nodeName(), peer.index());
            rememberedTunnels.putIfAbsent(peer.vtepIp(), peer.tunnel());
            indices.reserve(peer.index());
            tunnels.reserve(peer.tunnel());
        }
    }

    int size() {
        return peers.size();
    }

    void put(ClusterNode node) {
        nodes.put(node.name(), node);
        compile(node);
        stale = true;
    }

    void remove(String name) {
        if (nodes.remove(name) != null) {
            candidates.remove(name);
            unusable.remove(name);
            failures.forget(key(name));
            stale = true;
        }
    }

    void setOwn(LocalNode node) {
        own = node;
        stale = true;
    }

    /** Frees what was reserved for peers that did not come back. */
    void forgetRemembered() {
        rememberedIndices.values().forEach(indices::release);
        rememberedTunnels.values().forEach(tunnels::release);
        rememberedIndices.clear();
        rememberedTunnels.clear();
    }

    /** The peer of this name. */
    Optional<PeerSpec> find(String name) {
        return Optional.ofNullable(peers.get(name));
    }

    /** The name of the node by each prefix and address that leads to one. */
    Map<IpPrefix, String> prefixes() {
        Map<IpPrefix, String> prefixes = new HashMap<>();
        for (PeerSpec peer : peers.values()) {
            prefixes.put(peer.podCidr(), peer.nodeName());
            peer.nodeAddresses().forEach(address -> prefixes.put(IpPrefix.single(address), peer.nodeName()));
        }
        return prefixes;
    }

    /** Evaluates all nodes if any has changed, and passes on the differences. @return whether any has changed */
    boolean flush(TableSink sink) {
        if (!stale) { return false; }
        noRoom.clear();
        verdict = PeerRules.judge(candidates.values(), own);
        Map<IpAddress, Integer> tunnelsNow = assignTunnels();
        Map<String, PeerSpec> now = new TreeMap<>();
        for (Candidate peer : verdict.accepted()) {
            spec(peer, tunnelsNow.get(peer.endpoint())).ifPresent(spec -> now.put(spec.nodeName(), spec));
        }
        now.forEach((name, spec) -> {
            if (!spec.equals(peers.get(name))) {
                sink.putPeer(spec);
            }
        });
        peers.forEach((name, spec) -> {
            if (!now.containsKey(name)) {
                sink.removePeer(spec.index());
                indices.release(spec.index());
            }
        });
        peers.clear();
        peers.putAll(now);
        stale = false;
        return true;
    }

    void addProblems(Map<ObjectKey, List<String>> all) {
        unusable.forEach((name, why) -> add(all, name, why));
        noRoom.forEach((name, why) -> add(all, name, why));
        verdict.notes().forEach((name, notes) -> notes.forEach(note -> add(all, name, note)));
        nodes.forEach((name, node) -> node.unsupported().forEach(phrase -> add(all, name, phrase)));
    }

    private static void add(Map<ObjectKey, List<String>> all, String name, String phrase) {
        all.computeIfAbsent(key(name), _ -> new ArrayList<>()).add(phrase);
    }

    private void compile(ClusterNode node) {
        candidates.remove(node.name());
        unusable.remove(node.name());
        try {
            Candidate candidate = failures.attempt(node.key(), () -> compiler.compile(node), null);
            if (candidate != null) {
                candidates.put(node.name(), candidate);
            }
        } catch (UnusableObjectException e) {
            unusable.put(node.name(), e.getMessage());
        }
    }

    /** An endpoint in force keeps its number. A node that moved to a new endpoint keeps the old one's number if no other node uses it. */
    private Map<IpAddress, Integer> assignTunnels() {
        Map<IpAddress, Integer> now = new HashMap<>();
        verdict.accepted().forEach(peer -> known(peer.endpoint(), now));
        Map<IpAddress, Integer> left = new HashMap<>(tunnelOfEndpoint);
        left.keySet().removeAll(now.keySet());
        for (Candidate peer : verdict.accepted()) {
            PeerSpec before = peers.get(peer.name());
            if (before != null && !now.containsKey(peer.endpoint()) && left.remove(before.vtepIp()) != null) {
                now.put(peer.endpoint(), before.tunnel());
            }
        }
        verdict.accepted().forEach(peer -> now.computeIfAbsent(peer.endpoint(), _ -> tunnels.allocate()));
        left.values().forEach(tunnels::release);
        tunnelOfEndpoint.clear();
        tunnelOfEndpoint.putAll(now);
        return now;
    }

    private void known(IpAddress endpoint, Map<IpAddress, Integer> now) {
        Integer tunnel = tunnelOfEndpoint.get(endpoint);
        Integer kept = tunnel != null ? tunnel : rememberedTunnels.remove(endpoint);
        if (kept != null) {
            now.put(endpoint, kept);
        }
    }

    private Optional<PeerSpec> spec(Candidate peer, int tunnel) {
        int index = index(peer.name());
        try {
            return Optional.of(new PeerSpec(index, tunnel, peer.name(), peer.endpoint(), peer.vtepMac(),
                peer.podCidr(), peer.addresses(), peer.weft()));
        } catch (IllegalArgumentException e) {
            noRoom.put(peer.name(), "is not a peer: " + e.getMessage());
            return Optional.empty();
        }
    }

    private int index(String name) {
        PeerSpec before = peers.get(name);
        if (before != null) { return before.index(); }
        Integer former = rememberedIndices.remove(name);
        return former != null ? former : indices.allocate();
    }

    private static ObjectKey key(String name) {
        return new ObjectKey(Kind.NODE, "", name);
    }
}
