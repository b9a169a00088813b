package io.weft.vmlab;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.Images;
import io.weft.vmlab.kubernetes.Kubectl;
import io.weft.vmlab.net.NamespaceThread;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/**
 * A Deployment of web servers that answer with their names, spread over all nodes, and the Service {@code web} of type NodePort for it; also
 * client pods. In a namespace of its own.
 */
final class WebDeployment implements AutoCloseable {
    private static final int PORT = 80;
    private final Cluster cluster;
    private final Kubectl kubectl;
    private final String namespace;

    private WebDeployment(Cluster cluster, String namespace) {
        this.cluster = cluster;
        this.namespace = namespace;
        kubectl = cluster.kubectl();
    }

    /**
     * Returns once all pods are ready.
     *
     * @param drain how long a pod still serves after it was told to end; whole seconds
     * @param clients nodes that get a client pod
     */
    static WebDeployment deploy(Cluster cluster, String namespace, int replicas, Duration drain,
        Collection<String> clients) throws Exception {
        WebDeployment web = new WebDeployment(cluster, namespace);
        try {
            web.kubectl.createNamespace(namespace);
            StringBuilder manifests = new StringBuilder(web.manifests(replicas, drain));
            clients.forEach(node -> manifests.append(web.client(node)));
            web.kubectl.apply(manifests.toString());
            web.awaitRollout();
            web.run("wait", "--for=condition=Ready", "pods", "--all", "--timeout=120s");
            return web;
        } catch (Exception | AssertionError e) {
            web.close();
            throw e;
        }
    }

    private String manifests(int replicas, Duration drain) {
        return """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web, namespace: %1$s}
            spec:
              replicas: %2$d
              strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 3}}
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  terminationGracePeriodSeconds: %4$d
                  topologySpreadConstraints:
                  - maxSkew: 1
                    topologyKey: kubernetes.io/hostname
                    whenUnsatisfiable: DoNotSchedule
                    labelSelector: {matchLabels: {app: web}}
                    matchLabelKeys: [pod-template-hash]
                  containers:
                  - name: web
                    image: %3$s
                    args: [netexec, --http-port=8080]
                    readinessProbe: {httpGet: {path: /hostname, port: 8080}, periodSeconds: 1}
            %5$s
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: %1$s}
            spec:
              type: NodePort
              selector: {app: web}
              ports: [{port: %6$d, targetPort: 8080}]
            """.formatted(namespace, replicas, Images.AGNHOST, 1 + 2 * drain.toSeconds(),
            drain.isZero() ? "" : " ".repeat(8) + "lifecycle: {preStop: {sleep: {seconds: " + drain.toSeconds() + "}}}",
            PORT);
    }

    private String client(String node) {
        return """
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: client-%2$s, namespace: %1$s}
            spec:
              nodeName: %2$s
              terminationGracePeriodSeconds: 1
              containers: [{name: client, image: %3$s, args: [pause]}]
            """.formatted(namespace, node, Images.AGNHOST);
    }

    /** Replaces all pods by new ones; returns once the old ones are gone. */
    void update() throws Exception {
        run("set", "env", "deployment/web", "RELEASE=" + System.nanoTime());
        awaitRollout();
        run("wait", "--for=jsonpath={.status.terminatingReplicas}=0", "deployment/web", "--timeout=60s");
    }

    private void awaitRollout() throws Exception {
        run("rollout", "status", "deployment/web", "--timeout=180s");
    }

    /** Name and address of each pod of the Deployment. */
    Map<String, String> backends() throws Exception {
        Map<String, String> backends = new TreeMap<>();
        pods().forEach(pod -> backends.put(pod.path("metadata").path("name").asText(),
            pod.path("status").path("podIP").asText()));
        return backends;
    }

    /** The pods of the Deployment. */
    JsonNode pods() throws Exception {
        return kubectl.json("--namespace=" + namespace, "get", "pods", "--selector=app=web").path("items");
    }

    InetSocketAddress clusterIp() throws Exception {
        return new InetSocketAddress(service().path("clusterIP").asText(), PORT);
    }

    InetSocketAddress nodePort(String node) throws Exception {
        return new InetSocketAddress(cluster.node(node).host().address(),
            service().path("ports").path(0).path("nodePort").asInt());
    }

    private JsonNode service() throws Exception {
        return kubectl.json("--namespace=" + namespace, "get", "service", "web").path("spec");
    }

    /** A thread in the client pod of a node. */
    NamespaceThread enterClient(String node) throws Exception {
        JsonNode container = kubectl.json("--namespace=" + namespace, "get", "pod", "client-" + node)
            .path("status").path("containerStatuses").path(0).path("containerID");
        return cluster.node(node).enter(container.asText().replace("containerd://", ""));
    }

    /** Runs a command in the client pod of a node. */
    Kubectl.Result attemptInClient(String node, String... command) throws Exception {
        String[] arguments = new String[command.length + 4];
        System.arraycopy(command, 0, arguments, 4, command.length);
        arguments[0] = "--namespace=" + namespace;
        arguments[1] = "exec";
        arguments[2] = "client-" + node;
        arguments[3] = "--";
        return kubectl.attempt(arguments);
    }

    private void run(String... command) throws Exception {
        String[] arguments = new String[command.length + 1];
        System.arraycopy(command, 0, arguments, 1, command.length);
        arguments[0] = "--namespace=" + namespace;
        kubectl.run(arguments);
    }

    @Override
    public void close() throws Exception {
        kubectl.run("delete", "namespace", namespace, "--wait=false");
    }
}
