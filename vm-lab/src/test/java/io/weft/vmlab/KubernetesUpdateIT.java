package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.Images;
import io.weft.vmlab.kubernetes.Kubectl;
import io.weft.vmlab.kubernetes.NodeNetwork;
import io.weft.vmlab.net.NamespaceThread;
import io.weft.vmlab.traffic.HttpLoad;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A rolling update of a Deployment behind a ClusterIP, whose pods serve ten seconds more after they are told to end. Two clients open new
 * connections meanwhile: one on a Weft node, one on a node with kube-proxy.
 */
class KubernetesUpdateIT {
    private static final String NAMESPACE = "update-test";
    private static final int REPLICAS = 10;
    private static final int CONNECTIONS_PER_SECOND = 500;
    private static final int FIRST_ANSWERS = 500;
    @RegisterExtension static final KubernetesExtension KUBERNETES = KubernetesExtension.of(
        NodeNetwork.Kind.WEFT, NodeNetwork.Kind.WEFT, NodeNetwork.Kind.LINUX);
    private static Cluster cluster;
    private static Kubectl kubectl;

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
              strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 3}}
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  terminationGracePeriodSeconds: 20
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
                    lifecycle: {preStop: {sleep: {seconds: 10}}}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: %1$s}
            spec:
              selector: {app: web}
              ports: [{port: 80, targetPort: 8080}]
            """.formatted(NAMESPACE, REPLICAS, Images.AGNHOST) + client("n1") + client("n3"));
        awaitRollout();
        kubectl.run("--namespace=" + NAMESPACE, "wait", "--for=condition=Ready", "pods", "--all", "--timeout=120s");
    }

    @AfterAll
    static void remove() throws Exception {
        if (kubectl != null) {
            kubectl.run("delete", "namespace", NAMESPACE, "--wait=false");
        }
    }

    @Test
    void aRollingUpdateFailsNoConnection() throws Exception {
        InetSocketAddress service = new InetSocketAddress(kubectl.json("--namespace=" + NAMESPACE, "get", "service",
            "web").path("spec").path("clusterIP").asText(), 80);
        try (NamespaceThread onWeft = enter("n1");
            NamespaceThread onLinux = enter("n3");
            HttpLoad throughWeft = HttpLoad.start(onWeft, service, "/hostname", CONNECTIONS_PER_SECOND);
            HttpLoad throughKubeProxy = HttpLoad.start(onLinux, service, "/hostname", CONNECTIONS_PER_SECOND)) {
            StreamPods.await("answers through both",
                () -> Math.min(throughWeft.answered(), throughKubeProxy.answered()) >= FIRST_ANSWERS);
            kubectl.run("--namespace=" + NAMESPACE, "set", "env", "deployment/web", "RELEASE=2");
            awaitRollout();
            kubectl.run("--namespace=" + NAMESPACE, "wait", "--for=jsonpath={.status.terminatingReplicas}=0",
                "deployment/web", "--timeout=60s");
            HttpLoad.Result weft = throughWeft.finish();
            HttpLoad.Result kubeProxy = throughKubeProxy.finish();
            System.out.printf("rolling update of %d pods, through Weft: %s; through kube-proxy (nftables): %s%n",
                REPLICAS, weft, kubeProxy);
            assertTrue(weft.perBackend().size() >= 2 * REPLICAS, "both the old and the new pods answered: " + weft);
            assertEquals(0, weft.failed(), weft.toString());
        }
    }

    private static void awaitRollout() throws Exception {
        kubectl.run("--namespace=" + NAMESPACE, "rollout", "status", "deployment/web", "--timeout=180s");
    }

    private static NamespaceThread enter(String node) throws Exception {
        JsonNode container = kubectl.json("--namespace=" + NAMESPACE, "get", "pod", "client-" + node)
            .path("status").path("containerStatuses").path(0).path("containerID");
        return cluster.node(node).enter(container.asText().replace("containerd://", ""));
    }

    private static String client(String node) {
        return """
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: client-%2$s, namespace: %1$s}
            spec:
              nodeName: %2$s
              terminationGracePeriodSeconds: 1
              containers: [{name: client, image: %3$s}]
            """.formatted(NAMESPACE, node, Images.PAUSE);
    }
}
