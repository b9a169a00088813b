package io.weft.vmlab;

import static io.weft.vmlab.StreamPods.await;

import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.ClusterNode;
import io.weft.vmlab.kubernetes.Kubectl;
import io.weft.vmlab.kubernetes.NodeNetwork;
import io.weft.vmlab.kubernetes.WeftNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the failure of a node's processes, and pods that come and go, do to the traffic of pods in a real cluster: nothing. All tests send numbered
 * datagrams from a pod on one Weft node to a pod on the other meanwhile.
 */
class KubernetesFaultsIT {
    private static final int KILLS = Integer.getInteger("weft.it.kills", 5);
    private static final int POD_CYCLES = Integer.getInteger("weft.it.podCycles", 20);
    private static final int PODS_AT_ONCE = 10;
    /** The client of the API server opens a connection and an event loop's descriptors when it needs them; a leak would be one per pod or more. */
    private static final int MORE_DESCRIPTORS = 4;
    @RegisterExtension static final KubernetesExtension KUBERNETES = KubernetesExtension.of(
        NodeNetwork.Kind.WEFT, NodeNetwork.Kind.WEFT, NodeNetwork.Kind.LINUX);
    private static Kubectl kubectl;
    private static List<ClusterNode> weftNodes;
    private static StreamPods pods;
    private PodStreams streams;

    @BeforeAll
    static void deploy() throws Exception {
        Cluster cluster = KUBERNETES.cluster();
        kubectl = cluster.kubectl();
        weftNodes = List.of(cluster.node("n1"), cluster.node("n2"));
        pods = StreamPods.deploy(cluster, "faults-test");
    }

    @AfterAll
    static void remove() throws Exception {
        if (pods != null) {
            pods.close();
        }
    }

    @BeforeEach
    void startStreams() throws Exception {
        streams = pods.startStreams();
    }

    @AfterEach
    void stopStreams() throws Exception {
        streams.close();
    }

    /** Kills those of both nodes at the same time, since the supervisor makes each wait up to 30 s for its next start. */
    @Test
    void killingControlPlanesLosesNothing() throws Exception {
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int killed = 0; killed < KILLS; killed += weftNodes.size()) {
                List<Future<?>> kills = new ArrayList<>();
                for (ClusterNode node : weftNodes.subList(0, Math.min(weftNodes.size(), KILLS - killed))) {
                    kills.add(executor.submit(() -> {
                        weft(node).killControlPlane();
                        return null;
                    }));
                }
                for (Future<?> kill : kills) {
                    kill.get();
                }
            }
        }
        streams.assertComplete("control planes killed " + KILLS + " times");
    }

    @Test
    void killingKubeletAndContainerdLosesNothing() throws Exception {
        for (ClusterNode node : weftNodes) {
            node.kubelet().kill();
            node.restartRuntime();
            node.startKubelet();
        }
        kubectl.apply(pods.pod("proof-n1", "n1") + pods.pod("proof-n2", "n2"));
        pods.awaitPods();
        streams.assertComplete("kubelet and containerd of both nodes killed");
        pods.deletePods("proof");
    }

    @Test
    void podsThatComeAndGoLeaveNothingBehind() throws Exception {
        List<WeftFootprint> before = footprints();
        cyclePods(PODS_AT_ONCE); // opens what is opened once and kept
        await(before + " again", () -> footprints().equals(before));
        int descriptors = descriptors();
        for (int done = 0; done < POD_CYCLES; done += PODS_AT_ONCE) {
            cyclePods(Math.min(PODS_AT_ONCE, POD_CYCLES - done));
        }
        await(before + " again", () -> footprints().equals(before));
        System.out.printf("%d pods came and went: %s, descriptors %d before, %d after%n", POD_CYCLES, before,
            descriptors, descriptors());
        await(descriptors + " descriptors", () -> descriptors() <= descriptors + MORE_DESCRIPTORS);
        streams.assertComplete(POD_CYCLES + " pods created and deleted");
        for (ClusterNode node : weftNodes) {
            await("rest of the streams' frames on " + node.name(), () -> WeftFootprint.chunksUnderWay(node) == 0);
        }
    }

    /** Creates pods on both Weft nodes, waits until they run, and deletes them. */
    private static void cyclePods(int count) throws Exception {
        StringBuilder manifests = new StringBuilder();
        for (int i = 0; i < count; i++) {
            manifests.append(pods.pod("cycle" + i, "n" + (1 + i % 2)));
        }
        kubectl.apply(manifests.toString());
        pods.awaitPods();
        pods.deletePods("cycle");
    }

    private static List<WeftFootprint> footprints() throws Exception {
        return List.of(WeftFootprint.of(weftNodes.get(0)), WeftFootprint.of(weftNodes.get(1)));
    }

    private static int descriptors() throws Exception {
        return WeftFootprint.descriptors(weftNodes.get(0)) + WeftFootprint.descriptors(weftNodes.get(1));
    }

    private static WeftNetwork weft(ClusterNode node) {
        return (WeftNetwork) node.network();
    }
}
