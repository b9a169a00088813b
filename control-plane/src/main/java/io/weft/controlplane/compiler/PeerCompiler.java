package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.TunnelAnnotations;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.table.PeerSpec;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Turns another node's object, by itself, into what it would be as a peer. The same annotations mark flannel's nodes and Weft's; a node
 * without them is not a peer, and the reason is reported.
 */
class PeerCompiler {

    /**
     * A node as a peer, before it is compared with others.
     *
     * @param endpoint outer address of its tunnel
     * @param addresses its own
     */
    record Candidate(
        String name, long createdMillis, IpAddress endpoint, long vtepMac, IpPrefix podCidr, List<IpAddress> addresses,
        boolean weft) {
    }

    private final Overlay overlay;
    private final IpPrefix serviceCidr;

    PeerCompiler(Overlay overlay, IpPrefix serviceCidr) {
        this.overlay = overlay;
        this.serviceCidr = serviceCidr;
    }

    /** @throws UnusableObjectException with the reason why the node is not a peer */
    Candidate compile(ClusterNode node) throws UnusableObjectException {
        TunnelAnnotations tunnel = tunnel(node);
        IpPrefix podCidr = node.podCidrs().stream().findFirst()
            .orElseThrow(() -> unusable("it has no podCIDR yet"));
        if (podCidr.overlaps(serviceCidr)) {
            throw unusable("its podCIDR " + podCidr + " overlaps serviceCidr " + serviceCidr);
        }
        IpAddress endpoint = endpoint(node, tunnel);
        if (endpoint.isUnspecified()) { throw unusable("its address is " + endpoint); }
        return new Candidate(node.name(), node.createdMillis(), endpoint, vtepMac(node, tunnel), podCidr,
            addresses(node, endpoint), tunnel.weft());
    }

    private TunnelAnnotations tunnel(ClusterNode node) throws UnusableObjectException {
        TunnelAnnotations tunnel = node.tunnel()
            .orElseThrow(() -> unusable("it carries neither flannel's annotations nor "
                + TunnelAnnotations.WEFT + ": \"true\"; see weft show annotations"));
        if (tunnel.weft() && tunnel.backendType().isEmpty()) { return tunnel; }
        if (!tunnel.subnetManager()) { throw unusable(TunnelAnnotations.SUBNET_MANAGER + " is not \"true\""); }
        String backendType = overlay.encapsulation().label();
        if (!tunnel.backendType().equals(backendType)) {
            throw unusable("its backend-type is \"" + tunnel.backendType() + "\", this node's " + backendType);
        }
        if (tunnel.vni().isPresent() && tunnel.vni().getAsInt() != overlay.id()) {
            throw unusable("its VNI is " + tunnel.vni().getAsInt() + ", this node's " + overlay.id());
        }
        return tunnel;
    }

    private static IpAddress endpoint(ClusterNode node, TunnelAnnotations tunnel) throws UnusableObjectException {
        if (tunnel.publicIp().isPresent()) { return tunnel.publicIp().get(); }
        return node.internalIps().stream().findFirst()
            .orElseThrow(() -> unusable("it has neither public-ip nor InternalIP"));
    }

    private long vtepMac(ClusterNode node, TunnelAnnotations tunnel) throws UnusableObjectException {
        if (tunnel.vtepMac().isPresent()) { return tunnel.vtepMac().getAsLong(); }
        if (tunnel.weft() || !overlay.encapsulation().hasInnerEthernet()) { return VtepMac.ofNode(node.name()); }
        throw unusable("its backend-data has no VtepMAC");
    }

    private static List<IpAddress> addresses(ClusterNode node, IpAddress endpoint) {
        Set<IpAddress> addresses = new LinkedHashSet<>(node.internalIps());
        addresses.add(endpoint);
        addresses.removeIf(IpAddress::isUnspecified);
        return new ArrayList<>(addresses).subList(0, Math.min(addresses.size(), PeerSpec.MAX_NODE_ADDRESSES));
    }

    private static UnusableObjectException unusable(String why) {
        return new UnusableObjectException("is not a peer: " + why);
    }
}
