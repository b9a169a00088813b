package io.weft.vmlab;

import static io.weft.vmlab.StreamPods.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.NodeNetwork;
import io.weft.vmlab.traffic.SequencedUdp;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A pod sends to a Service without a pause, always from the same port, and the Service's endpoint goes: the datagrams leave it. Prints for how long
 * some still arrived there: from the request that changed the API's object, and from the moment a watch beside the node's reported the change.
 */
class KubernetesDatagramsIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int ROUNDS = Integer.getInteger("weft.it.removals", 3);
    private static final int PACKETS_PER_SECOND = 2000;
    private static final String SERVICE = "leaving";
    private static final int OLD_PORT = 5005;
    private static final int NEW_PORT = 5006;
    private static final int WAIT_MILLIS = 60_000;
    private static final int QUIET_MILLIS = 300;
    /** One thread each, because they wait. */
    private static final Executor BACKGROUND = Thread::startVirtualThread;
    private static final long LATE_NANOS = 100_000_000;
    @RegisterExtension static final KubernetesExtension KUBERNETES = KubernetesExtension.of(
        NodeNetwork.Kind.WEFT, NodeNetwork.Kind.WEFT, NodeNetwork.Kind.LINUX);
    private static Cluster cluster;
    private static ControlPlaneClient api;
    private static StreamPods pods;

    enum Removal {
        REPLACED("PATCH", true, "{\"ports\":[{\"name\":\"\",\"port\":" + NEW_PORT + ",\"protocol\":\"UDP\"}]}"),
        SCALED_TO_ZERO("PATCH", true, "{\"endpoints\":[]}"),
        SERVICE_DELETED("DELETE", false, "");

        private final String method;
        private final boolean ofSlice;
        private final String body;

        Removal(String method, boolean ofSlice, String body) {
            this.method = method;
            this.ofSlice = ofSlice;
            this.body = body;
        }

        private String collection() {
            return ofSlice
                ? "/apis/discovery.k8s.io/v1/namespaces/" + pods.namespace() + "/endpointslices"
                : "/api/v1/namespaces/" + pods.namespace() + "/services";
        }
    }

    @BeforeAll
    static void deploy() throws Exception {
        cluster = KUBERNETES.cluster();
        api = new ControlPlaneClient(cluster.controlPlane());
        pods = StreamPods.deploy(cluster, "datagrams-test");
    }

    @AfterAll
    static void remove() throws Exception {
        if (api != null) {
            api.close();
        }
        if (pods != null) {
            pods.close();
        }
    }

    /** Nanoseconds from the request, and from the watch's event, to the last datagram; and how many arrived later than 100 ms after the request. */
    private record Latest(long afterRequest, long afterEvent, long late) {
    }

    @ParameterizedTest
    @EnumSource
    void datagramsLeaveTheirEndpoint(Removal removal) throws Exception {
        List<Latest> all = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            all.add(remove(removal));
        }
        System.out.printf("endpoint %s %d times under %d datagrams a second: the last one arrived there %s after the "
            + "request, %s after the event; %d datagrams, of %d times, later than %d ms after the request%n", removal,
            ROUNDS, PACKETS_PER_SECOND, distribution(all, Latest::afterRequest), distribution(all, Latest::afterEvent),
            all.stream().mapToLong(Latest::late).sum(), all.stream().filter(latest -> latest.late > 0).count(),
            LATE_NANOS / 1_000_000);
    }

    private static String distribution(List<Latest> all, ToLongFunction<Latest> which) {
        long[] sorted = all.stream().mapToLong(which).sorted().toArray();
        return "%.1f ms (median; at most %.1f ms)".formatted(sorted[sorted.length / 2] / 1e6,
            sorted[sorted.length - 1] / 1e6);
    }

    private static Latest remove(Removal removal) throws Exception {
        cluster.kubectl().apply(pods.service(SERVICE) + pods.endpoint(SERVICE, OLD_PORT));
        InetSocketAddress service = pods.clusterIp(SERVICE);
        try (SequencedUdp stream = SequencedUdp.start(pods.sender(), pods.receiver(), new InetSocketAddress(OLD_PORT),
            service, PACKETS_PER_SECOND);
            DatagramSocket newEndpoint = pods.receiver().call(() -> new DatagramSocket(NEW_PORT));
            InputStream watch = watch(removal)) {
            PodStreams.awaitFirst(stream, service);
            BufferedReader events = new BufferedReader(new InputStreamReader(watch, StandardCharsets.UTF_8));
            CompletableFuture<Long> reported = CompletableFuture.supplyAsync(() -> nextEvent(events), BACKGROUND);
            long requested = System.nanoTime();
            CompletableFuture<Long> inTime = CompletableFuture.supplyAsync(stream::received,
                CompletableFuture.delayedExecutor(LATE_NANOS, TimeUnit.NANOSECONDS, BACKGROUND));
            api.administer(removal.method, removal.collection() + "/" + SERVICE, removal.body).body().close();
            long event = reported.get();
            awaitQuiet(stream);
            if (removal == Removal.REPLACED) {
                newEndpoint.setSoTimeout(WAIT_MILLIS);
                newEndpoint.receive(new DatagramPacket(new byte[1], 1));
            }
            long last = stream.lastArrivalNanos();
            return new Latest(last - requested, last - event, stream.received() - inTime.get());
        }
    }

    /** Watches the object from its present version on. */
    private static InputStream watch(Removal removal) throws Exception {
        try (InputStream object = api.administer("GET", removal.collection() + "/" + SERVICE, "").body()) {
            String version = JSON.readTree(object).path("metadata").path("resourceVersion").asText();
            return api.administer("GET", removal.collection() + "?watch=1&resourceVersion=" + version
                + "&fieldSelector=metadata.name%3D" + SERVICE, "").body();
        }
    }

    private static long nextEvent(BufferedReader events) {
        try {
            if (events.readLine() == null) { throw new IOException("the watch ended"); }
            return System.nanoTime();
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    /** Waits until nothing arrives any more, though the sender goes on. */
    private static void awaitQuiet(SequencedUdp stream) throws Exception {
        await("end of the datagrams to the old endpoint", () -> {
            long sent = stream.sent();
            long received = stream.received();
            Thread.sleep(QUIET_MILLIS);
            return stream.sent() > sent && stream.received() == received;
        });
    }
}
