package io.weft.vmlab.command;

import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.ClusterPlan;
import io.weft.vmlab.kubernetes.KubernetesBinaries;
import io.weft.vmlab.kubernetes.NodeNetwork;
import io.weft.vmlab.lab.Distribution;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.Privileges;
import io.weft.vmlab.lab.WeftNode;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code weft lab up}: sets up a cluster and leaves it running. */
@Command(name = "up", description = "Set up a cluster and leave it running", mixinStandardHelpOptions = true)
public final class LabUpCommand implements Callable<Integer> {
    @Mixin private LabOptions lab;

    @Option(names = "--nodes", defaultValue = "2", description = "nodes run by Weft, 1 to 8 (default: ${DEFAULT-VALUE})") private int nodes;

    @Option(names = "--workers", defaultValue = "1", description = "dataplane workers per node (default: ${DEFAULT-VALUE})") private int workers;

    @Option(names = "--no-kernel-peer", description = "leave out k1, a Linux node as flannel sets it up") private boolean noKernelPeer;

    @Option(names = "--pods", defaultValue = "1", description = "pods on each Weft node (default: ${DEFAULT-VALUE})") private int pods;

    @Option(names = "--kubernetes", description = "a real Kubernetes: control plane, kubelets, containers, cluster DNS") private boolean kubernetes;

    @Option(names = "--network", split = ",", paramLabel = "KIND", description = "with --kubernetes, each node's network: ${COMPLETION-CANDIDATES} (default: WEFT for each)") private List<NodeNetwork.Kind> networks;

    @Override
    public Integer call() throws Exception {
        Privileges.requireRoot("weft lab");
        return kubernetes ? bringUpKubernetes() : bringUp();
    }

    private int bringUpKubernetes() throws Exception {
        Optional<String> missing = Cluster.missing();
        if (missing.isPresent()) { throw new IOException(missing.get()); }
        KubernetesBinaries binaries = KubernetesBinaries.provide(Distribution.locate().checkout());
        Cluster cluster = Cluster.up(new ClusterPlan(lab.name, networks()), binaries);
        System.out.printf(
            "lab '%s' is up, a Kubernetes of %d nodes: %s get pods -A, ./weft lab status, ./weft lab down%n",
            lab.name, cluster.nodes().size(), Cluster.kubectl(cluster.lab()).orElseThrow());
        System.out.println("KUBECONFIG=" + cluster.kubectl().kubeconfig());
        return 0;
    }

    private List<NodeNetwork.Kind> networks() {
        return networks == null ? Collections.nCopies(nodes, NodeNetwork.Kind.WEFT) : networks;
    }

    private int bringUp() throws Exception {
        LabPlan plan = new LabPlan(lab.name, nodes, !noKernelPeer, workers);
        Lab running = Lab.up(plan);
        for (WeftNode node : running.nodes()) {
            for (int i = 1; i <= pods; i++) {
                Pod pod = node.addPod("pod" + i);
                System.out.printf("%s/%s %s%n", node.name(), pod.name(), pod.address().getHostAddress());
            }
        }
        System.out.printf(
            "lab '%s' is up: ./weft lab status, ./weft lab exec n1 -- ip address, ./weft lab down; manifests in %s%n",
            plan.name(), plan.manifests());
        return 0;
    }
}
