package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.vmlab.LabExtension;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.SequencedUdp;
import java.io.IOException;
import java.time.Duration;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Prints how long the datagrams of a stream take on an idle node, while clients abuse its API, and while two processes take the same processor time as
 * the control plane and those clients took, with the same priorities, but leave Weft alone. Nothing may be lost; the times are for the reader. Part of
 * {@code weft verify --all} only.
 */
@Tag("all")
class ApiLatencyIT {
    private static final int SECONDS = Integer.getInteger("weft.it.abuseSeconds", 10);
    private static final int ROUNDS = 3;
    private static final int PACKETS_PER_SECOND = 1000;
    private static final int PORT = 5001;
    private static final int CONTROL_PLANE_NICE = 10; // as the launcher starts it
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("late", 2);
    private static WeftNode node;
    private static Pod near;
    private static Pod far;

    @BeforeAll
    static void bringUp() throws Exception {
        node = LAB.lab().node("n1");
        near = node.addPod("near");
        far = LAB.lab().node("n2").addPod("far");
    }

    @Test
    void abuseIsAsEqualLoadElsewhere() throws Exception {
        ApiDoor door = ApiDoor.tcp(node, "read");
        measure("warm-up"); // the nodes have just started
        for (int round = 0; round < ROUNDS; round++) {
            measure("idle");
            double api;
            double clients;
            try (LoadProcess abuse = LoadProcess.abusing(node.namespace(), door)) {
                Duration apiBefore = controlPlane();
                Duration clientsBefore = abuse.processorTime();
                double seconds = measure("API abused");
                api = controlPlane().minus(apiBefore).toMillis() / 1e3 / seconds;
                clients = abuse.processorTime().minus(clientsBefore).toMillis() / 1e3 / seconds;
                System.out.printf("  control plane %.2f processors, its clients %.2f%n", api, clients);
            }
            try (LoadProcess likeApi = LoadProcess.burning(api, CONTROL_PLANE_NICE);
                LoadProcess likeClients = LoadProcess.burning(clients, 0)) {
                Duration apiBefore = likeApi.processorTime();
                Duration clientsBefore = likeClients.processorTime();
                double seconds = measure("equal load");
                System.out.printf("  in their place %.2f processors and %.2f%n",
                    likeApi.processorTime().minus(apiBefore).toMillis() / 1e3 / seconds,
                    likeClients.processorTime().minus(clientsBefore).toMillis() / 1e3 / seconds);
            }
        }
    }

    private static Duration controlPlane() throws IOException {
        return node.controlPlane().info().totalCpuDuration().orElseThrow();
    }

    /** @return the seconds that it took */
    private static double measure(String what) throws Exception {
        long start = System.nanoTime();
        try (SequencedUdp stream = SequencedUdp.start(near.thread(), far.thread(), far.port(PORT), far.port(PORT),
            PACKETS_PER_SECOND)) {
            Thread.sleep(Duration.ofSeconds(SECONDS));
            SequencedUdp.Result result = stream.finish();
            Histogram latency = stream.oneWayNanos();
            System.out.printf(
                "%-10s %d datagrams, %d lost, %d reordered: p50 %.3f ms, p90 %.3f ms, p99 %.3f ms, p99.9 %.3f"
                    + " ms, max %.1f ms%n",
                what, result.sent(), result.lost(), result.reordered(),
                millis(latency, 50), millis(latency, 90), millis(latency, 99), millis(latency, 99.9),
                latency.getMaxValue() / 1e6);
            assertEquals(0, result.lost(), what + ": " + result);
            assertEquals(0, result.reordered(), what + ": " + result);
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private static double millis(Histogram latency, double percentile) {
        return latency.getValueAtPercentile(percentile) / 1e6;
    }
}
