package io.weft.controlplane.kubernetes;

import io.fabric8.kubernetes.api.model.AuthInfo;
import io.fabric8.kubernetes.api.model.Cluster;
import io.fabric8.kubernetes.api.model.Context;
import io.fabric8.kubernetes.api.model.NamedAuthInfo;
import io.fabric8.kubernetes.api.model.NamedCluster;
import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.weft.dataplane.config.ConfigurationException;
import io.weft.nativebindings.linux.FileErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A kubeconfig file: its current context's cluster and user. Relative file names in it are relative to its directory
 * (<a href="https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/">kubeconfig, v1</a>).
 */
public final class Kubeconfig implements ApiCredentials {
    private final Path file;

    Kubeconfig(Path file) {
        this.file = file;
    }

    @Override
    public String description() {
        return "kubeconfig " + file;
    }

    @Override
    public Loaded load() {
        io.fabric8.kubernetes.api.model.Config content = parse();
        Context context = context(content);
        Cluster cluster = cluster(content, context);
        AuthInfo user = user(content, context);
        CredentialFiles files = CredentialFiles.read(files(cluster, user));
        certificates(cluster, user).forEach(files::requireCertificate);
        Config config = config();
        tokenFile(user).ifPresent(token -> config.setOauthToken(files.token(token)));
        return new Loaded(config, files);
    }

    private io.fabric8.kubernetes.api.model.Config parse() {
        try {
            String text = Files.readString(file);
            io.fabric8.kubernetes.api.model.Config content = Serialization.unmarshal(text,
                io.fabric8.kubernetes.api.model.Config.class);
            if (content != null) { return content; }
        } catch (IOException e) {
            throw new ConfigurationException(FileErrors.describe(e));
        } catch (IllegalArgumentException | KubernetesClientException e) {
            throw new ConfigurationException(file + ": not a kubeconfig: " + firstLine(e));
        }
        throw new ConfigurationException(file + ": not a kubeconfig: it is empty");
    }

    private Config config() {
        try {
            return Config.fromKubeconfig(file.toFile());
        } catch (KubernetesClientException e) {
            throw new ConfigurationException(file + ": " + firstLine(e));
        }
    }

    private Context context(io.fabric8.kubernetes.api.model.Config content) {
        String name = Optional.ofNullable(content.getCurrentContext()).orElse("");
        if (name.isEmpty()) { throw wrong("current-context: is missing"); }
        return content.getContexts().stream().filter(context -> name.equals(context.getName())).findFirst()
            .map(NamedContext::getContext)
            .orElseThrow(() -> wrong("current-context: there is no context \"" + name + "\""));
    }

    private Cluster cluster(io.fabric8.kubernetes.api.model.Config content, Context context) {
        Cluster cluster = content.getClusters().stream()
            .filter(candidate -> candidate.getName().equals(context.getCluster())).findFirst()
            .map(NamedCluster::getCluster)
            .orElseThrow(() -> wrong("clusters: there is no cluster \"" + context.getCluster() + "\""));
        if (cluster.getServer() == null || cluster.getServer().isEmpty()) {
            throw wrong("clusters: " + context.getCluster() + ": server: is missing");
        }
        if (cluster.getTlsServerName() != null && !cluster.getTlsServerName().isEmpty()) {
            throw wrong("clusters: " + context.getCluster()
                + ": tls-server-name: is not supported; name the server as its certificate does");
        }
        return cluster;
    }

    private AuthInfo user(io.fabric8.kubernetes.api.model.Config content, Context context) {
        return content.getUsers().stream()
            .filter(candidate -> candidate.getName().equals(context.getUser())).findFirst()
            .map(NamedAuthInfo::getUser)
            .orElseThrow(() -> wrong("users: there is no user \"" + context.getUser() + "\""));
    }

    private List<Path> files(Cluster cluster, AuthInfo user) {
        List<Path> files = new ArrayList<>(List.of(file));
        files.addAll(certificates(cluster, user));
        resolve(user.getClientKey()).ifPresent(files::add);
        tokenFile(user).ifPresent(files::add);
        return files;
    }

    private List<Path> certificates(Cluster cluster, AuthInfo user) {
        return Stream.of(cluster.getCertificateAuthority(), user.getClientCertificate())
            .flatMap(name -> resolve(name).stream()).toList();
    }

    /** The token's file takes precedence over a token in the kubeconfig. */
    private Optional<Path> tokenFile(AuthInfo user) {
        return resolve(user.getTokenFile());
    }

    private Optional<Path> resolve(String name) {
        return Optional.ofNullable(name).filter(text -> !text.isEmpty())
            .map(text -> file.toAbsolutePath().resolveSibling(text));
    }

    private ConfigurationException wrong(String what) {
        return new ConfigurationException(file + ": " + what);
    }

    private static String firstLine(Exception e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
    }
}
