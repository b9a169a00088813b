package io.weft.vmlab.kubernetes;

import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** etcd, the API server, the controller manager and the scheduler, on a host of the underlay that is not a node. */
public final class ControlPlane implements AutoCloseable {
    static final String SERVER_NAME = "cp";
    private static final int HOST_NUMBER = 50;
    private static final int NODE_CIDR_BITS = 24;
    private static final Duration START_TIME = Duration.ofMinutes(2);
    /** Where etcd serves clients, without authentication, in the control plane's namespace. */
    public static final String ETCD = "http://127.0.0.1:2379";
    private final LabPlan lab;
    private final KubernetesBinaries binaries;
    private final Path namespace;
    private final Path directory;
    private final NamespaceThread place;
    private final Credentials credentials;
    private final Kubectl kubectl;
    private final Path managerKubeconfig;
    private final Path schedulerKubeconfig;
    private final List<Daemon> daemons = new ArrayList<>();
    private Daemon apiServer;

    /** @param namespace of {@link #host} */
    ControlPlane(LabPlan lab, Path namespace, KubernetesBinaries binaries) throws IOException {
        this.lab = lab;
        this.namespace = namespace;
        this.binaries = binaries;
        directory = Files.createDirectories(lab.directory().resolve(SERVER_NAME));
        place = new NamespaceThread(namespace);
        credentials = new Credentials(credentialsOf(lab),
            server());
        kubectl = new Kubectl(namespace, place, binaries, credentials.user("admin", "system:masters"));
        managerKubeconfig = credentials.user("system:kube-controller-manager");
        schedulerKubeconfig = credentials.user("system:kube-scheduler");
    }

    /** The URL of the API server. */
    public String server() {
        return "https://" + host(lab).address().getHostAddress() + ":6443";
    }

    /** The certificate of the API server, which is its own authority. */
    public Path certificate() {
        return credentials.certificate();
    }

    /** The network namespace of the control plane's host. */
    public Path namespace() {
        return namespace;
    }

    /** The host of the control plane on the underlay. */
    static LabPlan.Host host(LabPlan lab) {
        return new LabPlan.Host(lab.name(), SERVER_NAME, HOST_NUMBER);
    }

    private static Path credentialsOf(LabPlan lab) {
        return lab.directory().resolve(SERVER_NAME).resolve("credentials");
    }

    /** The kubeconfig of the administrator of the cluster in a lab. */
    static Path administrator(LabPlan lab) {
        return credentialsOf(lab).resolve("admin.kubeconfig");
    }

    /** Users that are to exist when the API server starts are added before. */
    Credentials credentials() {
        return credentials;
    }

    public Kubectl kubectl() {
        return kubectl;
    }

    /** Starts everything; returns once the API server is ready. */
    void start() throws Exception {
        daemons.add(component("etcd", "--data-dir=" + lab.storage().resolve("etcd"), "--unsafe-no-fsync",
            "--listen-client-urls=" + ETCD, "--advertise-client-urls=" + ETCD,
            "--listen-peer-urls=http://127.0.0.1:2380", "--log-level=warn"));
        startApiServer();
        Await.until("ready API server", START_TIME, daemons(), kubectl::isServerReady);
        daemons.add(component("kube-controller-manager", "--kubeconfig=" + managerKubeconfig,
            "--service-account-private-key-file=" + credentials.serviceAccountKey(),
            "--root-ca-file=" + credentials.certificate(),
            "--cluster-cidr=" + LabPlan.CLUSTER_CIDR, "--service-cluster-ip-range=" + LabPlan.SERVICE_CIDR,
            "--allocate-node-cidrs", "--node-cidr-mask-size=" + NODE_CIDR_BITS, "--leader-elect=false",
            "--use-service-account-credentials", "--cert-dir=" + directory.resolve("kube-controller-manager")));
        daemons.add(component("kube-scheduler", "--kubeconfig=" + schedulerKubeconfig, "--leader-elect=false",
            "--cert-dir=" + directory.resolve("kube-scheduler")));
    }

    /** Starts the API server, also after {@link #apiServer} was killed. */
    public void startApiServer() throws Exception {
        apiServer = component("kube-apiserver", "--etcd-servers=" + ETCD,
            "--cert-dir=" + credentials.certificateDirectory(),
            "--service-account-key-file=" + credentials.serviceAccountPublicKey(),
            "--service-account-signing-key-file=" + credentials.serviceAccountKey(),
            "--service-account-issuer=https://kubernetes.default.svc", "--token-auth-file=" + credentials.tokens(),
            "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
            "--service-cluster-ip-range=" + LabPlan.SERVICE_CIDR, "--allow-privileged=true",
            "--advertise-address=" + host(lab).address().getHostAddress(),
            "--kubelet-preferred-address-types=InternalIP");
    }

    private Daemon component(String name, String... flags) throws Exception {
        return Daemon.start(place, name, binaries.component(name, List.of(flags)), directory.resolve(name + ".log"))
            .inCgroup(lab, host(lab), name);
    }

    /**
     * Leads packets of this host to some addresses through a node, in place of an earlier route: to the node's pods for the API server's
     * proxy, or to addresses of Services.
     */
    public void addRoute(String cidr, InetAddress node) {
        try (Rtnetlink kernel = Rtnetlink.openIn(namespace)) {
            kernel.replaceRoute(route(kernel, cidr, node));
        }
    }

    /** Undoes {@link #addRoute}. */
    public void removeRoute(String cidr, InetAddress node) {
        try (Rtnetlink kernel = Rtnetlink.openIn(namespace)) {
            kernel.deleteRoute(route(kernel, cidr, node));
        }
    }

    private static Route route(Rtnetlink kernel, String cidr, InetAddress node) {
        String[] parts = cidr.split("/");
        return Route.to(LabPlan.number(LabPlan.ip(parts[0])), Integer.parseInt(parts[1]))
            .via(LabPlan.number(node), kernel.link(LabPlan.UPLINK).orElseThrow().index());
    }

    /** A thread on this host, which is outside the cluster. */
    public NamespaceThread thread() {
        return place;
    }

    public Daemon apiServer() {
        return apiServer;
    }

    List<Daemon> daemons() {
        List<Daemon> all = new ArrayList<>(daemons);
        all.add(apiServer);
        return all;
    }

    @Override
    public void close() {
        place.close();
    }
}
