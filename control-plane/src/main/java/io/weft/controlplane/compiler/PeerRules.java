package io.weft.controlplane.compiler;

import io.weft.controlplane.compiler.PeerCompiler.Candidate;
import io.weft.dataplane.table.LocalNode;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.Ipv4Prefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What counts where Nodes contradict each other or this node. It follows from the objects alone, not from the order in which they came,
 * so that every node and every restart comes to the same answer:
 *
 * <ul>
 * <li>This node's own address and podCIDR are its own.
 * <li>Of overlapping podCIDRs the longer prefix counts: a short one given by mistake must not take the others' places. Of equally long
 *     ones, which are the same, that of the newer Node: a machine joined again under a new name. The other Node is no peer.
 * <li>Nodes with the same endpoint are one machine. All their podCIDRs are reached there, with the Ethernet address that the newest of
 *     them names: the machine has one tunnel device.
 * <li>A further address that several Nodes claim belongs to the newest.
 * <li>Newer is the later creation; of the same moment, the first by name.
 * </ul>
 */
final class PeerRules {
    private static final Comparator<Candidate> NEWEST = Comparator.comparingLong(Candidate::createdMillis).reversed()
        .thenComparing(Candidate::name);
    private static final Comparator<Candidate> FOR_PREFIXES = Comparator
        .comparingInt((Candidate peer) -> peer.podCidr().length()).reversed().thenComparing(NEWEST);

    /**
     * @param accepted the peers, with what they agree on and the addresses left to them
     * @param notes by node name: what of it is not in force
     */
    record Verdict(List<Candidate> accepted, Map<String, List<String>> notes) {
        static final Verdict NONE = new Verdict(List.of(), Map.of());
    }

    private final LocalNode own;
    private final Map<String, List<String>> notes = new TreeMap<>();
    private final TreeMap<Long, Candidate> byFirstAddress = new TreeMap<>();
    private final Map<Integer, Candidate> newestAtEndpoint = new HashMap<>();
    private final Map<Integer, Candidate> ownerOfAddress = new HashMap<>();

    private PeerRules(LocalNode own) {
        this.own = own;
    }

    /** @param own this node, or null while it is not known: without it there are no tables to be read */
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
        if (own != null && own.address() == peer.endpoint()) {
            refuse(peer, "its address " + Ipv4Address.format(peer.endpoint()) + " is this node's own");
            return;
        }
        Candidate other = overlapping(peer.podCidr());
        if (other != null) {
            refuse(peer, "its podCIDR " + peer.podCidr() + " overlaps " + other.podCidr() + " of " + other.name()
                + (other.podCidr().equals(peer.podCidr()) ? ", which is newer" : ", which is the longer prefix"));
            return;
        }
        byFirstAddress.put(unsigned(peer.podCidr().base()), peer);
    }

    /** Accepted prefixes are disjoint: only the neighbours can overlap another. */
    private Candidate overlapping(Ipv4Prefix prefix) {
        Map.Entry<Long, Candidate> before = byFirstAddress.floorEntry(unsigned(prefix.base()));
        if (before != null && before.getValue().podCidr().overlaps(prefix)) { return before.getValue(); }
        Map.Entry<Long, Candidate> after = byFirstAddress.ceilingEntry(unsigned(prefix.base()));
        return after != null && after.getValue().podCidr().overlaps(prefix) ? after.getValue() : null;
    }

    private Candidate reconciled(Candidate peer) {
        Candidate newest = newestAtEndpoint.get(peer.endpoint());
        if (newest.vtepMac() != peer.vtepMac()) {
            note(peer, "it has the address of " + newest.name() + ", which is newer: that one's VtepMAC counts");
        }
        List<Integer> addresses = new ArrayList<>();
        for (int address : peer.addresses()) {
            String why = reservedFor(address);
            Candidate owner = ownerOfAddress.putIfAbsent(address, peer);
            if (why == null && owner == null) {
                addresses.add(address);
            } else if (why != null || owner.endpoint() != peer.endpoint()) {
                note(peer, "its address " + Ipv4Address.format(address)
                    + (why != null ? why : " is also that of " + owner.name() + ", which is newer"));
            }
        }
        return new Candidate(peer.name(), peer.createdMillis(), peer.endpoint(), newest.vtepMac(), peer.podCidr(),
            List.copyOf(addresses), newest.weft());
    }

    private String reservedFor(int address) {
        if (own == null) { return null; }
        if (own.address() == address) { return " is this node's own"; }
        if (own.podCidr().contains(address)) { return " is in this node's podCIDR"; }
        return own.serviceCidr().contains(address) ? " is in serviceCidr" : null;
    }

    private void refuse(Candidate peer, String why) {
        note(peer, "is no peer: " + why);
    }

    private void note(Candidate peer, String what) {
        notes.computeIfAbsent(peer.name(), _ -> new ArrayList<>()).add(what);
    }

    private static long unsigned(int address) {
        return address & 0xFFFF_FFFFL;
    }
}
