package io.weft.controlplane.compiler;

import io.weft.controlplane.compiler.PeerCompiler.Candidate;
import io.weft.dataplane.table.LocalNode;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Resolves contradictions of Nodes with each other or with this node. The result depends only on the objects, not on the order in which
 * they arrived, so that every node reaches the same result, also after a restart:
 *
 * <ul>
 * <li>This node's own address and podCIDR belong to it.
 * <li>Of overlapping podCIDRs the longer prefix is used: a short prefix set by mistake must not displace the others. Of equally long ones,
 * which are identical, the newer Node's is used: a machine joined again under a new name. The other Node is not a peer.
 * <li>Nodes with the same endpoint are one machine. All their podCIDRs are reached there, with the Ethernet address of the newest Node: the
 * machine has one tunnel device.
 * <li>An additional address that several Nodes claim belongs to the newest.
 * <li>Newer means created later; of the same moment, first by name.
 * </ul>
 */
final class PeerRules {
    private static final Comparator<Candidate> NEWEST = Comparator.comparingLong(Candidate::createdMillis).reversed()
        .thenComparing(Candidate::name);
    private static final Comparator<Candidate> FOR_PREFIXES = Comparator
        .comparingInt((Candidate peer) -> peer.podCidr().length()).reversed().thenComparing(NEWEST);

    /**
     * @param accepted the peers, with the agreed Ethernet address and the addresses left to them
     * @param notes by node name: what of it is not in force
     */
    record Verdict(List<Candidate> accepted, Map<String, List<String>> notes) {
        static final Verdict NONE = new Verdict(List.of(), Map.of());
    }

    private final LocalNode own;
    private final Map<String, List<String>> notes = new TreeMap<>();
    private final TreeMap<IpAddress, Candidate> byFirstAddress = new TreeMap<>();
    private final Map<IpAddress, Candidate> newestAtEndpoint = new HashMap<>();
    private final Map<IpAddress, Candidate> ownerOfAddress = new HashMap<>();

    private PeerRules(LocalNode own) {
        this.own = own;
    }

    /** @param own this node, or null while it is unknown: then there are no tables to be read */
    static Verdict judge(Collection<Candidate> candidates, LocalNode own) {
        return new PeerRules(own).judge(candidates);
    }

    private Verdict judge(Collection<Candidate> candidates) {
        candidates.stream().sorted(FOR_PREFIXES).forEach(this::admit);
        List<Candidate> admitted = byFirstAddress.values().stream().sorted(NEWEST).toList();
        admitted.forEach(peer -> newestAtEndpoint.putIfAbsent(peer.endpoint(), peer));
        return new Verdict(admitted.stream().map(this::reconciled).toList(), notes);
    }

    private void admit(Candidate peer) {
        if (own != null && own.podCidr().overlaps(peer.podCidr())) {
            refuse(peer, "its podCIDR " + peer.podCidr() + " overlaps this node's " + own.podCidr());
            return;
        }
        if (own != null && own.address().equals(peer.endpoint())) {
            refuse(peer, "its address " + peer.endpoint() + " is this node's own");
            return;
        }
        Candidate other = overlapping(peer.podCidr());
        if (other != null) {
            refuse(peer, "its podCIDR " + peer.podCidr() + " overlaps " + other.podCidr() + " of " + other.name()
                + (other.podCidr().equals(peer.podCidr()) ? ", which is newer" : ", which is the longer prefix"));
            return;
        }
        byFirstAddress.put(peer.podCidr().base(), peer);
    }

    /** Accepted prefixes are disjoint, so only the neighbours can overlap another prefix. */
    private Candidate overlapping(IpPrefix prefix) {
        Map.Entry<IpAddress, Candidate> before = byFirstAddress.floorEntry(prefix.base());
        if (before != null && before.getValue().podCidr().overlaps(prefix)) { return before.getValue(); }
        Map.Entry<IpAddress, Candidate> after = byFirstAddress.ceilingEntry(prefix.base());
        return after != null && after.getValue().podCidr().overlaps(prefix) ? after.getValue() : null;
    }

    private Candidate reconciled(Candidate peer) {
        Candidate newest = newestAtEndpoint.get(peer.endpoint());
        if (newest.vtepMac() != peer.vtepMac()) {
            note(peer, "it has the address of " + newest.name() + ", which is newer: that one's VtepMAC counts");
        }
        List<IpAddress> addresses = new ArrayList<>();
        for (IpAddress address : peer.addresses()) {
            String why = reservedFor(address);
            Candidate owner = ownerOfAddress.putIfAbsent(address, peer);
            if (why == null && owner == null) {
                addresses.add(address);
            } else if (why != null || !owner.endpoint().equals(peer.endpoint())) {
                note(peer, "its address " + address
                    + (why != null ? why : " is also that of " + owner.name() + ", which is newer"));
            }
        }
        return new Candidate(peer.name(), peer.createdMillis(), peer.endpoint(), newest.vtepMac(), peer.podCidr(),
            List.copyOf(addresses), newest.weft());
    }

    private String reservedFor(IpAddress address) {
        if (own == null) { return null; }
        if (own.address().equals(address)) { return " is this node's own"; }
        if (own.podCidr().contains(address)) { return " is in this node's podCIDR"; }
        return own.serviceCidr().contains(address) ? " is in serviceCidr" : null; // other ranges give way to nodes
    }

    private void refuse(Candidate peer, String why) {
        note(peer, "is not a peer: " + why);
    }

    private void note(Candidate peer, String what) {
        notes.computeIfAbsent(peer.name(), _ -> new ArrayList<>()).add(what);
    }
}
