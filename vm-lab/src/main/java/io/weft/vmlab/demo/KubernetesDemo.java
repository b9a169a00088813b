package io.weft.vmlab.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.ClusterNode;
import io.weft.vmlab.kubernetes.ClusterPlan;
import io.weft.vmlab.kubernetes.Images;
import io.weft.vmlab.kubernetes.Kubectl;
import io.weft.vmlab.kubernetes.KubernetesBinaries;
import io.weft.vmlab.kubernetes.NodeNetwork;
import io.weft.vmlab.lab.Distribution;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * {@code weft demo --kubernetes}: a real Kubernetes whose nodes have no kube-proxy. A Deployment is reached by the addresses of its pods and by the
 * name of its Service, and then replaced under load.
 */
final class KubernetesDemo {
    private static final int NODES = 2;
    private static final int REPLICAS = 4;
    private static final int MAX_REQUESTS = 100;
    private static final String TIMEOUT = "--timeout=120s";
    /** One new connection after the other, until told to stop. */
    private static final String LOAD = """
        answered=0; failed=0
        until [ -e /tmp/stop ]; do
          if timeout 5 wget -q -O /dev/null http://web/hostname; then answered=$((answered + 1)); else failed=$((failed + 1)); fi
        done
        echo $answered $failed
        """;

    private final ClusterPlan plan;
    private final PrintWriter out;
    private final List<PathResult> results = new ArrayList<>();
    private Kubectl kubectl;

    KubernetesDemo(ClusterPlan plan, PrintWriter out) {
        this.plan = plan;
        this.out = out;
    }

    static ClusterPlan plan(String name) {
        return new ClusterPlan(name, Collections.nCopies(NODES, NodeNetwork.Kind.WEFT));
    }

    /** Leaves nothing behind. */
    List<PathResult> run() throws Exception {
        Optional<String> missing = Cluster.missing();
        if (missing.isPresent()) { throw new IOException(missing.get()); }
        KubernetesBinaries binaries = KubernetesBinaries.provide(Distribution.locate().checkout());
        say("starting Kubernetes: etcd, API server, controllers, and " + NODES
            + " nodes with containerd, kubelet and Weft, without kube-proxy …");
        try (Cluster cluster = Cluster.up(plan, binaries)) {
            kubectl = cluster.kubectl();
            deploy(cluster);
            Map<String, String> pods = pods();
            for (ClusterNode node : cluster.nodes()) {
                results.add(reachEachPod(node, pods));
                results.add(reachTheService(node, pods.keySet()));
            }
            results.add(updateUnderLoad(cluster.nodes().getFirst()));
            say(kubectl.run("get", "pods", "--output=wide").stripTrailing());
        }
        return results;
    }

    private void deploy(Cluster cluster) throws Exception {
        kubectl.apply(
            """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: web}
                spec:
                  replicas: %d
                  strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
                  selector: {matchLabels: {app: web}}
                  template:
                    metadata: {labels: {app: web}}
                    spec:
                      topologySpreadConstraints:
                      - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: web}}}
                      containers:
                      - name: web
                        image: %s
                        args: [netexec, --http-port=8080, --delay-shutdown=3]
                        readinessProbe: {httpGet: {path: /hostname, port: 8080}, periodSeconds: 1}
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: web}
                spec:
                  selector: {app: web}
                  ports: [{port: 80, targetPort: 8080}]
                """
                .formatted(REPLICAS, Images.AGNHOST));
        for (ClusterNode node : cluster.nodes()) {
            kubectl.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: client-%1$s}
                spec:
                  nodeName: %1$s
                  terminationGracePeriodSeconds: 1
                  containers: [{name: client, image: %2$s, args: [pause]}]
                """.formatted(node.name(), Images.AGNHOST));
        }
        kubectl.run("rollout", "status", "deployment/web", TIMEOUT);
        kubectl.run("wait", "--for=condition=Ready", "pods", "--all", TIMEOUT);
        say(kubectl.run("get", "nodes,pods,services", "--output=wide").stripTrailing());
    }

    /** Name → address of the Deployment's pods. */
    private Map<String, String> pods() throws Exception {
        Map<String, String> pods = new LinkedHashMap<>();
        for (JsonNode pod : kubectl.json("get", "pods", "--selector=app=web").path("items")) {
            pods.put(pod.path("metadata").path("name").asText(), pod.path("status").path("podIP").asText());
        }
        return pods;
    }

    private PathResult reachEachPod(ClusterNode node, Map<String, String> pods) throws Exception {
        String path = "pod on " + node.name() + " → each pod by its address";
        for (Map.Entry<String, String> pod : pods.entrySet()) {
            Kubectl.Result answer = get(node, pod.getValue() + ":8080");
            if (!answer.out().equals(pod.getKey())) {
                return PathResult.failed(path, pod.getKey() + " (" + pod.getValue() + "): " + described(answer));
            }
        }
        return PathResult.passed(path, pods.size() + " pods answered by their names", null);
    }

    private PathResult reachTheService(ClusterNode node, Set<String> pods) throws Exception {
        String path = "pod on " + node.name() + " → Service by its DNS name";
        Set<String> answered = new HashSet<>();
        int requests = 0;
        for (; requests < MAX_REQUESTS && answered.size() < pods.size(); requests++) {
            Kubectl.Result answer = get(node, "web");
            if (!pods.contains(answer.out())) { return PathResult.failed(path, described(answer)); }
            answered.add(answer.out());
        }
        return answered.size() == pods.size()
            ? PathResult.passed(path, requests + " requests, answered by all " + answered.size() + " pods", null)
            : PathResult.failed(path, requests + " requests, answered by " + answered.size() + " pods only");
    }

    private PathResult updateUnderLoad(ClusterNode node) throws Exception {
        String path = "rolling update, new connections from " + node.name();
        String client = "client-" + node.name();
        say("replacing all pods of the Deployment under load …");
        CompletableFuture<Kubectl.Result> load = CompletableFuture.supplyAsync(() -> load(client));
        kubectl.run("set", "env", "deployment/web", "RELEASE=2");
        kubectl.run("rollout", "status", "deployment/web", TIMEOUT);
        kubectl.run("exec", client, "--", "touch", "/tmp/stop");
        Kubectl.Result counts = load.get();
        String[] fields = counts.out().strip().split(" ");
        if (fields.length != 2) { return PathResult.failed(path, described(counts)); }
        String detail = fields[0] + " connections answered, " + fields[1] + " failed";
        return fields[1].equals("0") && !fields[0].equals("0")
            ? PathResult.passed(path, detail, null)
            : PathResult.failed(path, detail);
    }

    private Kubectl.Result load(String client) {
        try {
            return kubectl.attempt("exec", client, "--", "sh", "-c", LOAD);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private Kubectl.Result get(ClusterNode node, String host) throws Exception {
        return kubectl.attempt("exec", "client-" + node.name(), "--", "timeout", "5", "wget", "-q", "-O", "-",
            "http://" + host + "/hostname");
    }

    private static String described(Kubectl.Result answer) {
        return answer.exit() == 0
            ? "answered \"" + answer.out().strip() + "\""
            : answer.errors().lines().findFirst().orElse("no answer");
    }

    private void say(String text) {
        out.println(text);
        out.flush();
    }
}
