package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.ClusterNode;
import io.weft.vmlab.kubernetes.Kubectl;
import io.weft.vmlab.kubernetes.NodeNetwork;
import io.weft.vmlab.kubernetes.WeftNetwork;
import io.weft.vmlab.traffic.SequencedUdp;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The API server is killed: pods notice nothing, changes that wait meanwhile are used when it is back, and a node may even restart. */
class KubernetesOutageIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int OUTAGE_SECONDS = Integer.getInteger("weft.it.outageSeconds", 5);
    private static final String LATE = "late";
    private static final int LATE_PORT = 5003;
    private static final int BACK_PORT = 5004;
    private static final int PACKETS_PER_SECOND = 500;
    @RegisterExtension static final KubernetesExtension KUBERNETES = KubernetesExtension.of(
        NodeNetwork.Kind.WEFT, NodeNetwork.Kind.WEFT, NodeNetwork.Kind.LINUX);
    private static Cluster cluster;
    private static Kubectl kubectl;
    private static ControlPlaneClient controlPlane;
    private static StreamPods pods;

    @BeforeAll
    static void deploy() throws Exception {
        cluster = KUBERNETES.cluster();
        kubectl = cluster.kubectl();
        controlPlane = new ControlPlaneClient(cluster.controlPlane());
        pods = StreamPods.deploy(cluster, "outage-test");
        kubectl.apply(pods.service(LATE) + pods.endpoint(LATE, LATE_PORT));
    }

    @AfterAll
    static void remove() throws Exception {
        if (controlPlane != null) {
            controlPlane.close();
        }
        if (pods != null) {
            pods.close();
        }
    }

    @Test
    void nothingIsLostAndTheChangesThatWaitedAreUsedAtOnce() throws Exception {
        InetSocketAddress late = pods.clusterIp(LATE);
        JsonNode slice = withoutEndpoints();
        try (PodStreams streams = pods.startStreams();
            SequencedUdp waiting = SequencedUdp.start(pods.sender(), pods.receiver(),
                new InetSocketAddress(LATE_PORT), late, PACKETS_PER_SECOND)) {
            cluster.controlPlane().apiServer().kill();
            try {
                controlPlane.storeInEtcd("/registry/endpointslices/" + pods.namespace() + "/" + LATE, slice.toString());
                Thread.sleep(Duration.ofSeconds(OUTAGE_SECONDS));
            } finally {
                cluster.controlPlane().startApiServer();
            }
            CompletableFuture<Long> used = CompletableFuture.supplyAsync(() -> firstArrival(waiting, late));
            controlPlane.awaitAnswer();
            long answered = System.nanoTime();
            controlPlane.awaitReady();
            long ready = System.nanoTime();
            System.out.printf("a change that waited %d s was in use %d ms after the API server's first answer, which"
                + " was ready after %d ms%n", OUTAGE_SECONDS, (used.get() - answered) / 1_000_000,
                (ready - answered) / 1_000_000);
            streams.assertComplete("API server away for " + OUTAGE_SECONDS + " s and its start");
        }
    }

    private static long firstArrival(SequencedUdp stream, InetSocketAddress target) {
        try {
            PodStreams.awaitFirst(stream, target);
            return System.nanoTime();
        } catch (Exception e) {
            throw new CompletionException(e);
        }
    }

    /** Takes the endpoints out of the Service's slice. @return the slice as it was */
    private static JsonNode withoutEndpoints() throws Exception {
        JsonNode slice = kubectl.json("--namespace=" + pods.namespace(), "get", "endpointslice", LATE);
        ((ObjectNode) slice.path("metadata")).remove("resourceVersion");
        kubectl.run("--namespace=" + pods.namespace(), "patch", "endpointslice", LATE, "--type=merge",
            "--patch={\"endpoints\":[]}");
        StreamPods.await("tables without the endpoint", () -> cluster.nodes().stream()
            .filter(node -> node.network() instanceof WeftNetwork)
            .allMatch(node -> WeftTables.of(node).backends(pods.namespace() + "/" + LATE).isEmpty()));
        return slice;
    }

    @Test
    void aNodeThatRestartsMeanwhileForwardsFromItsJournal() throws Exception {
        ClusterNode node = cluster.node("n1");
        WeftNetwork weft = (WeftNetwork) node.network();
        InetSocketAddress back = new InetSocketAddress(pods.senderAddress(), BACK_PORT);
        cluster.controlPlane().apiServer().kill();
        try {
            weft.killAll();
            weft.clearRunDirectory();
            weft.startAgain();
            long started = System.nanoTime();
            pods.awaitPaths();
            System.out.printf("a node that started without its API server forwarded after %d ms%n",
                (System.nanoTime() - started) / 1_000_000);
            PodStreams.awaitPath(pods.receiver(), pods.sender(), BACK_PORT, back);
            assertFalse(stale(weft).isEmpty(), "the source is said to be stale");
        } finally {
            cluster.controlPlane().startApiServer();
            controlPlane.awaitReady();
        }
        StreamPods.await("end of the staleness", () -> stale(weft).isEmpty());
        node.network().nodeReady();
        kubectl.run("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s");
    }

    private static String stale(WeftNetwork weft) throws Exception {
        return JSON.readTree(weft.weft("status", "--output", "json")).path("controlPlane").path("stale").asText();
    }
}
