package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.vmlab.LabExtension;
import io.weft.vmlab.api.LoadProcess.Load;
import io.weft.vmlab.api.LoadProcess.Taken;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.SequencedUdp;
import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Prints how long the datagrams of a stream from n1 to n2 take: on idle nodes; while clients abuse the API of n1; while they do that to n3, which the
 * stream does not pass; and while two processes that spin take as much processor time as the control plane of n1 and those clients took, in as many
 * pieces and with the same priorities. Nothing may be lost; the times are for the reader. Part of {@code weft verify --all} only.
 */
@Tag("all")
class ApiLatencyIT {
    private static final int SECONDS = Integer.getInteger("weft.it.abuseSeconds", 10);
    private static final int ROUNDS = 3;
    private static final int PACKETS_PER_SECOND = 1000;
    private static final int PORT = 5001;
    private static final int CONTROL_PLANE_NICE = 10; // as the launcher starts it
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("late", 3);
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
    void abuseIsAsOfANodeThatTheStreamDoesNotPass() throws Exception {
        WeftNode other = LAB.lab().node("n3");
        measure("warm-up"); // the nodes have just started
        for (int round = 0; round < ROUNDS; round++) {
            measure("idle");
            List<Load> loads = abuse("n1 abused", node);
            abuse("n3 abused", other);
            try (LoadProcess likeApi = LoadProcess.burning(loads.getFirst(), CONTROL_PLANE_NICE);
                LoadProcess likeClients = LoadProcess.burning(loads.getLast(), 0)) {
                Taken apiBefore = likeApi.taken();
                Taken clientsBefore = likeClients.taken();
                double seconds = measure("spinning");
                System.out.printf("  in their place %s, and %s%n", likeApi.taken().since(apiBefore, seconds),
                    likeClients.taken().since(clientsBefore, seconds));
            }
        }
    }

    /** @return how busy the node's control plane and its clients were */
    private static List<Load> abuse(String what, WeftNode abused) throws Exception {
        try (LoadProcess abuse = LoadProcess.abusing(abused.namespace(), ApiDoor.tcp(abused, "read"))) {
            Taken apiBefore = Taken.by(abused.controlPlane());
            Taken clientsBefore = abuse.taken();
            double seconds = measure(what);
            Load api = Taken.by(abused.controlPlane()).since(apiBefore, seconds);
            Load clients = abuse.taken().since(clientsBefore, seconds);
            System.out.printf("  control plane %s, its clients %s%n", api, clients);
            return List.of(api, clients);
        }
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
