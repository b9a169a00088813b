package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.ClusterNode;
import io.weft.vmlab.kubernetes.Kubectl;
import io.weft.vmlab.kubernetes.NodeNetwork;
import io.weft.vmlab.traffic.HttpLoad;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A Deployment in a real cluster of two Weft nodes and one of flannel and kube-proxy: its pods are reached across nodes, by address and by the name of
 * their Service.
 */
class KubernetesIT {
    private static final String NAMESPACE = "deployment-test";
    private static final int REPLICAS = 6;
    private static final int MAX_REQUESTS = 100;
    private static final int REQUESTS_PER_SECOND = 50;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    @RegisterExtension static final KubernetesExtension KUBERNETES = KubernetesExtension.of(
        NodeNetwork.Kind.WEFT, NodeNetwork.Kind.WEFT, NodeNetwork.Kind.LINUX);
    private static Cluster cluster;
    private static WebDeployment web;
    /** Name and address of each pod of the Deployment. */
    private static Map<String, String> backends;

    @BeforeAll
    static void deploy() throws Exception {
        cluster = KUBERNETES.cluster();
        web = WebDeployment.deploy(cluster, NAMESPACE, REPLICAS, Duration.ZERO,
            cluster.nodes().stream().map(ClusterNode::name).toList());
        backends = web.backends();
    }

    @AfterAll
    static void remove() throws Exception {
        if (web != null) {
            web.close();
        }
    }

    @Test
    void thePodsRunOnAllNodes() throws Exception {
        Set<String> used = new HashSet<>();
        for (JsonNode pod : web.pods()) {
            used.add(pod.path("spec").path("nodeName").asText());
        }
        assertEquals(cluster.nodes().size(), used.size(), used.toString());
    }

    @Test
    void everyPodIsReachedByItsAddressFromEveryNode() throws Exception {
        for (ClusterNode node : cluster.nodes()) {
            for (Map.Entry<String, String> backend : backends.entrySet()) {
                assertEquals(backend.getKey(), get(node, backend.getValue() + ":8080").out(), node.name());
            }
        }
    }

    @Test
    void everyPodIsReachedThroughTheServicesNameFromEveryNode() throws Exception {
        for (ClusterNode node : cluster.nodes()) {
            Set<String> answers = new HashSet<>();
            for (int i = 0; i < MAX_REQUESTS && answers.size() < REPLICAS; i++) {
                answers.add(get(node, "web").out());
            }
            assertEquals(backends.keySet(), answers, node.name());
        }
    }

    @Test
    void everyPodIsReachedThroughTheClusterIpFromEveryNodeItself() throws Exception {
        InetSocketAddress service = web.clusterIp();
        for (ClusterNode node : cluster.nodes()) {
            try (HttpLoad load = HttpLoad.start(node.thread(), service, "/hostname", REQUESTS_PER_SECOND)) {
                StreamPods.await(MAX_REQUESTS + " answers to " + node.name(), () -> load.answered() >= MAX_REQUESTS);
                HttpLoad.Result result = load.finish();
                assertEquals(backends.keySet(), result.perBackend().keySet(), node.name());
                assertEquals(0, result.failed(), node.name() + ": " + result);
            }
        }
    }

    /** The control run: what the other tests see is the network's doing. */
    @Test
    void nothingIsReachedWhileTheNetworkIsStopped() throws Exception {
        for (ClusterNode node : cluster.nodes()) {
            node.network().stop();
        }
        try (ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor()) {
            Map<String, Future<Kubectl.Result>> results = new HashMap<>();
            for (ClusterNode node : cluster.nodes()) {
                results.put(node.name() + " to the Service", requests.submit(() -> get(node, "web")));
                for (String address : backends.values()) {
                    results.put(node.name() + " to " + address, requests.submit(() -> get(node, address + ":8080")));
                }
            }
            for (Map.Entry<String, Future<Kubectl.Result>> result : results.entrySet()) {
                assertNotEquals(0, result.getValue().get().exit(), result.getKey());
            }
        } finally {
            for (ClusterNode node : cluster.nodes()) {
                node.network().startAgain();
            }
            awaitNetwork();
        }
    }

    private static void awaitNetwork() throws Exception {
        long start = System.nanoTime();
        for (ClusterNode node : cluster.nodes()) {
            while (get(node, "web").exit() != 0) {
                assertTrue(System.nanoTime() - start < PATIENCE.toNanos(), node.name() + ": the network is not back");
            }
            node.network().nodeReady();
        }
    }

    private static Kubectl.Result get(ClusterNode node, String host) throws Exception {
        return web.attemptInClient(node.name(), "timeout", "5", "wget", "-q", "-O", "-",
            "http://" + host + "/hostname");
    }
}
