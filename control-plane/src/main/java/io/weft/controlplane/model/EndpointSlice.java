package io.weft.controlplane.model;

import io.weft.encap.address.IpAddress;
import java.util.List;

/**
 * An EndpointSlice. A slice with an address type other than IPv4 has no endpoints here, and {@code unsupported} says so.
 *
 * @param serviceName label kubernetes.io/service-name; empty if it belongs to no Service
 */
public record EndpointSlice(
    String namespace, String name, String serviceName, List<Endpoint> endpoints, List<Port> ports,
    List<String> unsupported)
    implements
        ClusterObject {

    /** The conditions have the API's defaults if absent: ready and serving are true, terminating is false. */
    public record Endpoint(List<IpAddress> addresses, boolean ready, boolean serving, boolean terminating,
        String nodeName) {
    }

    /** @param name matches the Service port's name */
    public record Port(String name, int port, Protocol protocol) {
    }

    @Override
    public ObjectKey key() {
        return new ObjectKey(Kind.ENDPOINT_SLICE, namespace, name);
    }

    /** The Service it belongs to. */
    public ObjectKey serviceKey() {
        return new ObjectKey(Kind.SERVICE, namespace, serviceName);
    }
}
