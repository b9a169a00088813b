package io.weft.dataplane.conductor;

import io.weft.dataplane.counters.AdjacencyKind;
import io.weft.dataplane.counters.AdjacencyStatus;
import io.weft.dataplane.counters.ConductorCounters;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.dataplane.table.ChangedAddresses;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.worker.Epochs;
import io.weft.nativebindings.netlink.Link;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Keeps the adjacencies as the underlay is: for each tunnel peer and each next hop in use, the header in front of its frames, rewritten when a
 * MAC address, route or MTU changes, and withdrawn while the neighbour is not resolved.
 *
 * <p>Thread: the conductor. Cold code.
 */
final class NextHops {
    private static final Logger LOG = System.getLogger(NextHops.class.getName());

    /** Next hops leave this share of the slots, one in so many, to peers. */
    private static final int PEER_SHARE = 4;

    private final ForwardingState state;
    private final Adjacencies adjacencies;
    private final UnderlayView underlay;
    private final ConductorCounters counters;
    private final int uplink;
    private final Deque<Integer> freeSlots = new ArrayDeque<>();
    /** By {@link PeerSpec#tunnel}. */
    private final Map<Integer, Peer> peers = new HashMap<>();
    private final Map<Integer, Hop> hops = new HashMap<>();
    private final UsedNextHops used;
    private boolean lacksSlots;

    /** A tunnel's slot and what was written to it last. */
    private static final class Peer {
        final int slot;
        PeerSpec spec;
        Written written = Written.NOTHING;
        /** 0, or why {@link UnderlayRoutes} has no next hop. */
        long routeError;

        Peer(int slot, PeerSpec spec) {
            this.slot = slot;
            this.spec = spec;
        }
    }

    private static final class Hop {
        static final long NOT_YET = -1;

        final int slot;
        Written written = Written.NOTHING;
        /** No new flow gets the slot, because no flow had it for a while. */
        boolean unbound;
        long unboundEpoch;
        /** Number of scans of the flow table then, and when every worker had passed the epoch. */
        long unboundScans;
        long passedScans = NOT_YET;

        Hop(int slot) {
            this.slot = slot;
        }
    }

    /** All that a slot's contents depend on. */
    private record Written(int nextHop, long mac, long uplinkMac, int mtu, PeerSpec peer, LocalNode local) {
        static final Written NOTHING = new Written(0, 0, 0, 0, null, null);
    }

    NextHops(ForwardingState state, UnderlayView underlay, ConductorCounters counters, int uplink, ConntrackGc flows) {
        this.state = state;
        this.underlay = underlay;
        this.counters = counters;
        this.uplink = uplink;
        adjacencies = state.adjacencies();
        used = flows.watchNextHops(adjacencies.capacity(), () -> hops.size() > underlay.gateways().size());
        for (int slot = 0; slot < adjacencies.capacity(); slot++) {
            freeSlots.add(slot);
        }
    }

    /**
     * Follows a change of the tables. To be called again when {@link #lacksSlots}.
     *
     * @param changed gets the addresses that lead through a tunnel which has its slot since now
     * @return slots of peers that are gone: no flow may point to them when they come back by {@link #release}
     */
    List<Integer> setPeers(List<PeerSpec> specs, LocalNode local, ChangedAddresses changed) {
        Map<Integer, PeerSpec> wanted = new HashMap<>();
        specs.forEach(spec -> wanted.put(spec.tunnel(), spec)); // peers of one tunnel agree on all that is written here
        List<Integer> gone = removePeers(wanted);
        Set<Integer> added = new HashSet<>();
        for (PeerSpec spec : wanted.values()) {
            Peer peer = peers.computeIfAbsent(spec.tunnel(), _ -> newPeer(spec, added));
            if (peer != null) {
                peer.spec = spec;
            }
        }
        lacksSlots = peers.size() < wanted.size();
        specs.stream().filter(spec -> added.contains(spec.tunnel())).forEach(spec -> addAddresses(spec, changed));
        refresh(local);
        return gone;
    }

