package io.weft.vmlab.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.encap.address.MacAddress;
import io.weft.vmlab.lab.Distribution;
import io.weft.vmlab.lab.LabFile;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.LabSite;
import io.weft.vmlab.lab.TunnelAnnotations;
import io.weft.vmlab.lab.Underlay;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A Kubernetes cluster on one machine: a control plane and nodes with real kubelets and containers, each in a network namespace on an
 * underlay of their own. {@link #close} removes everything.
 */
public final class Cluster implements AutoCloseable {
    private static final String WEFT = "weft";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private final LabPlan lab;
    private final Underlay underlay;
    private final ControlPlane controlPlane;
    private final Path proxyKubeconfig;
    private final Map<String, ClusterNode> nodes = new LinkedHashMap<>();

    private Cluster(ClusterPlan plan, KubernetesBinaries binaries, Distribution distribution) throws Exception {
        lab = plan.lab();
        underlay = Underlay.create(lab.underlayNamespace());
        controlPlane = new ControlPlane(lab, underlay.connect(ControlPlane.host(lab), 1), binaries);
        proxyKubeconfig = controlPlane.credentials().user("system:kube-proxy");
        for (int i = 0; i < plan.hosts().size(); i++) {
            LabPlan.Host host = plan.hosts().get(i);
            Path kubeconfig = controlPlane.credentials().user("system:node:" + host.name(), "system:nodes");
            ClusterNode node = new ClusterNode(lab, host, underlay.connect(host, lab.workers()), binaries, kubeconfig);
            node.useNetwork(network(plan.networks().get(i), node, distribution));
            nodes.put(host.name(), node);
        }
    }

    private NodeNetwork network(NodeNetwork.Kind kind, ClusterNode node, Distribution distribution) {
        return switch (kind) {
            case LINUX -> new LinuxNetwork(node, controlPlane.kubectl(), proxyKubeconfig);
            case WEFT -> new WeftNetwork(lab, node, distribution, weftKubeconfig(node));
        };
    }

    /** Each node has its own, though they all say the same, so that one of them can be turned to another server. */
    private Path weftKubeconfig(ClusterNode node) {
        return controlPlane.credentials().kubeconfigFile(weftOn(node));
    }

    private static String weftOn(ClusterNode node) {
        return WEFT + "-" + node.name();
    }

    /** As its manifests say: a service account that may do no more than Weft needs. */
    private void authorizeWeft(Distribution distribution) throws Exception {
        kubectl().run("apply", "--filename", distribution.home().resolve("kubernetes/rbac.yaml").toString());
        String token = kubectl().run("--namespace=kube-system", "create", "token", WEFT, "--duration=24h").strip();
        for (ClusterNode node : nodes.values()) {
            controlPlane.credentials().kubeconfig(weftOn(node), token);
        }
    }

    /**
     * Why this machine cannot have a cluster, in one line; empty if it can. Programs of Kubernetes that are not there yet do not count:
     * {@link KubernetesBinaries#provide} builds them.
     */
    public static Optional<String> missing() {
        return Optional.ofNullable(ContainerRuntime.missing());
    }

    /**
     * Sets up a cluster: all nodes ready, cluster DNS running.
     *
     * @throws IOException if a lab of that name exists already, or a part of the cluster does not start
     */
    public static Cluster up(ClusterPlan plan, KubernetesBinaries binaries) throws Exception {
        Distribution distribution = Distribution.locate();
        LabSite.claim(plan.lab());
        LabFile.write(plan.lab());
        Cluster cluster = null;
        try {
            cluster = new Cluster(plan, binaries, distribution);
            cluster.start(binaries, distribution, plan.networks().contains(NodeNetwork.Kind.WEFT));
            return cluster;
        } catch (Exception e) {
            if (cluster != null) {
                cluster.closeThreads();
            }
            LabSite.clear(plan.lab());
            throw e;
        }
    }

    private void start(KubernetesBinaries binaries, Distribution distribution, boolean usesWeft) throws Exception {
        List<Process> imports = startRuntimes(Images.write(binaries, lab.storage().resolve("images")));
        controlPlane.start();
        for (Process process : imports) {
            if (process.waitFor() != 0) { throw new IOException("an image was not imported: see containerd.log"); }
        }
        for (ClusterNode node : nodes.values()) {
            node.startKubelet();
        }
        controlPlane.kubectl().apply(manifest("coredns.yaml"));
        if (usesWeft) {
            authorizeWeft(distribution);
        }
        for (ClusterNode node : nodes.values()) {
            String podCidr = awaitPodCidr(node);
            controlPlane.addRoute(podCidr, node.host().address());
            node.network().start(podCidr);
        }
        introduceNodes();
        awaitReady();
        kubectl().writeWrapper(kubectlOf(lab));
    }

    /** The imports go on while the control plane starts. */
    private List<Process> startRuntimes(List<Path> images) throws Exception {
        List<Process> imports = new ArrayList<>();
        for (ClusterNode node : nodes.values()) {
            node.runtime().start();
            for (Path image : images) {
                imports.add(node.runtime().importing(image));
            }
        }
        return imports;
    }

    private static String manifest(String name) throws IOException {
        try (InputStream in = Cluster.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private String awaitPodCidr(ClusterNode node) throws Exception {
        String[] found = {""};
        Await.until("pod CIDR for node " + node.name(), LIMIT, List.of(node.kubelet()), () -> {
            found[0] = controlPlane.kubectl().attempt("get", "node", node.name(), "--output=jsonpath={.spec.podCIDR}")
                .out();
            return !found[0].isBlank();
        });
        return found[0];
    }

    /** Tells each node's network about all others, as a watch on Nodes would. */
    private void introduceNodes() throws Exception {
        Map<String, NodeNetwork.Peer> peers = new LinkedHashMap<>();
        Await.until("tunnel endpoint of every node in its annotations", LIMIT, daemons(), () -> {
            for (JsonNode node : controlPlane.kubectl().json("get", "nodes").path("items")) {
                peer(node).ifPresent(peer -> peers.put(node.path("metadata").path("name").asText(), peer));
            }
            return peers.keySet().containsAll(nodes.keySet());
        });
        for (ClusterNode node : nodes.values()) {
            peers.forEach((name, peer) -> {
                if (!name.equals(node.name())) {
                    node.network().addPeer(peer);
                }
            });
        }
    }

    private Optional<NodeNetwork.Peer> peer(JsonNode node) throws IOException {
        JsonNode annotations = node.path("metadata").path("annotations");
        String data = annotations.path(TunnelAnnotations.PREFIX + "backend-data").asText();
        String podCidr = node.path("spec").path("podCIDR").asText();
        if (data.isEmpty() || podCidr.isEmpty()) { return Optional.empty(); }
        return Optional.of(new NodeNetwork.Peer(
            LabPlan.ip(annotations.path(TunnelAnnotations.PREFIX + "public-ip").asText()),
            LabPlan.ip(podCidr.substring(0, podCidr.indexOf('/'))),
            MacAddress.parse(JSON.readTree(data).path("VtepMAC").asText()).orElseThrow()));
    }

    private void awaitReady() throws Exception {
        controlPlane.kubectl().run("wait", "--for=condition=Ready", "nodes", "--all",
            "--timeout=" + LIMIT.toSeconds() + "s");
        for (ClusterNode node : nodes.values()) {
            node.network().nodeReady();
        }
        controlPlane.kubectl().run("--namespace=kube-system", "rollout", "status", "deployment/coredns",
            "--timeout=" + LIMIT.toSeconds() + "s");
    }

    private List<Daemon> daemons() throws IOException {
        List<Daemon> all = new ArrayList<>(controlPlane.daemons());
        for (ClusterNode node : nodes.values()) {
            all.addAll(node.daemons());
        }
        return all;
    }

    /** The {@code kubectl} of the cluster in a lab, which runs anywhere on this machine; empty if the lab is no cluster. */
    public static Optional<Path> kubectl(LabPlan lab) {
        return Optional.of(kubectlOf(lab)).filter(Files::exists);
    }

    private static Path kubectlOf(LabPlan lab) {
        return lab.directory().resolve("bin/kubectl");
    }

    public LabPlan lab() {
        return lab;
    }

    public ControlPlane controlPlane() {
        return controlPlane;
    }

    public Kubectl kubectl() {
        return controlPlane.kubectl();
    }

    public ClusterNode node(String name) {
        ClusterNode node = nodes.get(name);
        if (node == null) { throw new IllegalArgumentException("no node " + name + " in cluster " + lab.name()); }
        return node;
    }

    public List<ClusterNode> nodes() {
        return List.copyOf(nodes.values());
    }

    public Underlay underlay() {
        return underlay;
    }

    private void closeThreads() {
        nodes.values().forEach(ClusterNode::close);
        controlPlane.close();
        underlay.close();
    }

    @Override
    public void close() throws IOException {
        closeThreads();
        LabSite.clear(lab);
    }
}
