package io.weft.controlplane.model;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.List;
import java.util.Optional;

/**
 * A Node.
 *
 * @param createdMillis metadata.creationTimestamp in milliseconds since the epoch; without one, when its manifest was written
 * @param podCidrs spec.podCIDRs, else spec.podCIDR
 * @param internalIps status.addresses of type InternalIP
 * @param tunnel what its flannel annotations say, when it carries them
 * @param unsupported what it asks for and Weft has not, one phrase each
 */
public record ClusterNode(
    String name, long createdMillis, List<IpPrefix> podCidrs, List<IpAddress> internalIps,
    Optional<TunnelAnnotations> tunnel, List<String> unsupported)
    implements
        ClusterObject {

    @Override
    public ObjectKey key() {
        return new ObjectKey(Kind.NODE, "", name);
    }
}
