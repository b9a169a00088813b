package io.weft.controlplane.kubernetes;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.URI;

/**
 * A client for one API server. It repeats no request by itself. Do not close it: requests of others may be under way.
 *
 * @param server such as {@code https://192.0.2.10:6443}
 */
public record ApiConnection(KubernetesClient client, URI server) {
}
