package io.weft.controlplane.kubernetes;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.weft.controlplane.kubernetes.ApiCredentials.Loaded;
import io.weft.dataplane.config.ConfigurationException;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Access to the Kubernetes API: from the configuration to a client for the server that answers. It notices when credentials change, and
 * turns to the next server when one does not answer. Any thread.
 *
 * <p>A server's address inside {@code serviceCidr} depends on the tables that Weft fills from that server. Therefore other addresses, once
 * {@link #learnServers learnt}, take precedence over it.
 */
public final class KubernetesApi {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);

    private final ApiCredentials credentials;
    private final List<URI> configuredServers;
    private final IpPrefix serviceCidr;
    private final Map<URI, ApiConnection> connections = new HashMap<>();
    private List<URI> learntServers = List.of();
    private Loaded loaded;
    private String fault = "";
    private int turn;

    KubernetesApi(ApiCredentials credentials, List<URI> configuredServers, IpPrefix serviceCidr) {
        this.credentials = credentials;
        this.configuredServers = configuredServers;
        this.serviceCidr = serviceCidr;
    }

    /**
     * Reads no file yet.
     *
     * @throws ConfigurationException if the configuration names no API and this process is not in a pod
     */
    public static KubernetesApi of(NodeConfiguration configuration) {
        return of(configuration, ServiceAccount.DIRECTORY, System.getenv());
    }

    static KubernetesApi of(NodeConfiguration configuration, Path serviceAccount, Map<String, String> variables) {
        Optional<ApiCredentials> credentials = configuration.kubeconfig().<ApiCredentials>map(Kubeconfig::new)
            .or(() -> ServiceAccount.find(serviceAccount, variables));
        return new KubernetesApi(credentials.orElseThrow(() -> notSet(configuration)), configuration.servers(),
            configuration.serviceCidr());
    }

    private static ConfigurationException notSet(NodeConfiguration configuration) {
        return new ConfigurationException(configuration.servers().isEmpty()
            ? "source: not set; set source.kubeconfig to a kubeconfig, or source.manifests to a directory of Kubernetes"
                + " manifests (outside a pod there is no service account)"
            : "source.servers: needs source.kubeconfig for the credentials (outside a pod there is no service account)");
    }

    /** Where the credentials come from. */
    public String description() {
        return credentials.description();
    }

    /**
     * A connection to the server whose turn it is, with the present credentials. It does not talk to the server. If changed credentials
     * cannot be read, the former ones stay in force, and {@link #fault} says so.
     *
     * @throws ConfigurationException one line, if credentials have never been read
     */
    public synchronized ApiConnection connection() {
        if (loaded == null || !loaded.files().areCurrent()) {
            reload();
        }
        return connections.computeIfAbsent(server(loaded), server -> connect(loaded, server));
    }

    /** What is wrong with changed credentials, one line; empty if nothing is. */
    public synchronized String fault() {
        return fault;
    }

    private void reload() {
        try {
            Loaded now = credentials.load();
            ApiConnection connection = connect(now, server(now));
            connections.clear();
            connections.put(connection.server(), connection);
            loaded = now;
            fault = "";
        } catch (ConfigurationException e) {
            fault = e.getMessage();
            if (loaded == null) { throw e; }
        }
    }

    /** The server whose turn it is; empty until credentials have been read. */
    public synchronized Optional<URI> server() {
        return Optional.ofNullable(loaded).map(this::server);
    }

    /** Whether {@link #connection} would use other credentials than this connection. */
    public synchronized boolean hasNewCredentials(ApiConnection connection) {
        return !loaded.files().areCurrent() || !connections.containsValue(connection);
    }

    /** The server has not answered: gives the next one its turn. Does nothing when another one has it already. */
    public synchronized void failed(ApiConnection connection) {
        if (loaded != null && server(loaded).equals(connection.server())) {
            turn = (turn + 1) % servers(loaded).size();
        }
    }

    /** As {@link #failed}, for a server that accepted a request and then fell silent: its open connections are not used again. */
    public synchronized void silent(ApiConnection connection) {
        failed(connection);
        connections.remove(connection.server(), connection);
    }

    /**
     * Names the addresses behind the Service {@code default/kubernetes}. They are used only instead of an address inside
     * {@code serviceCidr}.
     *
     * @param servers such as {@code https://192.0.2.10:6443}, in the order in which to try them
     */
    public synchronized void learnServers(List<URI> servers) {
        if (servers.equals(learntServers)) { return; }
        learntServers = List.copyOf(servers);
        if (serverInsideServiceCidr().isPresent()) {
            turn = 0;
        }
    }

    /**
     * The configured server, if Weft itself serves its address: without other addresses, a node with empty tables cannot reach it. Empty
     * until credentials have been read.
     */
    public synchronized Optional<URI> serverInsideServiceCidr() {
        return Optional.ofNullable(loaded).stream().flatMap(from -> configuredServers(from).stream())
            .filter(this::isInsideServiceCidr).findFirst();
    }

    private URI server(Loaded from) {
        List<URI> servers = servers(from);
        return servers.get(turn % servers.size());
    }

    private List<URI> servers(Loaded from) {
        List<URI> servers = new ArrayList<>(configuredServers(from));
        if (servers.stream().anyMatch(this::isInsideServiceCidr)) {
            servers.addAll(0, learntServers);
        }
        return servers;
    }

    private List<URI> configuredServers(Loaded from) {
        return configuredServers.isEmpty() ? List.of(from.server()) : configuredServers;
    }

    private boolean isInsideServiceCidr(URI server) {
        return IpAddress.parse(String.valueOf(server.getHost())).filter(serviceCidr::contains).isPresent();
    }

    private ApiConnection connect(Loaded from, URI server) {
        try {
            Config config = new ConfigBuilder(from.config())
                .withMasterUrl(server.toString())
                .withConnectionTimeout((int) CONNECT_TIMEOUT.toMillis())
                .withRequestTimeout((int) REQUEST_TIMEOUT.toMillis())
                .withRequestRetryBackoffLimit(0)
                .withUserAgent("weft")
                .build();
            return new ApiConnection(new KubernetesClientBuilder().withConfig(config).build(), server);
        } catch (KubernetesClientException | IllegalArgumentException e) {
            throw new ConfigurationException(credentials.description() + ": " + reason(e));
        }
    }

    private static String reason(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage()).lines().findFirst().orElse(cause.getClass().getSimpleName());
    }
}
