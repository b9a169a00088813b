package io.weft.controlplane.kubernetes;

import io.fabric8.kubernetes.client.Config;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The service account of the pod that this process runs in: a token, which the kubelet replaces before it expires, the cluster's authority,
 * and the address of the Service {@code default/kubernetes}
 * (<a href="https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/">Accessing the API from a Pod</a>).
 */
public final class ServiceAccount implements ApiCredentials {
    static final Path DIRECTORY = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");
    static final String HOST_VARIABLE = "KUBERNETES_SERVICE_HOST";
    static final String PORT_VARIABLE = "KUBERNETES_SERVICE_PORT";

    private final Path token;
    private final Path authority;
    private final String server;

    private ServiceAccount(Path directory, String server) {
        this.token = directory.resolve("token");
        this.authority = directory.resolve("ca.crt");
        this.server = server;
    }

    /** @return empty unless this process runs in a pod with a service account */
    static Optional<ServiceAccount> find(Path directory, Map<String, String> variables) {
        String host = variables.getOrDefault(HOST_VARIABLE, "");
        String port = variables.getOrDefault(PORT_VARIABLE, "");
        if (host.isEmpty() || port.isEmpty() || !Files.exists(directory.resolve("token"))) { return Optional.empty(); }
        return Optional.of(new ServiceAccount(directory, "https://" + (host.contains(":") ? "[" + host + "]" : host)
            + ":" + port));
    }

    @Override
    public String description() {
        return "service account in " + token.getParent();
    }

    @Override
    public Loaded load() {
        CredentialFiles files = CredentialFiles.read(List.of(token, authority));
        files.requireCertificate(authority);
        Config config = Config.empty();
        config.setMasterUrl(server);
        config.setCaCertFile(authority.toString());
        config.setOauthToken(files.token(token));
        return new Loaded(config, files);
    }
}
