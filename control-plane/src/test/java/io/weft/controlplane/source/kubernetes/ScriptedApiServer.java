package io.weft.controlplane.source.kubernetes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** Lists and watches as an API server serves them, and the faults that a test asks for. Any thread. */
final class ScriptedApiServer implements AutoCloseable {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, String> KINDS = Map.of("nodes", "Node", "namespaces", "Namespace", "pods", "Pod",
        "services", "Service", "endpointslices", "EndpointSlice",
        "servicecidrs", "ServiceCIDR");

    /** An answer instead of the true one. */
    record Answer(int code, Map<String, String> headers, String body) {
        static Answer of(int code) {
            return new Answer(code, Map.of(), "{\"kind\":\"Status\",\"code\":" + code + ",\"message\":\"as asked\"}");
        }
    }

    private record Event(long version, String type, String object) {
        String json() {
            return "{\"type\":\"" + type + "\",\"object\":" + object + "}\n";
        }
    }

    private final Map<String, Map<String, ObjectNode>> objects = new HashMap<>();
    private final Map<String, List<Event>> events = new HashMap<>();
    private final Map<String, Long> compacted = new HashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private BiFunction<String, String, Answer> script = (_, _) -> null;
    private UnaryOperator<List<String>> tampering = UnaryOperator.identity();
    private volatile String token = "";
    private SSLContext tls;
    private boolean needsClientCertificate;
    private HttpServer server;
    private int port;
    private long version = 100;
    private long watches;

    ScriptedApiServer() {
        for (String resource : KINDS.keySet()) {
            objects.put(resource, new TreeMap<>());
            events.put(resource, new ArrayList<>());
            compacted.put(resource, 0L);
        }
    }

    // -- the server --------------------------------------------------------------------------------------------------

    synchronized ScriptedApiServer start() throws IOException {
        if (server != null) { return this; }
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        if (tls == null) {
            server = HttpServer.create(address, 0);
        } else {
            HttpsServer https = HttpsServer.create(address, 0);
            https.setHttpsConfigurator(new Configurator(tls, needsClientCertificate));
            server = https;
        }
        port = server.getAddress().getPort();
        server.createContext("/", this::serve);
        server.setExecutor(threads);
        server.start();
        return this;
    }

    private static final class Configurator extends HttpsConfigurator {
        private final boolean needsClientCertificate;

        Configurator(SSLContext tls, boolean needsClientCertificate) {
            super(tls);
            this.needsClientCertificate = needsClientCertificate;
        }

        @Override
        public void configure(HttpsParameters parameters) {
            SSLParameters tls = getSSLContext().getDefaultSSLParameters();
            tls.setNeedClientAuth(needsClientCertificate);
            parameters.setSSLParameters(tls);
        }
    }

    /** Until {@link #start}, connections are refused. */
    synchronized void stop() {
        if (server != null) {
            server.stop(0);
            server = null;
        }
        endWatches();
    }

    /** From the next start on. */
    synchronized void useTls(SSLContext context, boolean clientCertificate) {
        tls = context;
        needsClientCertificate = clientCertificate;
    }

    void requireToken(String required) {
        token = required;
    }

    synchronized URI uri() {
        return URI.create((tls == null ? "http" : "https") + "://127.0.0.1:" + port);
    }

    /** Path and query of each request. */
    List<String> requests() {
        return requests;
    }

    @Override
    public void close() {
        stop();
        threads.shutdownNow();
    }

    // -- the script --------------------------------------------------------------------------------------------------

    /** @param answer from {@code list} or {@code watch} and the resource to the answer; null: the true one */
    synchronized void answer(BiFunction<String, String, Answer> answer) {
        script = answer;
    }

    /** @param change of the lines that a watch sends at once */
    synchronized void tamper(UnaryOperator<List<String>> change) {
        tampering = change;
    }

    synchronized void endWatches() {
        watches++;
        notifyAll();
    }

    /** Forgets all events: a watch from an earlier version is answered with 410. */
    synchronized void compact(String resource) {
        events.get(resource).clear();
        compacted.put(resource, ++version);
        endWatches();
    }

    // -- the objects -------------------------------------------------------------------------------------------------

    /** Creates or replaces an object. */
    synchronized void put(String resource, ObjectNode object) {
        ObjectNode stored = object.deepCopy();
        Map<String, ObjectNode> all = objects.get(resource);
        String type = all.containsKey(key(object)) ? "MODIFIED" : "ADDED";
        metadata(stored).put("resourceVersion", String.valueOf(++version));
        metadata(stored).putArray("managedFields").addObject().put("manager", "a test").put("operation", "Update");
        all.put(key(stored), stored);
        events.get(resource).add(new Event(version, type, text(stored)));
        notifyAll();
    }

    synchronized void delete(String resource, String key) {
        ObjectNode gone = objects.get(resource).remove(key);
        metadata(gone).put("resourceVersion", String.valueOf(++version));
        events.get(resource).add(new Event(version, "DELETED", text(gone)));
        notifyAll();
    }

