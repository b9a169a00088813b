package io.weft.controlplane.healthcheck;

import io.weft.encap.address.IpAddress;
import java.util.Set;

/**
 * The health check of a Service of type LoadBalancer with externalTrafficPolicy Local, by which an external load balancer learns whether this
 * node has endpoints of the Service. Immutable.
 *
 * @param port {@code spec.healthCheckNodePort}
 * @param addresses of the node to listen on, those for NodePorts; the unspecified address for all of them
 * @param localEndpoints number of addresses of ready endpoints on this node, each counted once however many ports it has
 */
public record HealthCheckNodePort(
    String namespace, String name, int port, Set<IpAddress> addresses, int localEndpoints) {
    public HealthCheckNodePort {
        addresses = Set.copyOf(addresses);
    }

    /** {@code namespace/name}. */
    String service() {
        return namespace + "/" + name;
    }
}
