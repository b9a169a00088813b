package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ClusterNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.encap.address.Ipv4Prefix;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The other nodes: their objects, the peers made of them, and the reasons for those of which none could be made. A peer
 * keeps its index as long as it is one, across restarts of the control plane too. One thread.
 */
final class PeerTable {
    private final PeerCompiler compiler;
    private final TableSink sink;
    private final Map<String, ClusterNode> nodes = new HashMap<>();
    private final TreeMap<String, PeerSpec> peers = new TreeMap<>();
    private final TreeMap<String, String> refused = new TreeMap<>();
    private final Map<String, Integer> remembered;
    private final BitSet indices = new BitSet();
    private int lastIndex = -1;
    private Optional<Ipv4Prefix> own = Optional.empty();

    /** @param remembered indices of a former control plane's peers, by node name */
    PeerTable(PeerCompiler compiler, TableSink sink, Map<String, Integer> remembered) {
        this.compiler = compiler;
        this.sink = sink;
        this.remembered = new HashMap<>(remembered);
        remembered.values().forEach(indices::set);
    }

    Collection<PeerSpec> peers() {
        return List.copyOf(peers.values());
    }

    Collection<String> problems() {
        return List.copyOf(refused.values());
    }

    void put(ClusterNode node) {
        nodes.put(node.name(), node);
        compile(node);
        retryRefused();
    }

    void remove(String name) {
        nodes.remove(name);
        refused.remove(name);
        drop(name);
        retryRefused();
    }

    void setOwn(Ipv4Prefix podCidr) {
        own = Optional.of(podCidr);
        List.copyOf(nodes.values()).forEach(this::compile);
    }

    /** Indices kept for peers of the former control plane that did not come back. */
    void forgetRemembered() {
        remembered.values().forEach(indices::clear);
        remembered.clear();
    }

    private void compile(ClusterNode node) {
        PeerSpec before = peers.get(node.name());
        int index = before != null ? before.index() : indexFor(node.name());
        try {
            PeerSpec peer = compiler.compile(node, index);
            compiler.checkDistinct(peer, peers.values(), own);
            refused.remove(node.name());
            accept(peer, before);
        } catch (UnusableObjectException | IllegalArgumentException e) {
            refused.put(node.name(), e.getMessage());
            drop(node.name());
        }
    }

    private void accept(PeerSpec peer, PeerSpec before) {
        remembered.remove(peer.nodeName());
        indices.set(peer.index());
        lastIndex = before == null ? peer.index() : lastIndex;
        peers.put(peer.nodeName(), peer);
        if (!peer.equals(before)) {
            sink.putPeer(peer);
        }
    }

    private void drop(String name) {
        PeerSpec peer = peers.remove(name);
        if (peer != null) {
            indices.clear(peer.index());
            sink.removePeer(peer.index());
        }
    }

    private void retryRefused() {
        for (String name : new TreeSet<>(refused.keySet())) {
            compile(nodes.get(name));
        }
    }

    /** A freed index comes round last: flows of its former owner have ended by then. */
    private int indexFor(String name) {
        Integer former = remembered.get(name);
        if (former != null) { return former; }
        int next = indices.nextClearBit(lastIndex + 1);
        return next < PeerSpec.MAX_PEERS ? next : indices.nextClearBit(0);
    }
}
