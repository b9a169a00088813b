package io.weft.controlplane.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import io.weft.controlplane.api.http.HttpLimits;
import io.weft.controlplane.api.http.Resource;
import io.weft.lb.flow.FlowState;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The OpenAPI document against the server, both ways: each route is documented, each documented answer is produced and has its schema. */
class OpenApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_STREAMS = 16;
    private static final String WRONG_CURSOR = "?cursor=41-0";
    private static final HttpLimits ONE_REQUEST = new HttpLimits(8, 1, Duration.ofMinutes(5), Duration.ofMinutes(5),
        Duration.ofMinutes(5));
    /** What is answered by 503 only if there are too many requests. */
    private static final Pattern ALWAYS_AVAILABLE = Pattern.compile("/|/status\\.(css|js)|/metrics|/api/v1/(node"
        + "|openapi\\.json|log-level|flow-records|counter-snapshots|(drains|pauses|static-routes)/.*)");

    @TempDir private Path directory;
    private final HttpClient client = HttpClient.newHttpClient();
    private ApiNode node;
    /** Without any file, as before the processes have run. */
    private ApiNode empty;
    /** One whose only permitted request is a stream of events. */
    private ApiNode busy;
    private InputStream stream;
    private JsonNode document;
    private WriteRequests writer;

    @BeforeEach
    void start() throws Exception {
        node = new ApiNode(directory.resolve("node"), Map.of("flows.records", "end")).withContents();
        empty = new ApiNode(directory.resolve("empty"), Map.of());
        busy = new ApiNode(directory.resolve("busy"), Map.of(), List.of(), ONE_REQUEST);
        stream = stream(busy, "/api/v1/events");
        writer = new WriteRequests(client, node, empty);
        document = JSON.readTree(get(node, "/api/v1/openapi.json").body());
    }

    @AfterEach
    void stop() throws Exception {
        stream.close();
        busy.close();
        node.close();
        empty.close();
        client.close();
    }

    @Test
    void describesExactlyTheRoutesThatAreServed() {
        assertEquals("3.1.0", document.path("openapi").asText());
        assertEquals(node.resources.stream().map(Resource::path).collect(Collectors.toCollection(TreeSet::new)),
            names(document.path("paths")));
        for (Resource resource : node.resources) {
            JsonNode operation = operation(resource.path(), "get");
            assertEquals(new TreeSet<>(resource.mediaTypes()), names(answer(operation, "200").path("content")),
                resource.path());
            assertEquals(new TreeSet<>(resource.parameters()), parameters(operation, "query"), resource.path());
            assertEquals(resource.role().isEmpty(), operation.has("security"), resource.path());
            Set<String> methods = new TreeSet<>(Set.of("get"));
            resource.writes().forEach(write -> methods.add(write.method().toLowerCase(Locale.ROOT)));
            assertEquals(methods, names(document.path("paths").path(resource.path())), resource.path());
            resource.writes().forEach(write -> assertDescribed(resource.path(), write));
        }
    }

    private void assertDescribed(String path, Resource.Write write) {
        JsonNode operation = operation(path, write.method().toLowerCase(Locale.ROOT));
        String what = write.method() + " " + path;
        assertEquals(new TreeSet<>(write.parameters()), parameters(operation, "query"), what);
        assertEquals(Pattern.compile("\\{([^}]*)}").matcher(path).results().map(match -> match.group(1))
            .collect(Collectors.toCollection(TreeSet::new)), parameters(operation, "path"), what);
        JsonNode body = resolve(
            operation.path("requestBody").path("content").path("application/json").path("schema"));
        assertEquals(new TreeSet<>(write.members()), names(body.path("properties")), what);
    }

    @Test
    void producesEachAnswerThatItDescribes() throws Exception {
        List<String> missing = new ArrayList<>();
        for (String path : names(document.path("paths"))) {
            for (String method : names(document.path("paths").path(path))) {
                for (String status : names(operation(path, method).path("responses"))) {
                    produceAndCheck(path, method, status, missing);
                }
            }
        }
        assertEquals(List.of(), missing);
    }

    private void produceAndCheck(String template, String method, String status, List<String> missing) throws Exception {
        String path = writer.concrete(template);
        if (status.equals("413")) {
            writer.assertTooLarge(method, path);
            return;
        }
        HttpResponse<String> response = status.equals("503") && !mayBeUnavailable(method, path)
            ? writer.send(busy, method, path, "", "operate")
            : method.equals("get") ? produce(path, status) : writer.produce(method, path, status);
        if (response.statusCode() == Integer.parseInt(status)) {
            assertDescribed(template, method, response);
        } else {
            missing.add(method + " " + path + " " + status + ", but " + response.statusCode() + " " + response.body());
        }
    }

    private HttpResponse<String> produce(String path, String status) throws Exception {
        if (!status.equals("404")) {
            writer.ensure(node, path);
        }
        return switch (status) {
            case "404" -> get(empty, path);
            case "304" -> get(node, path, "If-None-Match", get(node, path).headers().firstValue("ETag").orElseThrow());
            case "400" -> get(node, path + "?nonsense=1");
            case "401" -> client.send(request(node, path).build(), HttpResponse.BodyHandlers.ofString());
            case "406" -> get(node, path, "Accept", "image/png");
            case "410" -> get(node, path + (path.endsWith("/flow-records") ? "?after=41-0" : WRONG_CURSOR));
            case "503" -> unavailable(path);
            default -> isStream(path) ? head(path) : get(node, path);
        };
    }

    private static boolean isStream(String path) {
        return path.endsWith("/events") || path.endsWith("/stream");
    }

    /** Whether the resource itself may answer 503. */
    private static boolean mayBeUnavailable(String method, String path) {
        return method.equals("get") ? !ALWAYS_AVAILABLE.matcher(path).matches()
            : !path.startsWith(WriteRequests.SNAPSHOTS + "/");
    }

    private HttpResponse<String> unavailable(String path) throws Exception {
        if (isStream(path)) { return oneStreamTooMany(path); }
        if (path.contains("/counter-snapshots/")) { return get(empty, writer.damagedSnapshot()); }
        empty.fault.set("the control loop has not answered for 61 s");
        return get(empty, path);
    }

    private HttpResponse<String> oneStreamTooMany(String path) throws Exception {
        List<InputStream> streams = new ArrayList<>();
        try {
            for (int i = 0; i < MAX_STREAMS; i++) {
                streams.add(stream(node, path));
            }
            try (RawClient root = new RawClient(node.socket())) {
                root.send(RawClient.get(path));
                assertTrue(root.readUntil("\r\n\r\n").startsWith("HTTP/1.1 200"), "the socket has places of its own");
            }
            return get(node, path);
        } finally {
            for (InputStream stream : streams) {
                stream.close();
            }
        }
    }

    private InputStream stream(ApiNode of, String path) throws Exception {
        return client.send(request(of, path, "Authorization", "Bearer " + of.token("read")).build(),
            HttpResponse.BodyHandlers.ofInputStream()).body();
    }

    @Test
    void tooManyRequestsAreAnsweredAsEachResourceDescribesIt() throws Exception {
        for (String path : names(document.path("paths"))) {
            for (String method : names(document.path("paths").path(path))) {
                HttpResponse<String> refused = writer.send(busy, method, writer.concrete(path), "", "operate");
                assertEquals(503, refused.statusCode(), method + " " + path);
                assertDescribed(path, method, refused);
            }
        }
    }

    @Test
    void statesOfFlowsAreThoseOfTheTable() {
        List<String> described = new ArrayList<>();
        document.at("/components/schemas/FlowState/enum").forEach(name -> described.add(name.asText()));
        assertEquals(IntStream.range(FlowState.NONE + 1, FlowState.COUNT).mapToObj(FlowState::name).toList(),
            described);
    }

    /** What the server accepts and what the document says are the same, at the limits of each parameter. */
    @ParameterizedTest
    @CsvSource({"endpoint,10.0.0.1,10.0.0.1:65535,10.0.0.1:65536", "endpoint,1.2.3.4:1,255.255.255.255,0.0.0.0",
        "endpoint,10.0.0.1:99,10.0.0.1:60000,10.0.0.1:0", "endpoint,9.9.9.9,10.20.30.40,10.0.0.01",
        "namespace,a,a-1,-a", "namespace,0,kube-system,A", "prefixAddress,0.0.0.0,10.0.0.0,10.0.0",
        "prefixLength,8,32,33", "address,10.0.0.1,10.0.0.0/0,10.0.0.0/33", "address,10.0.0.1/32,0.0.0.0,10.0.0.1/",
        "protocol,tcp,255,256", "protocol,0,017,sctp", "service,a/b,a.b/c-d,a", "pod,a/b,0/1,a/B",
        "cursor,0-0,ffffffffffffffff-999999999,42", "state,established,udp_stream,none", "limit,1,5000,0",
        "port,0,65535,65536"})
    void parametersAreAcceptedAndRefusedAsDescribed(String parameter, String good, String alsoGood, String bad)
        throws Exception {
        for (String value : List.of(good, alsoGood, bad)) {
            JsonNode described = document.at("/components/parameters/" + parameter);
            String in = described.path("in").asText();
            String path = in.equals("query") ? "/api/v1/flows?" + parameter + "=" + value.replace("/", "%2F")
                : paths(parameter).replace("{}", value);
            boolean number = described.path("schema").path("type").asText().equals("integer");
            boolean valid = errors(described.path("schema"), number ? value : "\"" + value + "\"").isEmpty();
            assertEquals(!value.equals(bad), valid, parameter + " " + value + " in the document");
            int status = get(node, path).statusCode();
            assertEquals(valid, status != 400, parameter + " " + value + " gets " + status);
        }
    }

    private static String paths(String parameter) {
        return switch (parameter) {
            case "endpoint" -> "/api/v1/drains/{}";
            case "namespace" -> "/api/v1/pauses/{}/web";
            case "prefixAddress" -> "/api/v1/static-routes/{}/24";
            default -> "/api/v1/static-routes/0.0.0.0/{}";
        };
    }

    private void assertDescribed(String path, String method, HttpResponse<String> response) throws IOException {
        JsonNode described = answer(operation(path, method), String.valueOf(response.statusCode()));
        described.path("headers").properties().stream().filter(header -> header.getValue().path("required").asBoolean())
            .forEach(header -> assertTrue(response.headers().firstValue(header.getKey()).isPresent(), path));
        if (response.statusCode() == 304 || response.request().method().equals("HEAD")) {
            assertEquals("", response.body());
            return;
        }
        String type = response.headers().firstValue("Content-Type").orElseThrow().replaceAll(";.*", "");
        JsonNode content = described.path("content").path(type);
        assertTrue(content.has("schema"), path + " " + response.statusCode() + " has the type " + type);
        if (type.endsWith("json")) {
            assertEquals("", errors(content.path("schema"), response.body()), path);
        }
    }

    /** Of a body against a schema whose references lead into the document. */
    private String errors(JsonNode schema, String body) throws IOException {
        JsonSchemaFactory factory = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012,
            builder -> builder
                .schemaLoaders(loaders -> loaders.schemas(Map.of("https://weft/api", document.toString()))));
        String text = schema.toString().replace("\"#/", "\"https://weft/api#/");
        JsonSchema compiled = factory.getSchema(SchemaLocation.of("https://weft/answer"), JSON.readTree(text));
        return compiled.validate(JSON.readTree(body)).stream().map(Object::toString).collect(Collectors.joining("; "));
    }

    @Test
    void aBodyThatDiffersFromItsSchemaIsNoticed() throws Exception {
        JsonNode schema = answer(operation("/api/v1/ports", "get"), "200").path("content").path("application/json")
            .path("schema");
        String body = get(node, "/api/v1/ports").body();
        assertEquals("", errors(schema, body));
        assertTrue(errors(schema, body.replaceFirst("\"queues\"", "\"ques\"")).contains("ques"));
        assertTrue(errors(schema, body.replaceFirst("\"up\"", "\"upp\"")).contains("up"));
    }

    private JsonNode operation(String path, String method) {
        return document.path("paths").path(path).path(method);
    }

    private JsonNode answer(JsonNode operation, String status) {
        return resolve(operation.path("responses").path(status));
    }

    private Set<String> parameters(JsonNode operation, String in) {
        Set<String> names = new TreeSet<>();
        for (JsonNode parameter : operation.path("parameters")) {
            JsonNode resolved = resolve(parameter);
            if (resolved.path("in").asText().equals(in)) {
                names.add(resolved.path("name").asText());
            }
        }
        return names;
    }

    private JsonNode resolve(JsonNode node) {
        return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
    }

    private static Set<String> names(JsonNode object) {
        Set<String> names = new TreeSet<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private HttpResponse<String> get(ApiNode of, String path, String... headers) throws Exception {
        return client.send(
            request(of, path, headers).header("Authorization", "Bearer " + of.token("read")).build(),
            HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    private HttpResponse<String> head(String path) throws Exception {
        return client.send(request(node, path).HEAD().header("Authorization", "Bearer " + node.token("read")).build(),
            HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRequest.Builder request(ApiNode of, String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + of.port() + path));
        return headers.length == 0 ? request : request.headers(headers);
    }
}
