package io.weft.controlplane.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.operator.OperatorWrite;
import io.weft.dataplane.counters.DropReason;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes by HTTP: what they leave behind, what they are refused for, and that a refused one leaves nothing. */
class OperatorApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String DRAIN = "/api/v1/drains/10.244.2.7:8080";
    private static final String ROUTE = "/api/v1/static-routes/198.51.100.0/24";

    @TempDir private Path directory;
    private final HttpClient client = HttpClient.newHttpClient();
    private ApiNode node;
    private WriteRequests writer;

    @BeforeEach
    void start() throws Exception {
        node = new ApiNode(directory, Map.of()).withContents();
        writer = new WriteRequests(client, node, node);
    }

    @AfterEach
    void stop() {
        node.close();
        client.close();
    }

    private HttpResponse<String> send(String method, String path, String body, String... headers) throws Exception {
        return writer.send(node, method, path, body, "operate", headers);
    }

    private static String tag(HttpResponse<String> response) {
        return response.headers().firstValue("ETag").orElseThrow();
    }

    private List<String> inForce() {
        return node.target.state.all().stream().map(OperatorWrite::title).toList();
    }

    @Test
    void aWriteIsReadAsItWasWrittenAndSurvivesARestart() throws Exception {
        HttpResponse<String> created = send("put", DRAIN, "{\"comment\": \"disk \\u00fc\"}");
        assertEquals(201, created.statusCode(), created.body());
        assertTrue(JSON.readTree(created.body()).path("inUse").asBoolean());
        assertEquals("default/web", JSON.readTree(created.body()).at("/effects/0/subject").asText());
        HttpResponse<String> read = send("get", DRAIN, "");
        assertEquals(tag(created), tag(read), "a write's tag is that of what it left");
        assertEquals("disk \u00fc", JSON.readTree(read.body()).path("comment").asText());
        assertEquals(List.of("drain 10.244.2.7:8080"), inForce());
        assertEquals("in use", JSON.readTree(send("get", "/api/v1/drains", "").body()).at("/0/use").asText());
        node.close();
        node = new ApiNode(directory, Map.of());
        writer = new WriteRequests(client, node, node);
        assertEquals(read.body(), send("get", DRAIN, "").body());
        assertEquals(List.of("drain 10.244.2.7:8080"), inForce());
        assertEquals(200, send("delete", DRAIN, "").statusCode());
        assertEquals(404, send("get", DRAIN, "").statusCode());
        assertEquals(List.of(), inForce());
    }

    @Test
    void anUnchangedWriteKeepsItsTagAndAChangedOneGetsAnother() throws Exception {
        String first = tag(send("put", ROUTE, "{\"type\": \"via\", \"target\": \"192.0.2.9\"}"));
        HttpResponse<String> same = send("put", ROUTE, "{\"target\": \"192.0.2.9\", \"type\": \"via\"}");
        assertEquals(200, same.statusCode());
        assertEquals(first, tag(same));
        HttpResponse<String> changed = send("put", ROUTE, "{\"type\": \"prohibit\"}", "If-Match", "\"x\", " + first);
        assertEquals(200, changed.statusCode(), changed.body());
        assertFalse(tag(changed).equals(first));
        assertEquals(List.of("route 198.51.100.0/24 prohibit"), inForce());
    }

    @Test
    void preconditionsProtectAgainstOtherOperators() throws Exception {
        assertEquals(412, send("put", DRAIN, "", "If-Match", "*").statusCode(), "there is none");
        assertEquals(201, send("put", DRAIN, "", "If-None-Match", "*").statusCode());
        assertEquals(412, send("put", DRAIN, "", "If-None-Match", "*").statusCode(), "there is one");
        String tag = tag(send("get", DRAIN, ""));
        assertEquals(412, send("delete", DRAIN, "", "If-Match", "W/" + tag).statusCode(), "weak tags never match");
        assertEquals(200, send("put", DRAIN, "{\"comment\": \"mine\"}", "If-Match", tag).statusCode());
        assertEquals(412, send("delete", DRAIN, "", "If-Match", tag).statusCode(), "it has changed");
        assertEquals(200, send("delete", DRAIN, "", "If-Match", "*").statusCode());
    }

    @Test
    void aDryRunSaysWhatWouldChangeAndChangesNothing() throws Exception {
        HttpResponse<String> dry = send("put", DRAIN + "?dryRun=true", "");
        assertEquals(200, dry.statusCode());
        JsonNode answer = JSON.readTree(dry.body());
        assertTrue(answer.path("dryRun").asBoolean());
        assertFalse(answer.path("inUse").asBoolean());
        assertEquals("1 backends", answer.at("/effects/0/after").asText());
        assertEquals(List.of(), inForce());
        assertEquals(404, send("get", DRAIN, "").statusCode());
        String unwanted = "{\"comment\": \"" + FakeWriteTarget.UNWANTED + "\"}";
        assertEquals(409, send("put", DRAIN + "?dryRun=true", unwanted).statusCode());
        assertEquals(409, send("put", DRAIN, unwanted).statusCode());
        assertEquals(List.of(), inForce());
        assertEquals(201, send("put", DRAIN + "?force=true", unwanted).statusCode());
        assertEquals(200, send("delete", DRAIN + "?dryRun=true", "").statusCode());
        assertEquals(1, inForce().size());
    }

    @Test
    void theRoleReadChangesNothing() throws Exception {
        for (String method : List.of("put", "delete")) {
            assertEquals(403, writer.send(node, method, DRAIN, "", "read").statusCode());
            assertEquals(401, writer.send(node, method, DRAIN, "", "").statusCode());
        }
        assertEquals(403, writer.send(node, "post", WriteRequests.SNAPSHOTS, "", "read").statusCode());
        assertEquals(200, writer.send(node, "get", "/api/v1/drains", "", "read").statusCode());
        assertEquals(OperatorState.NOTHING, node.target.state);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"type\": \"via\"} | #/target", "{\"type\": \"via\", \"target\": \"n2\"} | #/target",
        "{\"type\": \"blackhole\", \"target\": \"192.0.2.1\"} | #/target", "{\"type\": \"up\"} | #/type",
        "{\"type\": 1} | #/type #/type", "{} | #/type",
        "{\"type\": \"blackhole\", \"comment\": \"a\\u0007\"} | #/comment",
        "{\"type\": \"blackhole\", \"a/b\": 1} | #/a~1b", "[] | #", "null | #", "nonsense | #", "{\"type\": | #",
        "{\"type\": \"blackhole\"} {} | #", "{\"type\": \"blackhole\", \"type\": \"prohibit\"} | #",
        "{\"comment\": [[[[[[[[[[[[]]]]]]]]]]]]} | #"})
    void wrongBodiesNameTheirMembers(String body, String pointers) throws Exception {
        HttpResponse<String> response = send("put", ROUTE, body);
        assertEquals(400, response.statusCode(), response.body());
        JsonNode problem = JSON.readTree(response.body());
        assertEquals(pointers, StreamSupport.stream(problem.path("errors").spliterator(), false)
            .map(error -> error.path("pointer").asText()).collect(Collectors.joining(" ")), response.body());
        assertEquals(List.of(), inForce());
    }

    @ParameterizedTest
    @CsvSource({"/api/v1/drains/web,endpoint", "/api/v1/drains/10.244.2.7:0,endpoint",
        "/api/v1/drains/fd00::1,endpoint",
        "/api/v1/pauses/Default/web,namespace", "/api/v1/pauses/default/..web,name",
        "/api/v1/static-routes/198.51.100.1/24,address", "/api/v1/static-routes/198.51.100.0/33,length",
        "/api/v1/static-routes/fd00::/32,address", "/api/v1/drains/10.244.2.7?dryRun=maybe,dryRun",
        "/api/v1/log-level?force=1,force"})
    void wrongPathsAndParametersAreNamed(String path, String field) throws Exception {
        HttpResponse<String> response = send("put", path, "");
        assertEquals(400, response.statusCode(), response.body());
        assertEquals(field, JSON.readTree(response.body()).at("/errors/0/field").asText(), response.body());
        assertEquals(List.of(), inForce());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/drains/", "/api/v1//drains/10.244.2.7", "/api/v1/drains/10.244.2.7/",
        "/api/v1/drains/10.244.2.7/80", "/api/v1/pauses/default", "/api/v1/static-routes/198.51.100.0%2F24"})
    void otherPathsDoNotExist(String path) throws Exception {
        String answer = RawClient.exchange(node.socket(),
            "PUT " + path + " HTTP/1.1\r\nHost: n1\r\nConnection: close\r\n\r\n");
        assertTrue(answer.matches("(?s)HTTP/1\\.1 40[045] .*application/problem\\+json.*"), answer);
        assertEquals(List.of(), inForce());
    }

    @Test
    void onlyJsonIsAcceptedAndNotTooMuchOfIt() throws Exception {
        String body = "{\"comment\": \"x\"}";
        assertEquals(415, send("put", DRAIN, body, "Content-Type", "text/plain").statusCode());
        assertEquals(415, send("put", DRAIN, body, "Content-Type", "application/json; charset=utf-16").statusCode());
        assertEquals(201, send("put", DRAIN, body, "Content-Type", "application/JSON; charset=utf-8").statusCode());
        assertEquals(400, send("put", DRAIN, "{\"comment\": \"" + "x".repeat(257) + "\"}").statusCode());
        String chunk = "8000\r\n" + " ".repeat(0x8000) + "\r\n";
        String answer = RawClient.exchange(node.socket(), "PUT " + DRAIN + " HTTP/1.1\r\nHost: n1\r\nContent-Type:"
            + " application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk.repeat(3) + "0\r\n\r\n");
        assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 413"), answer);
        assertEquals("x", node.target.state.all().getFirst().comment());
    }

    @Test
    void otherMethodsAreNamed() throws Exception {
        HttpResponse<String> response = send("post", DRAIN, "");
        assertEquals(405, response.statusCode());
        assertEquals("GET, HEAD, PUT, DELETE", response.headers().firstValue("Allow").orElseThrow());
    }

    @Test
    void theLogLevelIsInfoUntilSomebodySetsIt() throws Exception {
        HttpResponse<String> first = send("get", "/api/v1/log-level", "");
        assertEquals("info", JSON.readTree(first.body()).path("level").asText());
        assertEquals(400, send("put", "/api/v1/log-level", "{\"level\": \"loud\"}").statusCode());
        assertEquals(201,
            send("put", "/api/v1/log-level", "{\"level\": \"info\"}", "If-Match", tag(first)).statusCode());
        assertEquals(200, send("delete", "/api/v1/log-level", "").statusCode());
        assertEquals(404, send("delete", "/api/v1/log-level", "").statusCode());
    }

    @Test
    void aSnapshotIsComparedWithTheCountersNow() throws Exception {
        HttpResponse<String> taken = send("post", WriteRequests.SNAPSHOTS, "{\"comment\": \"before the upgrade\"}");
        assertEquals(201, taken.statusCode(), taken.body());
        String path = taken.headers().firstValue("Location").orElseThrow();
        node.dataplane().drop(2, DropReason.TTL_EXPIRED);
        node.dataplane().drop(2, DropReason.SERVICE_PAUSED);
        JsonNode answer = JSON.readTree(send("get", path, "").body());
        assertTrue(answer.path("sameDataplane").asBoolean());
        Map<String, Long> drops = StreamSupport.stream(answer.path("counters").spliterator(), false)
            .filter(counter -> counter.path("kind").asText().equals("drop"))
            .collect(Collectors.toMap(counter -> counter.path("name").asText(),
                counter -> counter.path("difference").asLong()));
        assertEquals(Map.of("ttl_expired", 1L, "service_paused", 1L), drops);
        assertTrue(JSON.readTree(send("get", path + "?all=true", "").body()).path("counters").size() > 100);
        assertEquals("before the upgrade",
            JSON.readTree(send("get", WriteRequests.SNAPSHOTS, "").body()).at("/0/comment").asText());
        assertEquals(200, send("delete", path, "").statusCode());
        assertEquals(404, send("get", path, "").statusCode());
        assertEquals(404, send("get", WriteRequests.SNAPSHOTS + "/..%2f..%2foperator", "").statusCode());
    }
}
