package io.weft.controlplane.model;

import io.weft.encap.address.IpAddress;
import java.util.List;

/**
 * A Pod.
 *
 * @param createdMillis metadata.creationTimestamp in milliseconds since the epoch, or {@link ClusterObject#NOT_YET_CREATED}
 * @param nodeName empty until it is scheduled
 * @param podIps empty until it runs, and after it has finished: another Pod may have its address then
 */
public record Pod(
    String namespace, String name, long createdMillis, String nodeName, boolean hostNetwork, List<IpAddress> podIps)
    implements
        ClusterObject {
    @Override
    public ObjectKey key() {
        return new ObjectKey(Kind.POD, namespace, name);
    }

    @Override
    public List<String> unsupported() {
        return List.of();
    }
}
