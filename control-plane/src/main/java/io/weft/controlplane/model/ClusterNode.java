package io.weft.controlplane.model;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.List;
import java.util.Optional;

/**
 * A Node.
 *
 * @param createdMillis metadata.creationTimestamp in milliseconds since the epoch; if absent, when its manifest was written
 * @param podCidrs spec.podCIDRs, or spec.podCIDR if that is absent
 * @param internalIps status.addresses of type InternalIP
 * @param zone label topology.kubernetes.io/zone; empty without
 * @param tunnel its tunnel annotations; empty if it has none
 * @param unsupported what it asks for but Weft does not support, one phrase each
 */
public record ClusterNode(
    String name, long createdMillis, List<IpPrefix> podCidrs, List<IpAddress> internalIps, String zone,
    Optional<TunnelAnnotations> tunnel, List<String> unsupported)
    implements
        ClusterObject {

    @Override
    public ObjectKey key() {
        return new ObjectKey(Kind.NODE, "", name);
    }
}
