package io.weft.controlplane.process;

import io.weft.controlplane.kubernetes.KubernetesApi;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.ManifestDirectory;
import io.weft.controlplane.source.kubernetes.KubernetesSource;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.ConfigurationException;
import io.weft.dataplane.config.NodeConfiguration;
import java.net.URI;
import java.util.Optional;

/** Chooses the source of cluster objects: the manifests, the kubeconfig's API, or the API by the pod's service account. */
public final class ClusterSources {
    private ClusterSources() {
    }

    /** The API that the node follows; empty if it follows manifests. Reads no file yet. Errors: as {@link #require}. */
    public static Optional<KubernetesApi> api(NodeConfiguration configuration) {
        return configuration.manifests().isPresent() ? Optional.empty() : Optional.of(KubernetesApi.of(configuration));
    }

    /** @throws ConfigurationException one line, if the configuration names no source */
    public static void require(NodeConfiguration configuration) {
        Optional<KubernetesApi> _ = api(configuration);
    }

    /**
     * As {@link #require}, and reads the credentials.
     *
     * @throws ConfigurationException one line that names the file and what is wrong
     */
    public static void check(NodeConfiguration configuration) {
        api(configuration).ifPresent(KubernetesApi::connection);
    }

    /** The address of the API, if it is one that Weft itself serves. Errors: as {@link #check}. */
    public static Optional<URI> serverInsideServiceCidr(NodeConfiguration configuration) {
        return api(configuration).flatMap(api -> {
            api.connection();
            return api.serverInsideServiceCidr();
        });
    }

    /** @param api of the same configuration, shared with all others that use it */
    static ClusterSource open(NodeConfiguration configuration, Optional<KubernetesApi> api, Failures failures) {
        return api.<ClusterSource>map(found -> new KubernetesSource(found, configuration.nodeName(), failures))
            .orElseGet(() -> new ManifestDirectory(configuration.manifests().orElseThrow(), failures));
    }
}