    /** Whether a peer found no free slot. */
    boolean lacksSlots() {
        return lacksSlots;
    }

    void release(List<Integer> slots) {
        freeSlots.addAll(slots);
    }

    private static void addAddresses(PeerSpec spec, ChangedAddresses changed) {
        changed.add(spec.podCidr().base().toInt(), spec.podCidr().length());
        changed.add(spec.vtepIp().toInt(), Integer.SIZE);
        spec.nodeAddresses().forEach(address -> changed.add(address.toInt(), Integer.SIZE));
    }

    /** Rewrites what has changed: neighbours, routes, the uplink. */
    void refresh(LocalNode local) {
        Link link = underlay.link(uplink).orElse(null);
        for (int gateway : underlay.gateways()) {
            addHop(gateway);
        }
        for (Map.Entry<Integer, Hop> hop : hops.entrySet()) {
            refreshHop(hop.getKey(), hop.getValue(), link);
        }
        for (Peer peer : peers.values()) {
            refreshPeer(peer, link, local);
        }
    }

    /**
     * Takes in the next hops that workers asked for, and has the kernel probe again those that it has given up.
     *
     * @return whether there is a new one
     */
    boolean serveRequests(LocalNode local) {
        int before = hops.size();
        boolean any = false;
        for (int address = state.neighbourRequests().take(); address != 0; address = state.neighbourRequests().take()) {
            addHop(address);
            underlay.probe(address);
            any = true;
        }
        if (any) {
            refresh(local);
        }
        return hops.size() != before;
    }

    private Peer newPeer(PeerSpec spec, Set<Integer> added) {
        Integer slot = freeSlots.poll();
        if (slot == null) {
            LOG.log(Level.ERROR, "no adjacency is free for node {0}: it cannot be reached", spec.nodeName());
            return null;
        }
        adjacencies.bindPeer(spec.tunnel(), slot);
        added.add(spec.tunnel());
        return new Peer(slot, spec);
    }

    private List<Integer> removePeers(Map<Integer, PeerSpec> wanted) {
        List<Integer> gone = new ArrayList<>();
        for (Iterator<Map.Entry<Integer, Peer>> all = peers.entrySet().iterator(); all.hasNext();) {
            Map.Entry<Integer, Peer> entry = all.next();
            if (!wanted.containsKey(entry.getKey())) {
                adjacencies.bindPeer(entry.getKey(), Adjacencies.NONE);
                adjacencies.withdraw(entry.getValue().slot);
                counters.clearAdjacency(entry.getValue().slot);
                gone.add(entry.getValue().slot);
                all.remove();
            }
        }
        return gone;
    }

    private void addHop(int address) {
        if (address == 0) { return; }
        Hop known = hops.get(address);
        if (known != null) {
            bind(address, known);
            return;
        }
        boolean isPeerReserve = freeSlots.size() <= adjacencies.capacity() / PEER_SHARE && !isGateway(address);
        Integer slot = isPeerReserve ? null : freeSlots.poll();
        if (slot == null) {
            return; // frames to it stay neighbour_unresolved
        }
        Hop hop = new Hop(slot);
        if (bind(address, hop)) {
            hops.put(address, hop);
        } else {
            freeSlots.addFirst(slot);
        }
    }

    private boolean bind(int address, Hop hop) {
        used.touch(hop.slot);
        if (!adjacencies.bindNextHop(address, hop.slot)) { return false; }
        hop.unbound = false;
        return true;
    }

    private boolean isGateway(int address) {
        return underlay.gateways().contains(address);
    }

    // -- next hops that no flow uses -----------------------------------------------------------------------------------

