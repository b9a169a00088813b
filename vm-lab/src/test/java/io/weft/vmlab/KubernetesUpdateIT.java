package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.NodeNetwork;
import io.weft.vmlab.net.NamespaceThread;
import io.weft.vmlab.traffic.HttpLoad;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Rolling updates of a Deployment behind a Service, whose pods serve ten seconds more after they are told to end. Clients open new
 * connections meanwhile, through a Weft node and through a node with kube-proxy: pods to the ClusterIP, a host outside to the NodePort.
 */
class KubernetesUpdateIT {
    private static final String NAMESPACE = "update-test";
    private static final int REPLICAS = 10;
    private static final Duration DRAIN = Duration.ofSeconds(10);
    /** Whether there is an update for each way to the Service, at the full rate, and not one for both at half of it. */
    private static final boolean ALL = Boolean.getBoolean("weft.it.updates");
    private static final int CONNECTIONS_PER_SECOND = ALL ? 500 : 250;
    /**
     * Where the machine cannot open so many connections, they would wait at the servers for longer than {@link #DRAIN}, and end with them.
     * Then fewer are opened, but for the full rate.
     */
    private static final int MAX_UNDER_WAY = ALL ? Integer.MAX_VALUE : 100;
    private static final int FIRST_ANSWERS = 500;
    private static final String WEFT = "n1";
    private static final String LINUX = "n3";
    @RegisterExtension static final KubernetesExtension KUBERNETES = KubernetesExtension.of(
        NodeNetwork.Kind.WEFT, NodeNetwork.Kind.WEFT, NodeNetwork.Kind.LINUX);
    private static Cluster cluster;
    private static WebDeployment web;

    enum Way { CLUSTER_IP, NODE_PORT }

    /** The clients of one way, through both nodes. */
    private record Loads(Way way, NamespaceThread onWeft, NamespaceThread onLinux, HttpLoad throughWeft,
        HttpLoad throughKubeProxy) implements AutoCloseable {

        boolean haveBegun() {
            return Math.min(throughWeft.answered(), throughKubeProxy.answered()) >= FIRST_ANSWERS;
        }

        void finish() throws Exception {
            HttpLoad.Result weft = throughWeft.finish();
            HttpLoad.Result kubeProxy = throughKubeProxy.finish();
            System.out.printf("rolling update of %d pods, %s, through Weft: %s; through kube-proxy (nftables): %s%n",
                REPLICAS, way, weft, kubeProxy);
            assertTrue(weft.perBackend().size() >= 2 * REPLICAS, "both the old and the new pods answered: " + weft);
            assertEquals(0, weft.failed(), weft.toString());
        }

        @Override
        public void close() {
            throughWeft.close();
            throughKubeProxy.close();
            if (way == Way.CLUSTER_IP) {
                onWeft.close();
                onLinux.close();
            }
        }
    }

    @BeforeAll
    static void deploy() throws Exception {
        cluster = KUBERNETES.cluster();
        web = WebDeployment.deploy(cluster, NAMESPACE, REPLICAS, DRAIN, List.of(WEFT, LINUX));
    }

    @AfterAll
    static void remove() throws Exception {
        if (web != null) {
            web.close();
        }
    }

    static Stream<Set<Way>> ways() {
        return ALL ? Stream.of(Way.values()).map(EnumSet::of) : Stream.of(EnumSet.allOf(Way.class));
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aRollingUpdateFailsNoConnection(Set<Way> ways) throws Exception {
        List<Loads> loads = new ArrayList<>();
        try {
            for (Way way : ways) {
                loads.add(start(way));
            }
            StreamPods.await("answers through both", () -> loads.stream().allMatch(Loads::haveBegun));
            web.update();
            for (Loads load : loads) {
                load.finish();
            }
        } finally {
            loads.forEach(Loads::close);
        }
    }

    private static Loads start(Way way) throws Exception {
        if (way == Way.NODE_PORT) {
            NamespaceThread outside = cluster.controlPlane().thread();
            return start(way, outside, web.nodePort(WEFT), outside, web.nodePort(LINUX));
        }
        return start(way, web.enterClient(WEFT), web.clusterIp(), web.enterClient(LINUX), web.clusterIp());
    }

    private static Loads start(Way way, NamespaceThread onWeft, InetSocketAddress ofWeft, NamespaceThread onLinux,
        InetSocketAddress ofLinux) {
        return new Loads(way, onWeft, onLinux,
            HttpLoad.start(onWeft, ofWeft, "/hostname", CONNECTIONS_PER_SECOND, MAX_UNDER_WAY),
            HttpLoad.start(onLinux, ofLinux, "/hostname", CONNECTIONS_PER_SECOND, MAX_UNDER_WAY));
    }
}
