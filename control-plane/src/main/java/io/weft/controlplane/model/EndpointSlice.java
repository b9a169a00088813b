package io.weft.controlplane.model;

import io.weft.encap.address.IpAddress;
import java.util.List;

/**
 * An EndpointSlice. One of another address type than IPv4 has no endpoints here, and says so in {@code unsupported}.
 *
 * @param serviceName label kubernetes.io/service-name; empty when it belongs to no Service
 */
public record EndpointSlice(
    String namespace, String name, String serviceName, List<Endpoint> endpoints, List<Port> ports,
    List<String> unsupported)
    implements
        ClusterObject {

    /** Conditions with the API's defaults filled in: ready and serving when not given, terminating not. */
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
