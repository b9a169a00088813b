package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.ClusterNode;
import io.weft.vmlab.kubernetes.Images;
import io.weft.vmlab.kubernetes.Kubectl;
import io.weft.vmlab.kubernetes.NodeNetwork;
import io.weft.vmlab.kubernetes.WeftNetwork;
import io.weft.vmlab.net.NamespaceThread;
import io.weft.vmlab.traffic.SequencedUdp;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the failure of other processes does to the traffic of pods in a real cluster: nothing. All tests send numbered datagrams from a pod
 * on one Weft node to a pod on the other meanwhile.
 */
class KubernetesFaultsIT {
    private static final int OUTAGE_SECONDS = Integer.getInteger("weft.it.outageSeconds", 5);
    private static final int KILLS = Integer.getInteger("weft.it.kills", 5);
    private static final int POD_CYCLES = Integer.getInteger("weft.it.podCycles", 20);
    private static final int PODS_AT_ONCE = 10;
    /** The client of the API server opens a connection and an event loop's descriptors when it needs them; a leak would be one per pod or more. */
    private static final int MORE_DESCRIPTORS = 4;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String NAMESPACE = "faults-test";
    private static final int PORT = 53;
    private static final int LATE_PORT = 5003;
    @RegisterExtension static final KubernetesExtension KUBERNETES = KubernetesExtension.of(
        NodeNetwork.Kind.WEFT, NodeNetwork.Kind.WEFT, NodeNetwork.Kind.LINUX);
    private static Cluster cluster;
    private static Kubectl kubectl;
    private static List<ClusterNode> weftNodes;
    private static NamespaceThread sender;
    private static NamespaceThread receiver;
    private static String receiverAddress;
    private static InetSocketAddress direct;
    private static InetSocketAddress service;
    private PodStreams streams;

    @BeforeAll
    static void deploy() throws Exception {
        cluster = KUBERNETES.cluster();
        kubectl = cluster.kubectl();
        weftNodes = List.of(cluster.node("n1"), cluster.node("n2"));
        kubectl.run("create", "namespace", NAMESPACE);
        kubectl.apply(pod("sender", "n1") + pod("receiver", "n2") + serviceWithoutSelector("stream")
            + serviceWithoutSelector("late"));
        awaitPods();
        sender = enter("sender", "n1");
        receiver = enter("receiver", "n2");
        receiverAddress = kubectl.json("--namespace=" + NAMESPACE, "get", "pod", "receiver")
            .path("status").path("podIP").asText();
        kubectl.apply(endpoint("stream", PodStreams.SERVICE_PORT));
        direct = new InetSocketAddress(receiverAddress, PodStreams.DIRECT_PORT);
        service = clusterIp("stream");
        PodStreams.awaitPath(sender, receiver, PodStreams.DIRECT_PORT, direct);
        PodStreams.awaitPath(sender, receiver, PodStreams.SERVICE_PORT, service);
    }

    @AfterAll
    static void remove() throws Exception {
        for (NamespaceThread thread : new NamespaceThread[]{sender, receiver}) {
            if (thread != null) {
                thread.close();
            }
        }
        if (kubectl != null) {
            kubectl.run("delete", "namespace", NAMESPACE, "--wait=false");
        }
    }

    @BeforeEach
    void startStreams() throws Exception {
        streams = new PodStreams(sender, receiver, direct, service);
    }

    @AfterEach
    void stopStreams() throws Exception {
        streams.close();
    }

    @Test
    void killingTheApiServerLosesNothingAndChangesAreUsedOnceItIsBack() throws Exception {
        InetSocketAddress late = clusterIp("late");
        cluster.controlPlane().apiServer().kill();
        try {
            Thread.sleep(Duration.ofSeconds(OUTAGE_SECONDS));
        } finally {
            cluster.controlPlane().startApiServer();
            await("the API server", () -> kubectl.attempt("get", "--raw", "/readyz").exit() == 0);
        }
        long ready = System.nanoTime();
        try (SequencedUdp waiting = SequencedUdp.start(sender, receiver, new InetSocketAddress(LATE_PORT), late, 500)) {
            kubectl.apply(endpoint("late", LATE_PORT));
            long applied = System.nanoTime();
            PodStreams.awaitFirst(waiting, late);
            long used = System.nanoTime();
            System.out.printf(
                "an endpoint was used %d ms after the API server was ready, %d ms after kubectl wrote it%n",
                (used - ready) / 1_000_000, (used - applied) / 1_000_000);
        }
        streams.assertComplete("API server away for " + OUTAGE_SECONDS + " s and its start");
    }

