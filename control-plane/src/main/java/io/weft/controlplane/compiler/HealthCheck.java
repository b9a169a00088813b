package io.weft.controlplane.compiler;

import io.weft.controlplane.model.ObjectKey;

/**
 * What the health check port of a Service tells a load balancer: type LoadBalancer with externalTrafficPolicy Local has one.
 *
 * @param port healthCheckNodePort
 * @param localEndpoints addresses of ready endpoints on this node; each counts once, on however many ports
 */
public record HealthCheck(ObjectKey service, int port, int localEndpoints) {
}
