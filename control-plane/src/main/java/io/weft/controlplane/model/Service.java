package io.weft.controlplane.model;

import io.weft.encap.address.IpAddress;
import java.util.List;

/**
 * A Service.
 *
 * @param createdMillis metadata.creationTimestamp in milliseconds since the epoch, or {@link ClusterObject#NOT_YET_CREATED}
 * @param type ClusterIP, NodePort, LoadBalancer or ExternalName
 * @param clusterIps IPv4 only; empty if headless or ExternalName
 * @param unsupported what it asks for but Weft does not support, one phrase each
 */
public record Service(
    String namespace, String name, long createdMillis, String type, List<IpAddress> clusterIps, List<Port> ports,
    List<String> unsupported)
    implements
        ClusterObject {

    /** @param name empty if the Service has a single unnamed port */
    public record Port(String name, int port, Protocol protocol) {
    }

    @Override
    public ObjectKey key() {
        return new ObjectKey(Kind.SERVICE, namespace, name);
    }
}
