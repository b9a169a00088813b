package io.weft.controlplane.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.PortState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the resources say: flows page by page and filtered, readiness, events, metrics. */
class ContentTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CLOSE = "Connection: close";
    private static final Pattern NEXT = Pattern.compile("Link: <([^>]+)>; rel=\"next\"");

    @TempDir private Path directory;
    private ApiNode node;

    @BeforeEach
    void start() throws IOException {
        node = new ApiNode(directory, Map.of("api.listen", "")).withContents();
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private String get(String path, String... headers) throws IOException {
        List<String> all = new ArrayList<>(List.of(headers));
        all.add(CLOSE);
        return RawClient.exchange(node.socket(), RawClient.get(path, all.toArray(String[]::new)));
    }

    private static String body(String answer) {
        return answer.substring(answer.indexOf("\r\n\r\n") + 4);
    }

    @ParameterizedTest
    @CsvSource({"'',6", "service=default/web,4", "pod=default/web-0,6", "protocol=udp,2", "protocol=6&port=40000,2",
        "state=udp_unreplied,2", "address=10.96.0.10,4", "address=10.244.2.0/24,6", "address=192.0.2.0/24,0",
        "pod=default/other,0", "service=default/web&port=40001&state=established,2"})
    void flowsAreFiltered(String query, int count) throws IOException {
        assertEquals(count, JSON.readTree(body(get("/api/v1/flows?" + query))).size());
    }

    @Test
    void pagesOfFlowsHaveEachEntryOnce() throws IOException {
        List<String> seen = new ArrayList<>();
        String path = "/api/v1/flows?protocol=tcp&limit=1";
        int pages = 0;
        while (!path.isEmpty()) {
            String answer = get(path);
            JsonNode page = JSON.readTree(body(answer));
            assertTrue(page.size() <= 1, answer);
            page.forEach(flow -> seen.add(flow.path("source").asText() + flow.path("destination").asText()));
            Matcher next = NEXT.matcher(answer);
            path = next.find() ? next.group(1) : "";
            pages++;
        }
        assertEquals(4, seen.size());
        assertEquals(4, seen.stream().distinct().count());
        assertTrue(pages >= 4, String.valueOf(pages));
    }

    @Test
    void wrongParametersAreAllNamed() throws IOException {
        JsonNode problem = JSON.readTree(body(get("/api/v1/flows?port=70000&state=open&limit=0&address=x%22y")));
        assertEquals(400, problem.path("status").asInt());
        List<String> fields = new ArrayList<>();
        problem.path("errors").forEach(error -> fields.add(error.path("field").asText()));
        assertEquals(List.of("address", "port", "state", "limit"), fields);
        assertEquals("must be a number from 0 to 65535, not \"70000\"",
            problem.path("errors").get(1).path("detail").asText());
        assertEquals("unknown; the parameters are all",
            JSON.readTree(body(get("/api/v1/drops?al=true"))).path("errors").get(0).path("detail").asText());
        assertEquals("given more than once",
            JSON.readTree(body(get("/api/v1/drops?all=true&all=false"))).path("errors").get(0).path("detail").asText());
        assertTrue(get("/api/v1/drops?all=%zz").matches("(?s)HTTP/1.1 400 .*problem\\+json.*"));
    }

    @Test
    void anUnchangedAnswerIsNotSentAgain() throws IOException {
        String first = get("/api/v1/tunnels");
        String tag = first.lines().filter(line -> line.startsWith("ETag: ")).findFirst().orElseThrow().substring(6);
        String second = get("/api/v1/tunnels", "If-None-Match: \"x\", W/" + tag);
        assertTrue(second.startsWith("HTTP/1.1 304 ") && second.endsWith("\r\n\r\n"), second);
        assertTrue(get("/api/v1/tunnels", "If-None-Match: \"x\"").startsWith("HTTP/1.1 200 "));
    }

    @Test
    void readinessSaysWhatIsMissing() throws IOException {
        assertEquals("{\"ok\":true,\"reasons\":[]}", JSON.readTree(body(get("/readyz"))).toString());
        node.dataplane().use(1, 1);
        assertEquals("[\"the dataplane has not adopted the control plane's tables yet\"]", reasons("/readyz"));
        node.dataplane().close();
        assertEquals("[\"the dataplane is down\"]", reasons("/readyz"));
        node.fault.set("the control loop cannot rebuild the tables");
        assertEquals("[\"the control loop cannot rebuild the tables\"]", reasons("/livez"));
    }

    private String reasons(String path) throws IOException {
        String answer = get(path);
        assertTrue(answer.startsWith("HTTP/1.1 503 "), answer);
        return JSON.readTree(body(answer)).path("reasons").toString();
    }

    @Test
    void eventsFollowTheNodeAndContinueAfterAnId() throws IOException {
        String lost;
        try (RawClient client = new RawClient(node.socket())) {
            client.send(RawClient.get("/api/v1/events"));
            String known = client.readUntil("weft0123456789a");
            assertTrue(known.contains("Content-Type: text/event-stream\r\n"), known);
            node.dataplane().say(3, 78, "weft0123456789b", PortState.FAILED, "no such device");
            node.status.set(node.status("connection refused", List.of("Service a/b: not used")));
            String news = client.readUntil("Service a/b: not used");
            assertTrue(news.contains("event: source\n") && news.contains("connection refused"), news);
            lost = known + news;
            assertTrue(lost.contains("event: operator\n") && lost.contains("pause default/web"), lost);
        }
        Matcher id = Pattern.compile("id: (\\S+)\nevent: port\ndata: \\{[^}]*weft0123456789b[^}]*failed").matcher(lost);
        assertTrue(id.find(), lost);
        try (RawClient client = new RawClient(node.socket())) {
            client.send(RawClient.get("/api/v1/events", "Last-Event-ID: " + id.group(1)));
            String rest = client.readUntil("Service a/b: not used");
            assertFalse(rest.contains("weft0123456789b"), rest);
        }
    }

    @Test
    void metricsHaveEachCounterInBothFormats() throws IOException {
        node.dataplane().drop(2, DropReason.TTL_EXPIRED);
        node.dataplane().set(ConductorGauge.GC_MILLIS, 12);
        node.dataplane().sample(GraphNodeId.IP4_INPUT, 3000);
        String prometheus = get("/metrics");
        assertTrue(prometheus.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), prometheus);
        for (String line : List.of("weft_dataplane_up 1.0", "weft_drops_total{reason=\"ttl_expired\"} 2.0",
            "weft_port_rx_dropped_total{device=\"weft0123456789a\",pod=\"default/web-0\"}",
            "weft_port_up{device=\"uplink0\",mode=\"native copy\",pod=\"\"} 1.0",
            "weft_programming_latency_seconds_bucket{le=\"0.0025\"} 1",
            "weft_programming_latency_seconds_bucket{le=\"0.001\"} 0", "weft_programming_latency_seconds_count 1",
            "weft_source_stale_seconds{source=\"manifests\"} 0.0", "weft_tables_free_bytes 1000.0",
            "weft_node_sampled_seconds_total{node=\"ip4-input\"} 3.0E-6",
            "weft_node_sampled_frames_total{node=\"drop\"} 0.0",
            "weft_dataplane_gc_seconds_total 0.012", "weft_dataplane_worker_allocated_bytes_total 0.0",
            "weft_dataplane_start_time_seconds", "weft_tables_bytes", "weft_control_plane_gc_seconds_total",
            "weft_control_plane_allocated_bytes_total",
            "weft_frames_total{total=\"dropped\"} 2.0", "weft_node_frames_total{node=\"ip4-input\"}")) {
            assertTrue(prometheus.contains("\n" + line), line + " is not in " + prometheus);
        }
        for (int i = 0; i < DropReason.count(); i++) {
            assertTrue(prometheus.contains("reason=\"" + DropReason.of(i).label() + "\""));
        }
        String openMetrics = get("/metrics", "Accept: application/openmetrics-text; version=1.0.0, text/plain;q=0.5");
        assertTrue(openMetrics.contains("Content-Type: application/openmetrics-text; version=1.0.0"), openMetrics);
        assertTrue(openMetrics.endsWith("# EOF\n"));
    }
}
