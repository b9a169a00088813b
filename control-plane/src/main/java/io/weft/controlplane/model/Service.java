package io.weft.controlplane.model;

import java.util.List;

/**
 * A Service.
 *
 * @param type ClusterIP, NodePort, LoadBalancer or ExternalName
 * @param clusterIps IPv4 only; empty when headless or ExternalName
 */
public record Service(String namespace, String name, String type, List<Integer> clusterIps, List<Port> ports)
    implements
        ClusterObject {

    /** @param name empty when the Service has one unnamed port */
    public record Port(String name, int port, Protocol protocol) {
    }

    @Override
    public ObjectKey key() {
        return new ObjectKey(Kind.SERVICE, namespace, name);
    }
}