    synchronized void bookmark(String resource) {
        events.get(resource).add(new Event(++version, "BOOKMARK",
            "{\"kind\":\"" + KINDS.get(resource) + "\",\"metadata\":{\"resourceVersion\":\"" + version + "\"}}"));
        notifyAll();
    }

    /** The objects of a resource, as a list would show them. */
    synchronized List<ObjectNode> all(String resource) {
        return List.copyOf(objects.get(resource).values());
    }

    private static String key(ObjectNode object) {
        String namespace = object.path("metadata").path("namespace").asText("");
        return (namespace.isEmpty() ? "" : namespace + "/") + object.path("metadata").path("name").asText();
    }

    private static ObjectNode metadata(ObjectNode object) {
        return (ObjectNode) object.get("metadata");
    }

    private static String text(ObjectNode object) {
        try {
            return JSON.writeValueAsString(object);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    // -- requests ----------------------------------------------------------------------------------------------------

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            requests.add(exchange.getRequestURI().toString());
            String path = exchange.getRequestURI().getPath();
            String resource = path.substring(path.lastIndexOf('/') + 1);
            Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
            boolean isWatch = query.containsKey("watch");
            Answer answer = scripted(exchange, isWatch ? "watch" : "list", resource);
            if (answer != null) {
                send(exchange, answer);
            } else if (isWatch) {
                watch(exchange, resource, Long.parseLong(query.get("resourceVersion")),
                    Integer.parseInt(query.get("timeoutSeconds")));
            } else {
                list(exchange, resource, query);
            }
        }
    }

    private synchronized Answer scripted(HttpExchange exchange, String verb, String resource) {
        String given = exchange.getRequestHeaders().getFirst("Authorization");
        if (!token.isEmpty() && !("Bearer " + token).equals(given)) { return Answer.of(401); }
        return script.apply(verb, resource);
    }

    private static void send(HttpExchange exchange, Answer answer) throws IOException {
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        answer.headers().forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
        exchange.sendResponseHeaders(answer.code(), body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    private void list(HttpExchange exchange, String resource, Map<String, String> query) throws IOException {
        send(exchange, new Answer(200, Map.of(), listing(resource, query)));
    }

    /** Pages only where the version is not 0, as the real one does. */
    private synchronized String listing(String resource, Map<String, String> query) {
        List<ObjectNode> all = List.copyOf(objects.get(resource).values());
        boolean pages = !"0".equals(query.get("resourceVersion"));
        int from = Integer.parseInt(query.getOrDefault("continue", "0"));
        int to = pages ? Math.min(all.size(), from + Integer.parseInt(query.get("limit"))) : all.size();
        ObjectNode list = JSON.createObjectNode();
        list.put("kind", KINDS.get(resource) + "List").put("apiVersion", "v1");
        list.putObject("metadata").put("resourceVersion", String.valueOf(version))
            .put("continue", to < all.size() ? String.valueOf(to) : "");
        ArrayNode items = list.putArray("items");
        all.subList(from, to).forEach(items::add);
        return text(list);
    }

    private void watch(HttpExchange exchange, String resource, long from, int timeoutSeconds) throws IOException {
        long known = from;
        long turn;
        synchronized (this) {
            turn = watches;
            if (from < compacted.get(resource)) {
                known = -1;
            }
        }
        if (known < 0) {
            send(exchange, new Answer(200, Map.of(),
                "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}\n"));
            return;
        }
        exchange.sendResponseHeaders(200, 0);
        OutputStream body = exchange.getResponseBody();
        body.flush();
        long endNanos = System.nanoTime() + timeoutSeconds * 1_000_000_000L;
        Batch batch = next(resource, known, turn, endNanos);
        while (batch != null) {
            known = batch.version();
            for (String line : batch.lines()) {
                body.write(line.getBytes(StandardCharsets.UTF_8));
                body.flush();
                if (!line.endsWith("\n")) { return; } // cut
            }
            batch = next(resource, known, turn, endNanos);
        }
    }

    /** @param version of the last of the events */
    private record Batch(List<String> lines, long version) {
    }

    /** Waits for events after the version. @return null when the watch ends */
    private synchronized Batch next(String resource, long known, long turn, long endNanos) {
        try {
            while (turn == watches && server != null && System.nanoTime() < endNanos) {
                List<Event> news = events.get(resource).stream().filter(event -> event.version() > known).toList();
                if (!news.isEmpty()) {
                    return new Batch(tampering.apply(news.stream().map(Event::json).toList()),
                        news.getLast().version());
                }
                wait(100);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return null;
    }

    private static Map<String, String> query(String text) {
        Map<String, String> query = new HashMap<>();
        for (String part : text.split("&")) {
            int equals = part.indexOf('=');
            if (equals > 0) {
                query.put(part.substring(0, equals),
                    URLDecoder.decode(part.substring(equals + 1), StandardCharsets.UTF_8));
            }
        }
        return query;
    }
}
