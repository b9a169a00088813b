/** Answers the health checks of external load balancers: {@code healthCheckNodePort} of Services. */
package io.weft.controlplane.healthcheck;
