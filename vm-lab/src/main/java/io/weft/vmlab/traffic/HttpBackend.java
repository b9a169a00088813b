package io.weft.vmlab.traffic;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;

/** An HTTP server in a pod: answers with its own name and records the address from which each request came. */
public final class HttpBackend implements AutoCloseable {
    private static final int BACKLOG = 4096;
    private final String name;
    private final HttpServer server;
    private final Map<String, LongAdder> clients = new ConcurrentHashMap<>();

    private HttpBackend(String name, HttpServer server) {
        this.name = name;
        this.server = server;
    }

    /** Starts a server in the namespace of {@code pod}; the answer's body is {@code name}. */
    public static HttpBackend start(NamespaceThread pod, String name, InetSocketAddress listen) throws Exception {
        HttpBackend backend = new HttpBackend(name, pod.call(() -> HttpServer.create(listen, BACKLOG)));
        backend.server.createContext("/", backend::answer);
        backend.server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        backend.server.start();
        return backend;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            clients.computeIfAbsent(exchange.getRemoteAddress().getAddress().getHostAddress(), a -> new LongAdder())
                .increment();
            byte[] body = name.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Connection", "close");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    public String name() {
        return name;
    }

    /** Requests answered, by the client address that the server saw. */
    public Map<String, LongAdder> clients() {
        return clients;
    }

    /** Requests answered. */
    public long requests() {
        return clients.values().stream().mapToLong(LongAdder::sum).sum();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
