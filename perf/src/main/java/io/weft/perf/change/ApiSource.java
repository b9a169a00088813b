package io.weft.perf.change;

import io.weft.controlplane.kubernetes.KubernetesApi;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.kubernetes.KubernetesSource;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.vmlab.kubernetes.KubernetesBinaries;
import io.weft.vmlab.kubernetes.LoopbackApi;
import io.weft.vmlab.lab.Distribution;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A real API server, on this machine, which has a cluster's objects, and the product's source that follows it. Changes are requests, as
 * many at once as keep the server busy: their rate is the server's ceiling on this machine.
 */
final class ApiSource implements ChangeSource {
    private final BenchCluster cluster;
    private final LoopbackApi server;
    private final ApiClients clients;
    private final KubernetesSource source;

    /** Starts the server and creates the objects. Takes minutes for 10,000 Services. */
    ApiSource(BenchCluster cluster, Path directory, Map<String, String> settings) throws Exception {
        this.cluster = cluster;
        server = LoopbackApi.start(directory, KubernetesBinaries.provide(Distribution.locate().checkout()),
            BenchCluster.SERVICE_CIDR, BenchCluster.NODE_ADDRESS.toString());
        try {
            source = new KubernetesSource(KubernetesApi.of(NodeConfiguration.of(settings)), BenchCluster.NODE,
                new Failures());
            clients = new ApiClients(cluster, settings);
        } catch (Exception | Error e) {
            server.close();
            throw e;
        }
        try {
            clients.createAll();
        } catch (Exception | Error e) {
            clients.close();
            server.close();
            throw e;
        }
    }

    /** The kubeconfig that the configuration of the node must name. */
    static Path kubeconfig(Path directory) {
        return LoopbackApi.kubeconfig(directory);
    }

    @Override
    public void deliverAll(ClusterSource.Listener receiver) {
        source.start(receiver);
    }

    @Override
    public long change(int perSecond, int seconds, Consumer<BenchCluster.Change> observer) throws IOException {
        return clients.change(cluster, seconds, observer);
    }

    @Override
    public void close() throws InterruptedException {
        source.close();
        clients.close();
        server.close();
    }
}