    @Test
    void killingTheControlPlaneOfANodeLosesNothing() throws Exception {
        for (int i = 0; i < KILLS; i++) {
            weft(weftNodes.get(i % 2)).killControlPlane();
        }
        streams.assertComplete("control plane killed " + KILLS + " times");
    }

    @Test
    void killingKubeletAndContainerdLosesNothing() throws Exception {
        for (ClusterNode node : weftNodes) {
            node.kubelet().kill();
            node.restartRuntime();
            node.startKubelet();
        }
        kubectl.apply(pod("proof-n1", "n1") + pod("proof-n2", "n2"));
        awaitPods();
        streams.assertComplete("kubelet and containerd of both nodes killed");
        deletePods("proof");
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
    }

    /** Creates pods on both Weft nodes, waits until they run, and deletes them. */
    private static void cyclePods(int count) throws Exception {
        StringBuilder pods = new StringBuilder();
        for (int i = 0; i < count; i++) {
            pods.append(pod("cycle" + i, "n" + (1 + i % 2)));
        }
        kubectl.apply(pods.toString());
        awaitPods();
        deletePods("cycle");
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

    private static void deletePods(String app) throws Exception {
        kubectl.run("--namespace=" + NAMESPACE, "delete", "pod", "--selector=app=" + app, "--timeout=120s");
    }

    private static void awaitPods() throws Exception {
        kubectl.run("--namespace=" + NAMESPACE, "wait", "--for=condition=Ready", "pods", "--all", "--timeout=120s");
    }

    private static NamespaceThread enter(String pod, String node) throws Exception {
        JsonNode container = kubectl.json("--namespace=" + NAMESPACE, "get", "pod", pod)
            .path("status").path("containerStatuses").path(0).path("containerID");
        return cluster.node(node).enter(container.asText().replace("containerd://", ""));
    }

    private static InetSocketAddress clusterIp(String name) throws Exception {
        return new InetSocketAddress(kubectl.json("--namespace=" + NAMESPACE, "get", "service", name)
            .path("spec").path("clusterIP").asText(), PORT);
    }

    /** With a grace period, a pod is gone from the API only once its kubelet has ended it. */
    private static String pod(String name, String node) {
        return """
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: %2$s, namespace: %1$s, labels: {app: %5$s}}
            spec:
              nodeName: %3$s
              terminationGracePeriodSeconds: 1
              containers: [{name: main, image: %4$s}]
            """.formatted(NAMESPACE, name, node, Images.PAUSE, name.replaceAll("[-0-9].*", ""));
    }

    /** Its endpoints are the test's: the controller manager may call pods unready that a kubelet has not reported for a while. */
    private static String serviceWithoutSelector(String name) {
        return """
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: %2$s, namespace: %1$s}
            spec:
              ports: [{port: %3$d, protocol: UDP}]
            """.formatted(NAMESPACE, name, PORT);
    }

    private static String endpoint(String name, int port) {
        return """
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: %2$s, namespace: %1$s, labels: {kubernetes.io/service-name: %2$s}}
            addressType: IPv4
            ports: [{port: %4$d, protocol: UDP, name: ""}]
            endpoints: [{addresses: [%3$s], nodeName: n2, conditions: {ready: true}}]
            """.formatted(NAMESPACE, name, receiverAddress, port);
    }

    /** A condition that is asked again and again. */
    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(String what, Condition condition) throws Exception {
        long start = System.nanoTime();
        while (!condition.holds()) {
            assertTrue(System.nanoTime() - start < PATIENCE.toNanos(),
                "no " + what + " in " + PATIENCE.toSeconds() + " s");
            Thread.sleep(100);
        }
    }
}
