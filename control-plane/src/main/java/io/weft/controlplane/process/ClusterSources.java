package io.weft.controlplane.process;

import io.weft.controlplane.kubernetes.KubernetesApi;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.ManifestDirectory;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.ConfigurationException;
import io.weft.dataplane.config.NodeConfiguration;

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

    static ClusterSource open(NodeConfiguration configuration, Failures failures) {
        return configuration.manifests().<ClusterSource>map(directory -> new ManifestDirectory(directory, failures))
            .orElseThrow(() -> new StartException("source: following the Kubernetes API is not supported yet; set"
                + " source.manifests to a directory of Kubernetes manifests"));
    }
}
