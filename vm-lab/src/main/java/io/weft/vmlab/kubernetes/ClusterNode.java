package io.weft.vmlab.kubernetes;

import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A node of a cluster: containerd and a kubelet, in namespaces of their own. */
public final class ClusterNode implements AutoCloseable {
    static final String DNS_ADDRESS = "10.96.0.10";
    static final String DNS_DOMAIN = "cluster.local";
    private final LabPlan lab;
    private final LabPlan.Host host;
    private final Path namespace;
    private final KubernetesBinaries binaries;
    private final Path kubeconfig;
    private final NamespaceThread thread;
    private final NodeFiles files;
    private final ContainerRuntime runtime;
    private NodeNetwork network;
    private Daemon kubelet;

    /** @param kubeconfig the node's own */
    ClusterNode(LabPlan lab, LabPlan.Host host, Path namespace, KubernetesBinaries binaries, Path kubeconfig)
        throws Exception {
        this.lab = lab;
        this.host = host;
        this.namespace = namespace;
        this.binaries = binaries;
        this.kubeconfig = kubeconfig;
        files = new NodeFiles(lab, host);
        thread = new NamespaceThread(namespace);
        thread.call(() -> {
            files.enter();
            return null;
        });
        runtime = new ContainerRuntime(lab, host, thread, files);
        addDefaultRoute();
    }

    /** A kubelet wants one, and Linux sends nothing to a Service's address without one. */
    private void addDefaultRoute() {
        try (Rtnetlink kernel = Rtnetlink.openIn(namespace)) {
            int uplink = kernel.link(LabPlan.UPLINK).orElseThrow().index();
            kernel.replaceRoute(
                Route.to(0, 0).via(LabPlan.number(ControlPlane.host(lab).address()), uplink));
        }
    }

    void useNetwork(NodeNetwork itsNetwork) {
        network = itsNetwork;
    }

    /** Starts the kubelet, also after {@link #kubelet} was stopped. */
    public void startKubelet() throws Exception {
        Path configuration = Files.writeString(files.shared("kubelet").resolve("config.yaml"), kubeletConfiguration());
        kubelet = start("kubelet", List.of("--config=" + configuration, "--kubeconfig=" + kubeconfig,
            "--hostname-override=" + host.name(), "--node-ip=" + host.address().getHostAddress()));
    }

    /** For any machine: with swap or without, with cgroups of version 1 or 2, whatever manages them. */
    private String kubeletConfiguration() throws IOException {
        Path resolver = Files.writeString(files.shared("kubelet").resolve("resolv.conf"), "");
        return """
            apiVersion: kubelet.config.k8s.io/v1beta1
            kind: KubeletConfiguration
            containerRuntimeEndpoint: %s
            clusterDNS: [%s]
            clusterDomain: %s
            resolvConf: %s
            volumePluginDir: /var/lib/kubelet/volume-plugins
            authentication:
              anonymous: {enabled: true}
              webhook: {enabled: false}
            authorization: {mode: AlwaysAllow}
            cgroupDriver: cgroupfs
            cgroupsPerQOS: false
            enforceNodeAllocatable: []
            failCgroupV1: false
            failSwapOn: false
            makeIPTablesUtilChains: false
            imageGCHighThresholdPercent: 100
            evictionHard:
              memory.available: 1Mi
              nodefs.available: 0.1%%
              nodefs.inodesFree: 0.1%%
              imagefs.available: 0.1%%
            """.formatted(ContainerRuntime.ENDPOINT, DNS_ADDRESS, DNS_DOMAIN, resolver);
    }

    /** Sets whether Linux forwards packets here. */
    void setForwarding(boolean on) throws Exception {
        thread.call(() -> {
            Sysctl.write("net/ipv4/ip_forward", on ? "1" : "0");
            return null;
        });
    }

    /** Loads rules of nftables. */
    void loadRules(String name, String rules) throws Exception {
        Path file = Files.writeString(files.shared("nftables").resolve(name + ".nft"), rules);
        ExternalCommand.Output output = thread.call(ExternalCommand.of("nft", "-f", file.toString())::run);
        if (output.exit() != 0) { throw new IOException("nft -f " + file + ": " + output.text()); }
    }

    /** Starts a component of Kubernetes on this node. */
    Daemon start(String component, List<String> flags) throws Exception {
        return Daemon.start(thread, component + " of " + host.name(), binaries.component(component, flags),
            lab.directory().resolve(host.name()).resolve(component + ".log")).inCgroup(lab, host, component);
    }

    public String name() {
        return host.name();
    }

    public LabPlan.Host host() {
        return host;
    }

    public Path namespace() {
        return namespace;
    }

    /** Kills containerd with SIGKILL and starts it again; containers run on meanwhile. */
    public void restartRuntime() throws Exception {
        runtime.kill();
        runtime.start();
    }

    /**
     * A thread in the network namespace of a running container.
     *
     * @param container its identifier in containerd
     */
    public NamespaceThread enter(String container) throws Exception {
        return new NamespaceThread(NetworkNamespace.ofProcess(runtime.processOf(container)));
    }

    /** A thread in the node's namespaces. */
    public NamespaceThread thread() {
        return thread;
    }

    NodeFiles files() {
        return files;
    }

    ContainerRuntime runtime() {
        return runtime;
    }

    public NodeNetwork network() {
        return network;
    }

    public Daemon kubelet() {
        return kubelet;
    }

    List<Daemon> daemons() throws IOException {
        List<Daemon> all = new ArrayList<>(List.of(runtime.daemon(), kubelet));
        all.addAll(network.daemons());
        return all;
    }

    @Override
    public void close() {
        thread.close();
    }
}
