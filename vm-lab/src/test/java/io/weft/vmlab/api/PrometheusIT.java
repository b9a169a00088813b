package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.linux.ProcessSignals;
import io.weft.vmlab.DatagramSources;
import io.weft.vmlab.LabExtension;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.BulkTransfer;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A real Prometheus scrapes a real node, and its alerts fire for real troubles and end with them. */
@Order(0) // not between those that share a lab
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PrometheusIT {
    private static final int PORT = 5001;
    private static final int FLOW_CAPACITY = 1024;
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("prom", 1)
        .withSetting("flows.capacity", String.valueOf(FLOW_CAPACITY)).needing("prometheus");
    @TempDir static Path directory;
    private static WeftNode node;
    private static Path monitoring;
    private static Pod a;
    private static Pod b;
    private static PrometheusServer prometheus;

    @BeforeAll
    static void bringUp() throws Exception {
        Lab lab = LAB.lab();
        node = lab.node("n1");
        a = node.addPod("a");
        b = node.addPod("b");
        monitoring = node.weftExecutable().resolveSibling("../monitoring").normalize();
        prometheus = PrometheusServer.start(node, directory, monitoring);
        prometheus.await("the node is scraped", () -> prometheus.query("up{job=\"weft\"}").containsValue(1.0));
    }

    @AfterAll
    static void stop() throws InterruptedException {
        if (prometheus != null) {
            prometheus.close();
        }
    }

    @Test
    void theBoardHasFiguresUnderTraffic() throws Exception {
        assertTrue(new BulkTransfer().run(a.thread(), b.thread(), b.port(PORT), b.port(PORT), 64 << 20).intact());
        prometheus.await("the frames", () -> value("increase(weft_frames_total{total=\"sent\"}[1m])") > 1000);
        String cost = "rate(weft_node_sampled_seconds_total{node=\"ip4-input\"}[1m])"
            + " / rate(weft_node_sampled_frames_total{node=\"ip4-input\"}[1m])";
        prometheus.await("the cost of ip4-input", () -> value(cost) > 0);
        System.out.printf("seconds per frame in ip4-input: %s%n", value(cost));
        assertTrue(value(cost) < 1e-3, "less than a millisecond per frame");
        prometheus.await("allocation", () -> value("weft_dataplane_allocated_bytes_total") > 0);
        assertTrue(value("weft_dataplane_heap_used_bytes") > 0);
        assertEquals(FLOW_CAPACITY, value("weft_flow_capacity"));
        for (String expression : boardExpressions()) {
            prometheus.query(expression); // fails if Prometheus cannot read it
        }
    }

    /** What the board asks, as Grafana sends it. */
    private static List<String> boardExpressions() throws Exception {
        JsonNode board = new ObjectMapper().readTree(Files.readString(monitoring.resolve("weft-dashboard.json")));
        List<String> expressions = board.findValuesAsText("expr").stream()
            .map(text -> text.replace("$__rate_interval", "1m").replace("$instance", "127.0.0.1:9797")).toList();
        assertTrue(expressions.size() > 30, expressions.toString());
        return expressions;
    }

    /** Of the only series. */
    private static double value(String expression) throws Exception {
        Map<String, Double> values = prometheus.query(expression);
        return values.size() == 1 ? values.values().iterator().next() : Double.NaN;
    }

    @Test
    void aStoppedControlPlaneFiresUntilItIsBack() throws Exception {
        prometheus.await("no alert", () -> !prometheus.fires("WeftControlPlaneDown"));
        long supervisor = node.process().orElseThrow().pid();
        ProcessHandle controlPlane = node.controlPlane();
        ProcessSignals.send(supervisor, ProcessSignals.SIGSTOP); // which would start another at once
        try {
            controlPlane.destroyForcibly();
            prometheus.await("WeftControlPlaneDown", () -> prometheus.fires("WeftControlPlaneDown"));
        } finally {
            ProcessSignals.send(supervisor, ProcessSignals.SIGCONT);
        }
        prometheus.await("the alert's end", () -> !prometheus.fires("WeftControlPlaneDown"));
        prometheus.await("the node is scraped", () -> prometheus.query("up{job=\"weft\"}").containsValue(1.0));
    }

    @Test
    void aStoppedDataplaneFiresUntilItIsBack() throws Exception {
        prometheus.await("the node is scraped", () -> prometheus.query("weft_dataplane_up").containsValue(1.0));
        ProcessHandle dataplane = node.dataplane();
        ProcessSignals.send(dataplane.pid(), ProcessSignals.SIGSTOP);
        try {
            prometheus.await("WeftDataplaneDown", () -> prometheus.fires("WeftDataplaneDown"));
        } finally {
            ProcessSignals.send(dataplane.pid(), ProcessSignals.SIGCONT);
        }
        prometheus.await("the alert's end", () -> !prometheus.fires("WeftDataplaneDown"));
    }

    @Test
    @Order(Integer.MAX_VALUE) // others would wait for the flows to expire
    void aFullFlowTableFires() throws Exception {
        prometheus.await("no drops yet", () -> value("weft_drops_total{reason=\"ct_full\"}") == 0);
        assertFalse(prometheus.fires("WeftFlowTableFull"));
        InetSocketAddress target = b.port(PORT);
        try (DatagramSources sources = new DatagramSources(a.thread(), b.thread(), List.of(a.address()), target,
            target)) {
            sources.send(FLOW_CAPACITY); // each needs two entries
            prometheus.await("WeftFlowTableFull", () -> {
                sources.send(16); // the first ones expire meanwhile
                return prometheus.fires("WeftFlowTableFull");
            });
        }
        assertTrue(value("weft_drops_total{reason=\"ct_full\"}") > 0);
    }
}
