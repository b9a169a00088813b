package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.ClusterNode;
import io.weft.vmlab.kubernetes.Images;
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
    private static Kubectl kubectl;
    /** Name and address of each pod of the Deployment. */
    private static final Map<String, String> BACKENDS = new HashMap<>();

    @BeforeAll
    static void deploy() throws Exception {
        cluster = KUBERNETES.cluster();
        kubectl = cluster.kubectl();
        kubectl.createNamespace(NAMESPACE);
        kubectl.apply("""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web, namespace: %1$s}
            spec:
              replicas: %2$d
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  terminationGracePeriodSeconds: 1
                  topologySpreadConstraints:
                  - maxSkew: 1
                    topologyKey: kubernetes.io/hostname
                    whenUnsatisfiable: DoNotSchedule
                    labelSelector: {matchLabels: {app: web}}
                  containers:
                  - name: web
                    image: %3$s
                    args: [netexec, --http-port=8080]
                    readinessProbe: {httpGet: {path: /hostname, port: 8080}, periodSeconds: 1}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: %1$s}
            spec:
              selector: {app: web}
              ports: [{port: 80, targetPort: 8080}]
            """.formatted(NAMESPACE, REPLICAS, Images.AGNHOST));
        for (ClusterNode node : cluster.nodes()) {
            kubectl.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: client-%2$s, namespace: %1$s}
                spec:
                  nodeName: %2$s
                  terminationGracePeriodSeconds: 1
                  containers: [{name: client, image: %3$s, args: [pause]}]
                """.formatted(NAMESPACE, node.name(), Images.AGNHOST));
        }
        kubectl.run("--namespace=" + NAMESPACE, "rollout", "status", "deployment/web", "--timeout=120s");
        kubectl.run("--namespace=" + NAMESPACE, "wait", "--for=condition=Ready", "pods", "--all", "--timeout=120s");
        for (JsonNode pod : kubectl.json("--namespace=" + NAMESPACE, "get", "pods", "--selector=app=web")
            .path("items")) {
            BACKENDS.put(pod.path("metadata").path("name").asText(), pod.path("status").path("podIP").asText());
        }
    }

    @AfterAll
    static void remove() throws Exception {
        if (kubectl != null) {
            kubectl.run("delete", "namespace", NAMESPACE, "--wait=false");
        }
    }

    @Test
    void thePodsRunOnAllNodes() throws Exception {
        Set<String> used = new HashSet<>();
        for (JsonNode pod : kubectl.json("--namespace=" + NAMESPACE, "get", "pods", "--selector=app=web")
            .path("items")) {
            used.add(pod.path("spec").path("nodeName").asText());
        }
        assertEquals(cluster.nodes().size(), used.size(), used.toString());
    }

    @Test
    void everyPodIsReachedByItsAddressFromEveryNode() throws Exception {
        for (ClusterNode node : cluster.nodes()) {
            for (Map.Entry<String, String> backend : BACKENDS.entrySet()) {
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
            assertEquals(BACKENDS.keySet(), answers, node.name());
        }
    }

    @Test
    void everyPodIsReachedThroughTheClusterIpFromEveryNodeItself() throws Exception {
        InetSocketAddress service = new InetSocketAddress(kubectl.json("--namespace=" + NAMESPACE, "get", "service",
            "web").path("spec").path("clusterIP").asText(), 80);
        for (ClusterNode node : cluster.nodes()) {
            try (HttpLoad load = HttpLoad.start(node.thread(), service, "/hostname", REQUESTS_PER_SECOND)) {
                StreamPods.await(MAX_REQUESTS + " answers to " + node.name(), () -> load.answered() >= MAX_REQUESTS);
                HttpLoad.Result result = load.finish();
                assertEquals(BACKENDS.keySet(), result.perBackend().keySet(), node.name());
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
                for (String address : BACKENDS.values()) {
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
        return kubectl.attempt("--namespace=" + NAMESPACE, "exec", "client-" + node.name(), "--",
            "timeout", "5", "wget", "-q", "-O", "-", "http://" + host + "/hostname");
    }
}
