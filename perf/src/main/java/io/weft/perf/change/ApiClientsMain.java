package io.weft.perf.change;

import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.weft.controlplane.kubernetes.ApiConnection;
import io.weft.controlplane.kubernetes.KubernetesApi;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.dataplane.config.NodeConfiguration;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

/**
 * The process of {@link ApiClients}: reads requests from standard input, sends them to the API server, {@link ApiClients#REQUESTS} at once, and
 * answers each on standard output. Ends with its input, or at the first error.
 */
final class ApiClientsMain {
    private static final int OK = 200;
    private static final int CREATED = 201;
    private static final int FIRST_SETTING = 3;

    private final BenchCluster cluster;
    private final ApiConnection connection;

    private ApiClientsMain(BenchCluster cluster, ApiConnection connection) {
        this.cluster = cluster;
        this.connection = connection;
    }

    /** @param arguments Services, endpoints of each, nodes; then the settings of the node, {@code KEY=VALUE} */
    public static void main(String[] arguments) throws Exception {
        BenchCluster cluster = new BenchCluster(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]),
            Integer.parseInt(arguments[2]));
        NodeConfiguration configuration = NodeConfiguration.of(Arrays.stream(arguments).skip(FIRST_SETTING)
            .map(setting -> setting.split("=", 2)).collect(Collectors.toMap(pair -> pair[0], pair -> pair[1])));
        new ApiClientsMain(cluster, KubernetesApi.of(configuration).connection()).serve();
    }

    private void serve() throws Exception {
        try (ExecutorService clients = Executors.newFixedThreadPool(ApiClients.REQUESTS)) {
            for (int request = System.in.read(); request >= 0; request = System.in.read()) {
                if (request == ApiClients.CREATE) {
                    create(clients);
                    answer(request);
                } else {
                    EndpointSlice slice = cluster.next().slice();
                    clients.execute(() -> change(slice));
                }
            }
        }
    }

    private void create(ExecutorService clients) throws Exception {
        List<Future<?>> all = new ArrayList<>();
        for (ClusterObject object : cluster.all()) {
            all.add(clients.submit(() -> {
                send("POST", ApiObjects.collection(object), object);
                return null;
            }));
        }
        for (Future<?> one : all) {
            one.get();
        }
    }

    /** Two changes of one slice are far apart, so it does not matter that clients may overtake each other. */
    private void change(EndpointSlice slice) {
        try {
            send("PUT", ApiObjects.collection(slice) + "/" + slice.name(), slice);
            answer(ApiClients.CHANGE);
        } catch (Exception e) {
            System.err.println("weft: " + e);
            System.exit(1);
        }
    }

    private static synchronized void answer(int request) {
        System.out.write(request);
        System.out.flush();
    }

    private void send(String method, String path, ClusterObject object) throws Exception {
        HttpRequest request = connection.client().getHttpClient().newHttpRequestBuilder()
            .uri(connection.server() + path).method(method, "application/json", ApiObjects.json(object)).build();
        HttpResponse<String> response = connection.client().getHttpClient().sendAsync(request, String.class).get();
        if (response.code() != OK && response.code() != CREATED) {
            throw new IOException(method + " " + path + ": " + response.code() + " " + response.bodyString());
        }
    }
}
