package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.TunnelAnnotations;
import io.weft.dataplane.table.PeerSpec;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.Ipv4Prefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Another node's object → {@link PeerSpec}. flannel's nodes and Weft's are told by the same annotations; a node without
 * them is no peer, and the reason is given.
 */
final class PeerCompiler {
    private final int vni;
    private final Ipv4Prefix serviceCidr;

    PeerCompiler(int vni, Ipv4Prefix serviceCidr) {
        this.vni = vni;
        this.serviceCidr = serviceCidr;
    }

    /**
     * @param index for the peer
     * @throws UnusableObjectException with the reason why the node is no peer
     */
    PeerSpec compile(ClusterNode node, int index) throws UnusableObjectException {
        TunnelAnnotations tunnel = tunnel(node);
        Ipv4Prefix podCidr = node.podCidrs().stream().findFirst()
            .orElseThrow(() -> unusable(node, "it has no podCIDR yet"));
        if (podCidr.overlaps(serviceCidr)) {
            throw unusable(node, "its podCIDR " + podCidr + " overlaps serviceCidr " + serviceCidr);
        }
        int endpoint = endpoint(node, tunnel);
        return new PeerSpec(index, node.name(), endpoint, vtepMac(node, tunnel), podCidr, addresses(node, endpoint),
            tunnel.weft());
    }

    /** Refuses a peer that another one, or this node, leaves no room for. */
    void checkDistinct(PeerSpec peer, Collection<PeerSpec> others, Optional<Ipv4Prefix> own)
        throws UnusableObjectException {
        if (own.isPresent() && own.get().overlaps(peer.podCidr())) {
            throw unusable(peer, "its podCIDR " + peer.podCidr() + " overlaps this node's " + own.get());
        }
        for (PeerSpec other : others) {
            if (other.index() != peer.index() && other.podCidr().overlaps(peer.podCidr())) {
                throw unusable(peer,
                    "its podCIDR " + peer.podCidr() + " overlaps " + other.podCidr() + " of " + other.nodeName());
            }
            if (other.index() != peer.index() && other.vtepIp() == peer.vtepIp()) {
                throw unusable(peer,
                    "its public-ip " + Ipv4Address.format(peer.vtepIp()) + " is that of " + other.nodeName());
            }
        }
    }

    private TunnelAnnotations tunnel(ClusterNode node) throws UnusableObjectException {
        TunnelAnnotations tunnel = node.tunnel()
            .orElseThrow(() -> unusable(node, "it carries neither flannel's annotations nor "
                + TunnelAnnotations.WEFT + ": \"true\"; see weft show annotations"));
        if (tunnel.weft() && tunnel.backendType().isEmpty()) { return tunnel; }
        if (!tunnel.subnetManager()) { throw unusable(node, TunnelAnnotations.SUBNET_MANAGER + " is not \"true\""); }
        if (!tunnel.backendType().equals(TunnelAnnotations.VXLAN)) {
            throw unusable(node, "its backend-type is \"" + tunnel.backendType() + "\"; only vxlan is supported");
        }
        if (tunnel.vni().isPresent() && tunnel.vni().getAsInt() != vni) {
            throw unusable(node, "its VNI is " + tunnel.vni().getAsInt() + ", this node's " + vni);
        }
        return tunnel;
    }

    private static int endpoint(ClusterNode node, TunnelAnnotations tunnel) throws UnusableObjectException {
        if (tunnel.publicIp().isPresent()) { return tunnel.publicIp().getAsInt(); }
        return node.internalIps().stream().findFirst()
            .orElseThrow(() -> unusable(node, "it has neither public-ip nor InternalIP"));
    }

    private static long vtepMac(ClusterNode node, TunnelAnnotations tunnel) throws UnusableObjectException {
        if (tunnel.vtepMac().isPresent()) { return tunnel.vtepMac().getAsLong(); }
        if (tunnel.weft()) { return VtepMac.ofNode(node.name()); }
        throw unusable(node, "its backend-data has no VtepMAC");
    }

    private static List<Integer> addresses(ClusterNode node, int endpoint) {
        Set<Integer> addresses = new LinkedHashSet<>(node.internalIps());
        addresses.add(endpoint);
        return new ArrayList<>(addresses).subList(0, Math.min(addresses.size(), PeerSpec.MAX_NODE_ADDRESSES));
    }

    private static UnusableObjectException unusable(ClusterNode node, String why) {
        return new UnusableObjectException("Node " + node.name() + " is no peer: " + why);
    }

    private static UnusableObjectException unusable(PeerSpec peer, String why) {
        return new UnusableObjectException("Node " + peer.nodeName() + " is no peer: " + why);
    }
}
