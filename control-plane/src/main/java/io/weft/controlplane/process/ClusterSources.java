package io.weft.controlplane.process;

import io.weft.controlplane.kubernetes.KubernetesApi;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.ManifestDirectory;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.ConfigurationException;
import io.weft.dataplane.config.NodeConfiguration;
import java.util.Optional;

/** Chooses the source of cluster objects: the manifests, the kubeconfig's API, or the API by the pod's service account. */
public final class ClusterSources {
    private ClusterSources() {
    }

    /** @throws ConfigurationException one line, if the configuration names no source */
    public static void require(NodeConfiguration configuration) {
        if (configuration.manifests().isEmpty()) {
            KubernetesApi.of(configuration);
        }
    }

    /** Also reads the credentials. @throws ConfigurationException one line that names the file and what is wrong */
    public static void check(NodeConfiguration configuration) {
        if (configuration.manifests().isEmpty()) {
            KubernetesApi.of(configuration).connection();
        }
    }

    /** The API that the source follows; empty if the source is a directory of manifests. */
    static Optional<KubernetesApi> api(NodeConfiguration configuration) {
        return configuration.manifests().isPresent() ? Optional.empty() : Optional.of(KubernetesApi.of(configuration));
    }

    static ClusterSource open(NodeConfiguration configuration, Failures failures) {
        return configuration.manifests().<ClusterSource>map(directory -> new ManifestDirectory(directory, failures))
            .orElseThrow(() -> new StartException("source: following the Kubernetes API is not supported yet; set"
                + " source.manifests to a directory of Kubernetes manifests"));
    }
}
