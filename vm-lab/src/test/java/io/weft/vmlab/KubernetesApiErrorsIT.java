package io.weft.vmlab;

import static io.weft.vmlab.StreamPods.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.vmlab.FaultyApiProxy.Fault;
import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.ClusterNode;
import io.weft.vmlab.kubernetes.NodeNetwork;
import io.weft.vmlab.kubernetes.WeftNetwork;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A real API server that errs, seen by the node {@code n1} through a {@link FaultyApiProxy}: its tables keep what they hold, no packet is lost, and then they
 * say the same as those of {@code n2}, which has seen no fault.
 */
class KubernetesApiErrorsIT {
    private static final String MOVING = "moving";
    private static final int FIRST_PORT = 6000;
    /** Answers to wait for while a fault hides the truth. */
    private static final int STRUCK = 3;
    @RegisterExtension static final KubernetesExtension KUBERNETES = KubernetesExtension.of(
        NodeNetwork.Kind.WEFT, NodeNetwork.Kind.WEFT, NodeNetwork.Kind.LINUX);
    private static Cluster cluster;
    private static ClusterNode behindProxy;
    private static ClusterNode reference;
    private static String server;
    private static FaultyApiProxy proxy;
    private static StreamPods pods;
    private static int port = FIRST_PORT;

    @BeforeAll
    static void putProxyBetween() throws Exception {
        cluster = KUBERNETES.cluster();
        behindProxy = cluster.node("n1");
        reference = cluster.node("n2");
        pods = StreamPods.deploy(cluster, "errors-test");
        cluster.kubectl().apply(pods.service(MOVING));
        proxy = FaultyApiProxy.start(cluster.controlPlane());
        server = weft().apiServer();
        weft().useApiServer(proxy.url());
        move();
        await("tables of n1 like those of n2", KubernetesApiErrorsIT::isRight);
    }

    @AfterAll
    static void removeProxy() throws Exception {
        if (server != null) {
            weft().useApiServer(server);
        }
        if (proxy != null) {
            proxy.close();
        }
        if (pods != null) {
            pods.close();
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void theTablesAreRightAfter(Fault fault) throws Exception {
        try (PodStreams streams = pods.startStreams()) {
            WeftTables before = WeftTables.of(behindProxy);
            proxy.inject(fault);
            move();
            move();
            if (fault.letsChangesThrough()) {
                await(fault + " to be met", () -> proxy.struck() > 0);
                await("tables of n1 like those of n2, with " + fault, KubernetesApiErrorsIT::isRight);
            } else {
                await(fault + " to be met", () -> proxy.struck() >= STRUCK);
                assertEquals(before, WeftTables.of(behindProxy), "while there is " + fault);
            }
            proxy.inject(Fault.NONE);
            move();
            long healed = System.nanoTime();
            await("tables of n1 like those of n2, after " + fault, KubernetesApiErrorsIT::isRight);
            System.out.printf("%s: tables right %d ms after its end%n", fault,
                (System.nanoTime() - healed) / 1_000_000);
            streams.assertComplete("API server with " + fault);
        } finally {
            proxy.inject(Fault.NONE);
        }
    }

    /** Gives the Service another backend. */
    private static void move() throws Exception {
        port++;
        cluster.kubectl().apply(pods.endpoint(MOVING, port));
    }

    private static boolean isRight() throws Exception {
        WeftTables tables = WeftTables.of(behindProxy);
        Set<String> moved = tables.backends(pods.namespace() + "/" + MOVING);
        assertTrue(moved.size() <= 1, moved.toString());
        return tables.services().equals(WeftTables.of(reference).services())
            && moved.stream().allMatch(backend -> backend.endsWith(":" + port)) && moved.size() == 1
            && tables.peers().size() == cluster.nodes().size() - 1;
    }

    private static WeftNetwork weft() {
        return (WeftNetwork) behindProxy.network();
    }
}
