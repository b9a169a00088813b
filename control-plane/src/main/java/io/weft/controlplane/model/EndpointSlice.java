package io.weft.controlplane.model;

import io.weft.encap.address.IpAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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

    /**
     * The conditions have kube-proxy's defaults if absent: ready and serving are true, terminating is false.
     *
     * @param nodeName empty if it is on no node
     */
    public record Endpoint(List<IpAddress> addresses, boolean ready, boolean serving, boolean terminating,
        String nodeName, Hints hints) {
        /** Without hints. */
        public Endpoint(List<IpAddress> addresses, boolean ready, boolean serving, boolean terminating,
            String nodeName) {
            this(addresses, ready, serving, terminating, nodeName, Hints.NONE);
        }
    }

    /**
     * Whose clients should be sent to an endpoint.
     *
     * @param zones names in hints.forZones
     * @param nodes names in hints.forNodes
     */
    public record Hints(List<String> zones, List<String> nodes) {
        public static final Hints NONE = new Hints(List.of(), List.of());
    }

    /** @param name matches the Service port's name */
    public record Port(String name, int port, Protocol protocol) {
    }

    /** An equal slice, in which those endpoints and ports that are equal to some of {@code other} are the same objects. */
    public EndpointSlice sharing(EndpointSlice other) {
        Endpoint[] shared = endpoints.toArray(Endpoint[]::new);
        Map<Endpoint, Endpoint> known = Map.of();
        for (int i = 0; i < shared.length; i++) {
            if (i < other.endpoints.size() && shared[i].equals(other.endpoints.get(i))) {
                shared[i] = other.endpoints.get(i);
            } else {
                known = known.isEmpty() ? other.byThemselves() : known;
                shared[i] = known.getOrDefault(shared[i], shared[i]);
            }
        }
        return new EndpointSlice(namespace, name, serviceName, List.of(shared),
            ports.equals(other.ports) ? other.ports : ports, unsupported);
    }

    private Map<Endpoint, Endpoint> byThemselves() {
        Map<Endpoint, Endpoint> known = new HashMap<>();
        endpoints.forEach(endpoint -> known.put(endpoint, endpoint));
        return known;
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
