package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.Images;
import io.weft.vmlab.kubernetes.Kubectl;
import io.weft.vmlab.net.NamespaceThread;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * A pod on {@code n1} that sends and a pod on {@code n2} that receives {@link PodStreams}, in a Kubernetes namespace of their own, and Services whose endpoints
 * the test writes.
 */
final class StreamPods implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String SENDER = "sender";
    private static final String RECEIVER = "receiver";
    private static final String STREAM = "stream";
    private static final int PORT = 53;
    private final Cluster cluster;
    private final Kubectl kubectl;
    private final String namespace;
    private NamespaceThread sender;
    private NamespaceThread receiver;
    private String senderAddress;
    private String receiverAddress;
    private InetSocketAddress stream;

    private StreamPods(Cluster cluster, String namespace) {
        this.cluster = cluster;
        this.namespace = namespace;
        kubectl = cluster.kubectl();
    }

    /** Returns once the paths of the streams work. */
    static StreamPods deploy(Cluster cluster, String namespace) throws Exception {
        StreamPods pods = new StreamPods(cluster, namespace);
        try {
            pods.deploy();
            return pods;
        } catch (Exception | AssertionError e) {
            pods.close();
            throw e;
        }
    }

    private void deploy() throws Exception {
        kubectl.createNamespace(namespace);
        kubectl.apply(pod(SENDER, "n1") + pod(RECEIVER, "n2") + service(STREAM));
        awaitPods();
        sender = enter(SENDER, "n1");
        receiver = enter(RECEIVER, "n2");
        senderAddress = addressOf(SENDER);
        receiverAddress = addressOf(RECEIVER);
        stream = clusterIp(STREAM);
        kubectl.apply(endpoint(STREAM, PodStreams.SERVICE_PORT));
        awaitPaths();
    }

    /** Waits until new flows reach the receiver and the Service; needs no API server. */
    void awaitPaths() throws Exception {
        PodStreams.awaitPath(sender, receiver, PodStreams.DIRECT_PORT, direct());
        PodStreams.awaitPath(sender, receiver, PodStreams.SERVICE_PORT, stream);
    }

    PodStreams startStreams() throws Exception {
        return new PodStreams(sender, receiver, direct(), stream);
    }

    private InetSocketAddress direct() {
        return new InetSocketAddress(receiverAddress, PodStreams.DIRECT_PORT);
    }

    NamespaceThread sender() {
        return sender;
    }

    NamespaceThread receiver() {
        return receiver;
    }

    String senderAddress() {
        return senderAddress;
    }

    private String addressOf(String pod) throws Exception {
        return kubectl.json("--namespace=" + namespace, "get", "pod", pod).path("status").path("podIP").asText();
    }

    InetSocketAddress clusterIp(String service) throws Exception {
        return new InetSocketAddress(kubectl.json("--namespace=" + namespace, "get", "service", service)
            .path("spec").path("clusterIP").asText(), PORT);
    }

    private NamespaceThread enter(String pod, String node) throws Exception {
        JsonNode container = kubectl.json("--namespace=" + namespace, "get", "pod", pod)
            .path("status").path("containerStatuses").path(0).path("containerID");
        return cluster.node(node).enter(container.asText().replace("containerd://", ""));
    }

    void awaitPods() throws Exception {
        kubectl.run("--namespace=" + namespace, "wait", "--for=condition=Ready", "pods", "--all", "--timeout=120s");
    }

    /** @param app the letters that the names of the pods begin with */
    void deletePods(String app) throws Exception {
        kubectl.run("--namespace=" + namespace, "delete", "pod", "--selector=app=" + app, "--timeout=120s");
    }

    /** With a grace period, a pod is gone from the API only once its kubelet has ended it. */
    String pod(String name, String node) {
        return """
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: %2$s, namespace: %1$s, labels: {app: %5$s}}
            spec:
              nodeName: %3$s
              terminationGracePeriodSeconds: 1
              containers: [{name: main, image: %4$s}]
            """.formatted(namespace, name, node, Images.PAUSE, name.replaceAll("[-0-9].*", ""));
    }

    /** Its endpoints are the test's: the controller manager may call pods unready that a kubelet has not reported for a while. */
    String service(String name) {
        return """
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: %2$s, namespace: %1$s}
            spec:
              ports: [{port: %3$d, protocol: UDP}]
            """.formatted(namespace, name, PORT);
    }

    /** Makes a port of the receiver the only endpoint of a Service. */
    String endpoint(String service, int port) {
        return """
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: %2$s, namespace: %1$s, labels: {kubernetes.io/service-name: %2$s}}
            addressType: IPv4
            ports: [{port: %4$d, protocol: UDP, name: ""}]
            endpoints: [{addresses: [%3$s], nodeName: n2, conditions: {ready: true}}]
            """.formatted(namespace, service, receiverAddress, port);
    }

    String namespace() {
        return namespace;
    }

    /** A condition that is asked again and again. */
    interface Condition {
        boolean holds() throws Exception;
    }

    static void await(String what, Condition condition) throws Exception {
        long start = System.nanoTime();
        while (!condition.holds()) {
            assertTrue(System.nanoTime() - start < PATIENCE.toNanos(),
                "no " + what + " in " + PATIENCE.toSeconds() + " s");
            Thread.sleep(100);
        }
    }

    @Override
    public void close() throws Exception {
        for (NamespaceThread thread : new NamespaceThread[]{sender, receiver}) {
            if (thread != null) {
                thread.close();
            }
        }
        kubectl.run("delete", "namespace", namespace, "--wait=false");
    }
}
