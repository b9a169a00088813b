package io.weft.controlplane.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.weft.controlplane.kubernetes.KubernetesApi;
import io.weft.dataplane.config.NodeConfiguration;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An API server with one Node, n1, and Events: it applies patches as the real one does, and answers with the errors that a test orders.
 */
final class TestApiServer implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NODE = "/api/v1/nodes/n1";
    private static final String EVENTS = "/api/v1/namespaces/default/events";
    private static final int OK = 200;
    private static final int CREATED = 201;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int CONFLICT = 409;
    private static final int UNSUPPORTED_MEDIA_TYPE = 415;

    private final List<String> requests = new ArrayList<>();
    private final Map<String, ObjectNode> events = new TreeMap<>();
    private final Map<String, Integer> errors = new TreeMap<>();
    private ObjectNode node;
    private HttpServer http;
    private int port;

    TestApiServer() throws IOException {
        node = (ObjectNode) JSON.readTree("""
            {"apiVersion": "v1", "kind": "Node",
             "metadata": {"name": "n1", "uid": "u1", "resourceVersion": "1",
                          "annotations": {"other": "kept"}, "labels": {"label": "kept"}},
             "spec": {"podCIDR": "10.244.1.0/24"},
             "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
            """);
        open(0);
    }

    private void open(int wantedPort) throws IOException {
        http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), wantedPort), 0);
        port = http.getAddress().getPort();
        http.createContext("/", this::answer);
        http.start();
    }

    KubernetesApi api(Path directory) throws IOException {
        Path kubeconfig = Files.writeString(directory.resolve("kubeconfig"), """
            apiVersion: v1
            kind: Config
            current-context: test
            contexts: [{name: test, context: {cluster: test, user: test}}]
            clusters: [{name: test, cluster: {server: "http://127.0.0.1:%d"}}]
            users: [{name: test, user: {token: secret}}]
            """.formatted(port));
        return KubernetesApi.of(NodeConfiguration.of(Map.of("source.kubeconfig", kubeconfig.toString())));
    }

    /** Until {@link #comeBack} nothing listens. */
    void goAway() {
        http.stop(0);
    }

    void comeBack() throws IOException {
        open(port);
    }

    /** @param requestsThatStartWith beginning of method and path, such as {@code PATCH /api/v1/nodes/} */
    synchronized void fail(String requestsThatStartWith, int status) {
        errors.put(requestsThatStartWith, status);
    }

    synchronized void failNoMore() {
        errors.clear();
    }

    synchronized long count(String requestsThatStartWith) {
        return requests.stream().filter(request -> request.startsWith(requestsThatStartWith)).count();
    }

    synchronized List<String> distinctRequests() {
        return requests.stream().map(request -> request.replaceFirst("/events/.*", "/events/NAME")).distinct().sorted()
            .toList();
    }

    synchronized Map<String, String> annotations() {
        Map<String, String> annotations = new TreeMap<>();
        node.path("metadata").path("annotations").properties()
            .forEach(entry -> annotations.put(entry.getKey(), entry.getValue().asText()));
        return annotations;
    }

    synchronized void annotate(String key, String value) {
        ((ObjectNode) node.path("metadata").path("annotations")).put(key, value);
    }

    /** The Node is deleted and registered again: without annotations, with another uid. */
    synchronized void replaceNode(String uid) {
        ((ObjectNode) node.path("metadata")).put("uid", uid).remove("annotations");
        ((ObjectNode) node.path("status")).putArray("conditions");
    }

    /** {@code type=status/reason}, one each. */
    synchronized List<String> conditions() {
        List<String> all = new ArrayList<>();
        node.path("status").path("conditions").forEach(condition -> all.add(condition.path("type").asText() + "="
            + condition.path("status").asText() + "/" + condition.path("reason").asText()));
        return all;
    }

    /** Without times and names: {@code type reason xCOUNT: message}. */
    synchronized List<String> events() {
        return events.values().stream().map(event -> event.path("type").asText() + " " + event.path("reason").asText()
            + " x" + event.path("count").asInt() + ": " + event.path("message").asText()).toList();
    }

    synchronized JsonNode event() {
        return events.values().iterator().next().deepCopy();
    }

    synchronized void deleteEvents() {
        events.clear();
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String method = exchange.getRequestMethod();
            String path = exchange.getRequestURI().getPath();
            String request = method + " " + path;
            requests.add(request);
            JsonNode body = JSON.readTree(exchange.getRequestBody());
            int error = errors.entrySet().stream().filter(entry -> request.startsWith(entry.getKey()))
                .mapToInt(Map.Entry::getValue).findFirst().orElse(0);
            if (error != 0) {
                refuse(exchange, error, "ordered by the test");
            } else if (path.equals(NODE) && method.equals("GET")) {
                send(exchange, OK, node);
            } else if (path.equals(NODE)) {
                patch(exchange, "application/merge-patch+json", node, body);
            } else if (path.equals(NODE + "/status")) {
                patchConditions(exchange, body);
            } else if (path.equals(EVENTS)) {
                create(exchange, (ObjectNode) body);
            } else if (path.startsWith(EVENTS + "/") && events.containsKey(name(path))) {
                patch(exchange, "application/merge-patch+json", events.get(name(path)), body);
            } else {
                refuse(exchange, NOT_FOUND, path + " not found");
            }
        }
    }

    private static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private void create(HttpExchange exchange, ObjectNode event) throws IOException {
        String name = event.path("metadata").path("name").asText();
        if (events.putIfAbsent(name, event) == null) {
            send(exchange, CREATED, event);
        } else {
            refuse(exchange, CONFLICT, name + " exists");
        }
    }

    private static void patch(HttpExchange exchange, String type, ObjectNode object, JsonNode patch)
        throws IOException {
        if (isPatch(exchange, type)) {
            JSON.readerForUpdating(object).readValue(patch);
            send(exchange, OK, object);
        }
    }

    /** A strategic merge: conditions are merged by their type. */
    private void patchConditions(HttpExchange exchange, JsonNode patch) throws IOException {
        if (!isPatch(exchange, "application/strategic-merge-patch+json")) { return; }
        ArrayNode conditions = (ArrayNode) node.path("status").path("conditions");
        for (JsonNode condition : patch.path("status").path("conditions")) {
            for (int i = conditions.size() - 1; i >= 0; i--) {
                if (conditions.get(i).path("type").equals(condition.path("type"))) {
                    conditions.remove(i);
                }
            }
            conditions.add(condition);
        }
        send(exchange, OK, node);
    }

    private static boolean isPatch(HttpExchange exchange, String type) throws IOException {
        if (!exchange.getRequestMethod().equals("PATCH")) {
            refuse(exchange, METHOD_NOT_ALLOWED, exchange.getRequestMethod());
            return false;
        }
        String given = String.valueOf(exchange.getRequestHeaders().getFirst("Content-Type"));
        if (given.startsWith(type)) { return true; }
        refuse(exchange, UNSUPPORTED_MEDIA_TYPE, given);
        return false;
    }

    private static void refuse(HttpExchange exchange, int status, String message) throws IOException {
        send(exchange, status, JSON.createObjectNode().put("kind", "Status").put("apiVersion", "v1")
            .put("status", "Failure").put("message", message).put("code", status));
    }

    private static void send(HttpExchange exchange, int status, JsonNode object) throws IOException {
        byte[] bytes = JSON.writeValueAsBytes(object);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        http.stop(0);
    }
}
