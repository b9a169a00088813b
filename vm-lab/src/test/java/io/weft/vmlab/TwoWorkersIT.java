package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.traffic.BulkTransfer;
import io.weft.vmlab.traffic.HttpBackend;
import io.weft.vmlab.traffic.HttpBurst;
import io.weft.vmlab.traffic.SequencedUdp;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two workers on veths with two queues: the two directions of a flow may arrive on different workers. */
class TwoWorkersIT {
    private static final InetSocketAddress WEB = new InetSocketAddress("10.96.0.80", 80);
    private static final int FLOWS = 8;
    private static final int FIRST_FLOW = 5100;
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("two", 2).withWorkers(2);
    private static Lab lab;
    private static Pod near;
    private static Pod far;

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        near = lab.node("n1").addPod("near");
        far = lab.node("n2").addPod("far");
    }

    @Test
    void manyConnectionsThroughAServiceAllSucceedAndBothWorkersCarryThem() throws Exception {
        List<Manifests.Port> ports = List.of(new Manifests.Port("http", "TCP", 80, 8080));
        try (HttpBackend backend = HttpBackend.start(far.thread(), "far", far.port(8080))) {
            lab.manifests().service("web", WEB.getAddress(), ports);
            List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(far.address(), "n2", true));
            lab.manifests().endpoints("web", ports, endpoints);
            lab.awaitEndpoints(WEB, endpoints);
            HttpBurst.Result result = new HttpBurst().run(near.thread(), WEB, 2000, 8);
            assertEquals(Map.of(), result.failures());
            assertEquals(2000, backend.requests());
        }
        List<Long> received = lab.node("n1").view().receivedPerWorker();
        System.out.println("received per worker on n1: " + received);
        assertTrue(received.stream().allMatch(frames -> frames > 100), received.toString());
    }

    @Test
    void nothingIsLostOrReorderedInAnyOfManyFlows() throws Exception {
        List<SequencedUdp> flows = new ArrayList<>();
        try {
            for (int port = FIRST_FLOW; port < FIRST_FLOW + FLOWS; port++) {
                flows.add(SequencedUdp.start(near.thread(), far.thread(), far.port(port), far.port(port), 250));
            }
            lab.node("n1").view().await("some thousand datagrams",
                () -> flows.stream().mapToLong(SequencedUdp::sent).sum() > 5000);
            for (SequencedUdp flow : flows) {
                SequencedUdp.Result result = flow.finish();
                assertEquals(0, result.lost(), result.toString());
                assertEquals(0, result.reordered(), result.toString());
            }
        } finally {
            for (SequencedUdp flow : flows) {
                flow.close();
            }
        }
    }

    @Test
    void contentArrivesIntact() throws Exception {
        assertTrue(
            new BulkTransfer().run(near.thread(), far.thread(), far.port(5001), far.port(5001), 64 << 20).intact());
    }
}