    /**
     * Frees next hops that no flow has used for one or two scans of the flow table. First no new flow gets the slot; it is freed if, when
     * every worker has passed that, another scan finds no flow with it.
     */
    void freeUnused(Epochs epochs) {
        for (Iterator<Map.Entry<Integer, Hop>> all = hops.entrySet().iterator(); all.hasNext();) {
            Map.Entry<Integer, Hop> entry = all.next();
            int address = entry.getKey();
            Hop hop = entry.getValue();
            if (!hop.unbound) {
                unbindUnused(address, hop, epochs);
            } else if (used.seen(hop.slot) >= hop.unboundScans) {
                bind(address, hop); // a worker was just making a flow
            } else if (isOut(hop, epochs)) {
                free(address, hop);
                all.remove();
            }
        }
    }

    private void unbindUnused(int address, Hop hop, Epochs epochs) {
        if (used.isScannedSince(used.seen(hop.slot)) && !isGateway(address)) {
            adjacencies.unbindNextHop(address);
            hop.unbound = true;
            hop.unboundScans = used.scans();
            hop.unboundEpoch = epochs.advance();
            hop.passedScans = Hop.NOT_YET;
        }
    }

    private boolean isOut(Hop hop, Epochs epochs) {
        if (hop.passedScans == Hop.NOT_YET && epochs.passed(hop.unboundEpoch)) {
            hop.passedScans = used.scans();
        }
        return hop.passedScans != Hop.NOT_YET && used.isScannedSince(hop.passedScans);
    }

    private void free(int address, Hop hop) {
        adjacencies.withdraw(hop.slot);
        counters.clearAdjacency(hop.slot);
        freeSlots.add(hop.slot);
        if (peers.values().stream().noneMatch(peer -> peer.written.nextHop() == address)) {
            underlay.forget(address);
        }
    }

    private void refreshHop(int address, Hop hop, Link link) {
        Written now = link == null || !link.isUp()
            ? Written.NOTHING
            : new Written(address, underlay.macOf(address), link.mac(), link.mtu(), null, null);
        if (now.equals(hop.written)) { return; }
        hop.written = now;
        if (now.mac() == 0) {
            adjacencies.withdraw(hop.slot);
        } else {
            adjacencies.writeUnderlay(hop.slot, now.mac(), now.uplinkMac(), now.mtu());
        }
        report(hop.slot, AdjacencyKind.UNDERLAY, address, now, link == null ? "" : link.name());
    }

    private void refreshPeer(Peer peer, Link link, LocalNode local) {
        long route = underlay.lookup(peer.spec.vtepIp().toInt());
        int nextHop = (int) route;
        warnOfRoute(peer, route);
        Written now = link == null || !link.isUp() || route < 0
            ? Written.NOTHING
            : new Written(nextHop, underlay.macOf(nextHop), link.mac(), local.tunnelMtu(link.mtu()), peer.spec, local);
        if (Objects.equals(now, peer.written)) { return; }
        peer.written = now;
        if (now.mac() == 0) {
            adjacencies.withdraw(peer.slot);
        } else {
            adjacencies.writeTunnel(peer.slot, local.tunnel(peer.spec, now.mac(), now.uplinkMac()), now.mtu());
        }
        report(peer.slot, AdjacencyKind.TUNNEL, peer.spec.vtepIp().toInt(), now, peer.spec.nodeName());
    }

    /** Frames to such a node drop as {@code neighbour_unresolved}; the log says why, once for each change. */
    private static void warnOfRoute(Peer peer, long route) {
        long known = Math.min(route, 0);
        if (known == peer.routeError) { return; }
        peer.routeError = known;
        if (known == UnderlayRoutes.OTHER_DEVICE) {
            LOG.log(Level.WARNING, "node {0} cannot be reached: the route to it does not lead through the uplink",
                peer.spec.nodeName());
        } else if (known < 0) {
            LOG.log(Level.WARNING, "node {0} cannot be reached: the kernel has no route to it", peer.spec.nodeName());
        }
    }

    private void report(int slot, AdjacencyKind kind, int ip, Written now, String name) {
        counters.adjacency(new AdjacencyStatus(slot, kind, ip, now.nextHop(), now.mac() != 0, now.mac(), uplink, name));
    }
}
