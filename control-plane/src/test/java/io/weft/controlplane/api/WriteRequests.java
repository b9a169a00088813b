package io.weft.controlplane.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.operator.CounterSnapshots;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Requests that bring about each answer that the API describes for a write. */
final class WriteRequests {
    static final String SNAPSHOTS = "/api/v1/counter-snapshots";
    private static final String JSON = "application/json";
    private static final int TOO_LONG = 70_000;

    private final HttpClient client;
    private final ApiNode node;
    private final ApiNode empty;
    private String snapshot = "1";

    /** @param empty a node without any file */
    WriteRequests(HttpClient client, ApiNode node, ApiNode empty) {
        this.client = client;
        this.node = node;
        this.empty = empty;
    }

    /** A path for a template. */
    String concrete(String template) {
        return template.replace("{endpoint}", "10.244.2.7:8080").replace("{namespace}", "default")
            .replace("{name}", "web").replace("{address}", "198.51.100.0").replace("{length}", "24")
            .replace("{id}", snapshot);
    }

    private static String body(String path, String comment) {
        String more = comment.isEmpty() ? "" : "\"comment\": \"" + comment + "\"";
        String first = path.contains("/static-routes/") ? "\"type\": \"blackhole\""
            : path.endsWith("/log-level") ? "\"level\": \"info\"" : "";
        return "{" + first + (first.isEmpty() || more.isEmpty() ? "" : ", ") + more + "}";
    }

    /** Makes the resource exist. */
    void ensure(ApiNode of, String path) throws Exception {
        if (path.equals(SNAPSHOTS) || path.startsWith(SNAPSHOTS + "/")) {
            if (path.endsWith("/" + snapshot) && of == node
                && send(of, "get", path, "", "operate").statusCode() == 404) {
                String taken = send(of, "post", SNAPSHOTS, "{}", "operate").body();
                snapshot = new ObjectMapper().readTree(taken).path("id").asText();
            }
        } else if (path.matches("/api/v1/(drains|pauses|static-routes)/.*|.*/log-level")) {
            assertEquals(2, send(of, "put", path, body(path, ""), "operate").statusCode() / 100);
        }
    }

    HttpResponse<String> produce(String method, String path, String status) throws Exception {
        ensure(node, path);
        String current = path.startsWith(SNAPSHOTS + "/") ? SNAPSHOTS + "/" + snapshot : path;
        String body = method.equals("delete") ? "" : body(path, "");
        return switch (status) {
            case "201" -> anew(method, current, body);
            case "400" -> send(node, method, current + "?nonsense=1", body, "operate");
            case "401" -> send(node, method, current, body, "");
            case "403" -> send(node, method, current, body, "read");
            case "404" -> again(method, current);
            case "406" -> send(node, method, current, body, "operate", "Accept", "image/png");
            case "409" -> path.equals(SNAPSHOTS) ? oneSnapshotTooMany()
                : send(node, method, current, body(path, FakeWriteTarget.UNWANTED), "operate");
            case "412" -> send(node, method, current, body, "operate", "If-Match", "\"another\"");
            case "415" -> send(node, method, current, body, "operate", "Content-Type", "text/plain");
            case "503" -> unavailable(method, current, body);
            default -> send(node, method, current, body, "operate");
        };
    }

    private HttpResponse<String> anew(String method, String path, String body) throws Exception {
        if (method.equals("put")) {
            send(node, "delete", path, "", "operate");
        }
        return send(node, method, path, body, "operate");
    }

    private HttpResponse<String> again(String method, String path) throws Exception {
        send(node, method, path, "", "operate");
        return send(node, method, path, "", "operate");
    }

    private HttpResponse<String> unavailable(String method, String path, String body) throws Exception {
        empty.fault.set("");
        ensure(empty, path);
        empty.fault.set("the control loop has not answered for 5 s");
        HttpResponse<String> answer = send(empty, method, path, body.isEmpty() ? body : body(path, "another"),
            "operate");
        empty.fault.set("");
        if (!path.equals(SNAPSHOTS)) {
            assertEquals(200, send(empty, "delete", path, "", "operate").statusCode());
        }
        return answer;
    }

    private HttpResponse<String> oneSnapshotTooMany() throws Exception {
        List<String> taken = new ArrayList<>();
        HttpResponse<String> last = send(node, "post", SNAPSHOTS, "", "operate");
        while (last.statusCode() == 201) {
            assertTrue(taken.size() < CounterSnapshots.MAX_SNAPSHOTS);
            taken.add(last.headers().firstValue("Location").orElseThrow());
            last = send(node, "post", SNAPSHOTS, "", "operate");
        }
        for (String path : taken) {
            assertEquals(200, send(node, "delete", path, "", "operate").statusCode());
        }
        return last;
    }

    /** On the node without files. */
    String damagedSnapshot() throws IOException {
        Path directory = Files.createDirectories(empty.state().resolve("counter-snapshots"));
        Files.writeString(directory.resolve("7.snapshot"), "nonsense");
        return SNAPSHOTS + "/7";
    }

    void assertTooLarge(String method, String path) throws IOException {
        String answer = RawClient.exchange(node.socket(), method.toUpperCase(Locale.ROOT) + " " + path
            + " HTTP/1.1\r\nHost: n1\r\nContent-Type: " + JSON + "\r\nContent-Length: " + TOO_LONG + "\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 413 ") && answer.contains("application/problem+json"), answer);
    }

    /** @param role empty for no token */
    HttpResponse<String> send(ApiNode of, String method, String path, String body, String role, String... headers)
        throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + of.port() + path))
            .method(method.toUpperCase(Locale.ROOT), body.isEmpty()
                ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (!role.isEmpty()) {
            request.header("Authorization", "Bearer " + of.token(role));
        }
        if (!body.isEmpty()) {
            request.setHeader("Content-Type", JSON);
        }
        for (int i = 0; i < headers.length; i += 2) {
            request.setHeader(headers[i], headers[i + 1]);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
