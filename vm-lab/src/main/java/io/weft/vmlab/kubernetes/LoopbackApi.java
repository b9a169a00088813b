package io.weft.vmlab.kubernetes;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * etcd and an API server without any node or controller, on this machine's loopback: for objects that nothing but a source of cluster objects
 * looks at. {@link #close} ends both, and so does the end of this process.
 */
public final class LoopbackApi implements AutoCloseable {
    private static final String HOST = "127.0.0.1";
    private static final String SERVER = "https://" + HOST + ":16443";
    private static final String ETCD = "http://" + HOST + ":12379";
    private static final String ETCD_PEERS = "http://" + HOST + ":12380";
    private static final String ADMIN = "admin";
    private static final Duration START_TIME = Duration.ofMinutes(3);

    private final KubernetesBinaries binaries;
    private final Path directory;
    private final NamespaceThread place = new NamespaceThread(
        NetworkNamespace.ofProcess(ProcessHandle.current().pid()));
    private final Deque<Daemon> daemons = new ArrayDeque<>();
    private final Credentials credentials;
    private final Path kubeconfig;

    private LoopbackApi(Path directory, KubernetesBinaries binaries) throws IOException {
        this.directory = directory;
        this.binaries = binaries;
        credentials = new Credentials(Files.createDirectories(credentials(directory)), SERVER);
        kubeconfig = credentials.user(ADMIN, "system:masters");
    }

    /**
     * Starts both and returns once the API server is ready.
     *
     * @param directory for credentials, logs and etcd's data
     * @param serviceCidr range of ClusterIPs
     * @param advertised an address that is not loopback; the EndpointSlice {@code default/kubernetes} will name it
     * @throws IOException if one of them does not start
     */
    public static LoopbackApi start(Path directory, KubernetesBinaries binaries, String serviceCidr, String advertised)
        throws Exception {
        LoopbackApi api = new LoopbackApi(directory, binaries);
        try {
            api.run(serviceCidr, advertised);
            return api;
        } catch (Exception e) {
            api.close();
            throw e;
        }
    }

    private void run(String serviceCidr, String advertised) throws Exception {
        component("etcd", "--data-dir=" + directory.resolve("etcd"), "--unsafe-no-fsync",
            "--listen-client-urls=" + ETCD, "--advertise-client-urls=" + ETCD, "--listen-peer-urls=" + ETCD_PEERS,
            "--log-level=warn");
        component("kube-apiserver", "--etcd-servers=" + ETCD, "--bind-address=" + HOST, "--secure-port=16443",
            "--advertise-address=" + advertised, "--cert-dir=" + credentials.certificateDirectory(),
            "--service-account-key-file=" + credentials.serviceAccountPublicKey(),
            "--service-account-signing-key-file=" + credentials.serviceAccountKey(),
            "--service-account-issuer=https://kubernetes.default.svc", "--token-auth-file=" + credentials.tokens(),
            "--authorization-mode=RBAC", "--service-cluster-ip-range=" + serviceCidr);
        Kubectl kubectl = new Kubectl(NetworkNamespace.ofProcess(ProcessHandle.current().pid()), place, binaries,
            kubeconfig);
        Await.until("ready API server", START_TIME, new ArrayList<>(daemons), kubectl::isServerReady);
    }

    private void component(String name, String... flags) throws Exception {
        Daemon daemon = Daemon.start(place, name, binaries.component(name, List.of(flags)),
            directory.resolve(name + ".log"));
        daemons.push(daemon);
        ProcessHandle process = daemon.process();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy, "end of " + name));
    }

    /** Where {@link #start} puts the administrator's kubeconfig. */
    public static Path kubeconfig(Path directory) {
        return credentials(directory).resolve(ADMIN + ".kubeconfig");
    }

    private static Path credentials(Path directory) {
        return directory.resolve("credentials");
    }

    @Override
    public void close() throws InterruptedException {
        while (!daemons.isEmpty()) {
            daemons.pop().stop();
        }
        place.close();
    }
}
