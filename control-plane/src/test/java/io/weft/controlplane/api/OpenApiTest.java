package io.weft.controlplane.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import io.weft.controlplane.api.http.Resource;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The OpenAPI document against the server, both ways: each route is documented, each documented answer is produced and has its schema. */
class OpenApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_STREAMS = 16;
    private static final String WRONG_CURSOR = "?cursor=41-0";

    @TempDir private Path directory;
    private final HttpClient client = HttpClient.newHttpClient();
    private ApiNode node;
    /** Without any file, as before the processes have run. */
    private ApiNode empty;
    private JsonNode document;
    private WriteRequests writer;

    @BeforeEach
    void start() throws Exception {
        node = new ApiNode(directory.resolve("node"), Map.of()).withContents();
        empty = new ApiNode(directory.resolve("empty"), Map.of());
        writer = new WriteRequests(client, node, empty);
        document = JSON.readTree(get(node, "/api/v1/openapi.json").body());
    }

    @AfterEach
    void stop() {
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
        HttpResponse<String> response = method.equals("get") ? produce(path, status)
            : writer.produce(method, path, status);
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
            case "410" -> get(node, path + WRONG_CURSOR);
            case "503" -> unavailable(path);
            default -> path.endsWith("/events") ? head(path) : get(node, path);
        };
    }

    private HttpResponse<String> unavailable(String path) throws Exception {
        if (path.endsWith("/events")) { return oneStreamTooMany(path); }
        if (path.contains("/counter-snapshots/")) { return get(empty, writer.damagedSnapshot()); }
        empty.fault.set("the control loop has not answered for 61 s");
        return get(empty, path);
    }

    private HttpResponse<String> oneStreamTooMany(String path) throws Exception {
        List<InputStream> streams = new ArrayList<>();
        try {
            for (int i = 0; i < MAX_STREAMS; i++) {
                streams.add(client.send(request(node, path, "Authorization", "Bearer " + node.token("read")).build(),
                    HttpResponse.BodyHandlers.ofInputStream()).body());
            }
            return get(node, path);
        } finally {
            for (InputStream stream : streams) {
                stream.close();
            }
        }
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
