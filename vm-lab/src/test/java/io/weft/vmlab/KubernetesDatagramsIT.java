package io.weft.vmlab;

import static io.weft.vmlab.StreamPods.await;

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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
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
    private static final int ROUNDS = Integer.getInteger("weft.it.removals", 3);
    private static final int PACKETS_PER_SECOND = 2000;
    private static final String SERVICE = "leaving";
    private static final int OLD_PORT = 5005;
    private static final int NEW_PORT = 5006;
    private static final int WAIT_MILLIS = 60_000;
    private static final int QUIET_MILLIS = 300;
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
        Latest or(Latest other) {
            return new Latest(Math.max(afterRequest, other.afterRequest), Math.max(afterEvent, other.afterEvent),
                late + other.late);
        }
    }

    @ParameterizedTest
    @EnumSource
    void datagramsLeaveTheirEndpoint(Removal removal) throws Exception {
        Latest latest = new Latest(Long.MIN_VALUE, Long.MIN_VALUE, 0);
        for (int round = 0; round < ROUNDS; round++) {
            latest = latest.or(remove(removal));
        }
        System.out.printf(
            "endpoint %s %d times under %d datagrams a second: the last one arrived there %.1f ms after the "
                + "request, %.1f ms after the event; %d later than %d ms after the request%n",
            removal, ROUNDS,
            PACKETS_PER_SECOND, latest.afterRequest / 1e6, latest.afterEvent / 1e6, latest.late,
            LATE_NANOS / 1_000_000);
    }

    private static Latest remove(Removal removal) throws Exception {
        cluster.kubectl().apply(pods.service(SERVICE) + pods.endpoint(SERVICE, OLD_PORT));
        InetSocketAddress service = pods.clusterIp(SERVICE);
        try (SequencedUdp stream = SequencedUdp.start(pods.sender(), pods.receiver(), new InetSocketAddress(OLD_PORT),
            service, PACKETS_PER_SECOND);
            DatagramSocket newEndpoint = pods.receiver().call(() -> new DatagramSocket(NEW_PORT));
            InputStream watch = api.administer("GET", removal.collection() + "?watch=1&fieldSelector=metadata.name%3D"
                + SERVICE, "").body()) {
            PodStreams.awaitFirst(stream, service);
            BufferedReader events = new BufferedReader(new InputStreamReader(watch, StandardCharsets.UTF_8));
            events.readLine(); // the object as it is
            CompletableFuture<Long> reported = CompletableFuture.supplyAsync(() -> nextEvent(events));
            long requested = System.nanoTime();
            api.administer(removal.method, removal.collection() + "/" + SERVICE, removal.body).body().close();
            long event = reported.get();
            Thread.sleep(Math.max(0, requested + LATE_NANOS - System.nanoTime()) / 1_000_000);
            long inTime = stream.received();
            awaitQuiet(stream);
            if (removal == Removal.REPLACED) {
                newEndpoint.setSoTimeout(WAIT_MILLIS);
                newEndpoint.receive(new DatagramPacket(new byte[1], 1));
            }
            long last = stream.lastArrivalNanos();
            return new Latest(last - requested, last - event, stream.received() - inTime);
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
