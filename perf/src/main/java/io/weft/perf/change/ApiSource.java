package io.weft.perf.change;

import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.weft.controlplane.kubernetes.ApiConnection;
import io.weft.controlplane.kubernetes.KubernetesApi;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.kubernetes.KubernetesSource;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.vmlab.kubernetes.KubernetesBinaries;
import io.weft.vmlab.kubernetes.LoopbackApi;
import io.weft.vmlab.lab.Distribution;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A real API server, on this machine, which has a cluster's objects, and the product's source that follows it. Changes are requests, as
 * many at once as keep the server busy: their rate is the server's ceiling on this machine.
 */
final class ApiSource implements ChangeSource {
    private static final int REQUESTS = 16;
    private static final int OK = 200;
    private static final int CREATED = 201;

    private final BenchCluster cluster;
    private final LoopbackApi server;
    private final ApiConnection writer;
    private final KubernetesSource source;

    /** Starts the server and creates the objects. Takes minutes for 10,000 Services. */
    ApiSource(BenchCluster cluster, Path directory, NodeConfiguration configuration) throws Exception {
        this.cluster = cluster;
        server = LoopbackApi.start(directory, KubernetesBinaries.provide(Distribution.locate().checkout()),
            BenchCluster.SERVICE_CIDR, BenchCluster.NODE_ADDRESS.toString());
        try {
            writer = KubernetesApi.of(configuration).connection();
            source = new KubernetesSource(KubernetesApi.of(configuration), BenchCluster.NODE, new Failures());
            create(cluster.all());
        } catch (Exception | Error e) {
            server.close();
            throw e;
        }
    }

    /** The kubeconfig that the configuration of the node must name. */
    static Path kubeconfig(Path directory) {
        return LoopbackApi.kubeconfig(directory);
    }

    private void create(List<ClusterObject> objects) throws Exception {
        Iterator<ClusterObject> rest = objects.iterator();
        inParallel(() -> {
            for (ClusterObject next = next(rest); next != null; next = next(rest)) {
                send("POST", ApiObjects.collection(next), next);
            }
        });
    }

    private static synchronized ClusterObject next(Iterator<ClusterObject> rest) {
        return rest.hasNext() ? rest.next() : null;
    }

    @Override
    public void deliverAll(ClusterSource.Listener receiver) {
        source.start(receiver);
    }

    @Override
    public long change(int perSecond, int seconds, Consumer<BenchCluster.Change> observer) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        AtomicLong count = new AtomicLong();
        inParallel(() -> {
            while (System.nanoTime() - end < 0) {
                BenchCluster.Change change = next(observer);
                send("PUT", ApiObjects.collection(change.slice()) + "/" + change.slice().name(), change.slice());
                count.incrementAndGet();
            }
        });
        return count.get();
    }

    private synchronized BenchCluster.Change next(Consumer<BenchCluster.Change> observer) {
        BenchCluster.Change change = cluster.next();
        observer.accept(change);
        return change;
    }

    private interface Work {
        void run() throws Exception;
    }

    private static void inParallel(Work work) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(REQUESTS)) {
            List<? extends Future<?>> all = Stream.generate(() -> threads.submit(() -> {
                work.run();
                return null;
            })).limit(REQUESTS).toList();
            for (Future<?> one : all) {
                one.get();
            }
        }
    }

    private void send(String method, String path, ClusterObject object)
        throws IOException, InterruptedException, ExecutionException {
        HttpRequest request = writer.client().getHttpClient().newHttpRequestBuilder().uri(writer.server() + path)
            .method(method, "application/json", ApiObjects.json(object)).build();
        HttpResponse<String> response = writer.client().getHttpClient().sendAsync(request, String.class).get();
        if (response.code() != OK && response.code() != CREATED) {
            throw new IOException(method + " " + path + ": " + response.code() + " " + response.bodyString());
        }
    }

    @Override
    public void close() throws InterruptedException {
        source.close();
        server.close();
    }
}
