package io.weft.controlplane.model;

import io.weft.encap.address.Ipv4Prefix;
import java.util.List;
import java.util.Optional;

/**
 * A Node.
 *
 * @param podCidrs spec.podCIDRs, else spec.podCIDR
 * @param internalIps status.addresses of type InternalIP
 * @param tunnel what its flannel annotations say, when it carries them
 */
public record ClusterNode(
    String name, List<Ipv4Prefix> podCidrs, List<Integer> internalIps, Optional<TunnelAnnotations> tunnel)
    implements
        ClusterObject {

    @Override
    public ObjectKey key() {
        return new ObjectKey(Kind.NODE, "", name);
    }
}
