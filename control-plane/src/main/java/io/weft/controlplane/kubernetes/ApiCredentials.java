package io.weft.controlplane.kubernetes;

import io.fabric8.kubernetes.client.Config;
import io.weft.dataplane.config.ConfigurationException;
import java.net.URI;

/** Where the Kubernetes API is, and how a client proves who it is: read from files that may change at any time. */
public sealed interface ApiCredentials permits Kubeconfig, ServiceAccount {

    /**
     * The client's configuration as the files were when they were read.
     *
     * @param files what it was read from, to notice a change
     */
    record Loaded(Config config, CredentialFiles files) {
        URI server() {
            String url = config.getMasterUrl();
            return URI.create(url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
        }
    }

    /** For people, such as {@code kubeconfig /etc/weft/kubeconfig}. */
    String description();

    /**
     * Reads the files.
     *
     * @throws ConfigurationException one line that names the file and what is wrong
     */
    Loaded load();
}
