package io.weft.controlplane.model;

import io.weft.encap.address.IpPrefix;
import java.util.List;

/**
 * A ServiceCIDR: addresses from which the API server takes ClusterIPs.
 *
 * @param createdMillis metadata.creationTimestamp in milliseconds since the epoch, or {@link ClusterObject#NOT_YET_CREATED}
 * @param cidrs spec.cidrs, IPv4 only
 */
public record ServiceCidr(String name, long createdMillis, List<IpPrefix> cidrs, List<String> unsupported)
    implements
        ClusterObject {

    @Override
    public ObjectKey key() {
        return new ObjectKey(Kind.SERVICE_CIDR, "", name);
    }
}
