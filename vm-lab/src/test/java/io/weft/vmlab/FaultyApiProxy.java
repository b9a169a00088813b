package io.weft.vmlab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.vmlab.kubernetes.ControlPlane;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands between a node and the real API server, on the control plane's host, and does to lists and watches what a fault would. Everything else passes.
 * It speaks plain HTTP to the node.
 */
final class FaultyApiProxy implements AutoCloseable {
    /** What goes wrong with the lists and watches of Nodes, Services and EndpointSlices. */
    enum Fault {
        NONE,
        /** Each watch is told that its version has expired: EndpointSlices' by the status, the others' by an event. */
        GONE(true),
        /** 429, with a second's Retry-After. */
        TOO_MANY_REQUESTS(false),
        /** 500. */
        INTERNAL_ERROR(false),
        /** Lists without items; watches have expired, so there are lists. */
        EMPTY_LISTS(false),
        /** The connection ends in the middle of the first event, also when it is sent again. */
        HALF_A_WATCH(false),
        /** What arrives within two seconds is sent in reverse order, each event twice. */
        TWICE_AND_OUT_OF_ORDER(true);

        private final boolean letsChangesThrough;

        Fault() {
            this(true);
        }

        Fault(boolean letsChangesThrough) {
            this.letsChangesThrough = letsChangesThrough;
        }

        /** Whether a node gets to know of changes meanwhile, by lists or by watches. */
        boolean letsChangesThrough() {
            return letsChangesThrough;
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> AFFECTED = Set.of("nodes", "services", "endpointslices");
    private static final Set<String> PASSED_ON = Set.of("Authorization", "Accept", "Content-Type", "User-Agent");
    private static final int PORT = 8080;
    private static final int OK = 200;
    private static final int GONE = 410;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int INTERNAL_ERROR = 500;
    private static final Duration GATHERING = Duration.ofSeconds(2);
    private static final String END = "";
    private final ControlPlaneClient client;
    private final HttpServer server;
    private final Set<InputStream> watches = ConcurrentHashMap.newKeySet();
    private final AtomicInteger struck = new AtomicInteger();
    private volatile Fault fault = Fault.NONE;

    private FaultyApiProxy(ControlPlane controlPlane) throws IOException {
        client = new ControlPlaneClient(controlPlane);
        String host = URI.create(controlPlane.server()).getHost();
        server = NetworkNamespace.call(controlPlane.namespace(),
            () -> HttpServer.create(new InetSocketAddress(host, PORT), 0));
        server.createContext("/", this::serve);
        server.setExecutor(client.inNamespace());
        server.start();
    }

    static FaultyApiProxy start(ControlPlane controlPlane) throws IOException {
        return new FaultyApiProxy(controlPlane);
    }

    String url() {
        return "http://" + server.getAddress().getAddress().getHostAddress() + ":" + PORT;
    }

    /** From now on; watches that are open end. */
    void inject(Fault next) {
        struck.set(0);
        fault = next;
        watches.forEach(FaultyApiProxy::closeQuietly);
    }

    /** How many answers the present fault has changed. */
    int struck() {
        return struck.get();
    }

    // -- requests ----------------------------------------------------------------------------------------------------

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            URI uri = exchange.getRequestURI();
            String resource = uri.getPath().substring(uri.getPath().lastIndexOf('/') + 1);
            boolean isWatch = String.valueOf(uri.getRawQuery()).contains("watch=1");
            Fault now = fault;
            if (now != Fault.NONE && exchange.getRequestMethod().equals("GET") && AFFECTED.contains(resource)) {
                serveWith(now, exchange, isWatch, resource);
            } else {
                passOn(exchange, isWatch ? FaultyApiProxy::copyWatch : FaultyApiProxy::copy);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serveWith(Fault now, HttpExchange exchange, boolean isWatch, String resource)
        throws IOException, InterruptedException {
        switch (now) {
            case TOO_MANY_REQUESTS -> answer(exchange, TOO_MANY_REQUESTS);
            case INTERNAL_ERROR -> answer(exchange, INTERNAL_ERROR);
            case GONE, EMPTY_LISTS -> {
                if (isWatch) {
                    expire(exchange, resource);
                } else {
                    passOn(exchange, now == Fault.GONE ? FaultyApiProxy::copy : this::copyWithoutItems);
                }
            }
            case HALF_A_WATCH -> passOn(exchange, isWatch ? this::copyHalf : FaultyApiProxy::copy);
            case TWICE_AND_OUT_OF_ORDER -> passOn(exchange, isWatch ? this::copyShuffled : FaultyApiProxy::copy);
            case NONE -> throw new AssertionError(now);
        }
    }

    private void answer(HttpExchange exchange, int code) throws IOException {
        struck.incrementAndGet();
        exchange.getResponseHeaders().set("Retry-After", "1");
        send(exchange, code, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":" + code
            + ",\"message\":\"injected\"}");
    }

    private void expire(HttpExchange exchange, String resource) throws IOException {
        if (resource.equals("endpointslices")) {
            answer(exchange, GONE);
        } else {
            struck.incrementAndGet();
            send(exchange, OK, "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\","
                + "\"status\":\"Failure\",\"reason\":\"Expired\",\"code\":410}}\n");
        }
    }

    private static void send(HttpExchange exchange, int code, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(code, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    // -- answers of the API server -----------------------------------------------------------------------------------

    /** What becomes of the body of an answer. */
    private interface Copy {
        void copy(InputStream from, OutputStream to) throws IOException, InterruptedException;
    }

    private void passOn(HttpExchange exchange, Copy copy) throws IOException, InterruptedException {
        HttpResponse<InputStream> answer = client.send(request(exchange));
        try (InputStream body = answer.body()) {
            watches.add(body);
            answer.headers().firstValue("Content-Type")
                .ifPresent(type -> exchange.getResponseHeaders().set("Content-Type", type));
            exchange.sendResponseHeaders(answer.statusCode(), 0);
            exchange.getResponseBody().flush();
            copy.copy(body, exchange.getResponseBody());
        } finally {
            watches.remove(answer.body());
        }
    }

    private HttpRequest request(HttpExchange exchange) throws IOException {
        HttpRequest.Builder request = client.request(exchange.getRequestURI().toString());
        PASSED_ON.forEach(name -> {
            String value = exchange.getRequestHeaders().getFirst(name);
            if (value != null) {
                request.header(name, value);
            }
        });
        byte[] body = exchange.getRequestBody().readAllBytes();
        return request.method(exchange.getRequestMethod(), body.length == 0
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofByteArray(body)).build();
    }

    private static void copy(InputStream from, OutputStream to) throws IOException {
        from.transferTo(to);
    }

    /** Each event at once. */
    private static void copyWatch(InputStream from, OutputStream to) throws IOException {
        BufferedReader lines = lines(from);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            write(to, line + "\n");
        }
    }

    private void copyWithoutItems(InputStream from, OutputStream to) throws IOException {
        struck.incrementAndGet();
        JsonNode list = JSON.readTree(from);
        ((ObjectNode) list).putArray("items");
        ((ObjectNode) list.path("metadata")).remove("continue");
        write(to, JSON.writeValueAsString(list));
    }

    private void copyHalf(InputStream from, OutputStream to) throws IOException {
        String line = lines(from).readLine();
        if (line != null) {
            struck.incrementAndGet();
            write(to, line.substring(0, line.length() / 2));
        }
        throw new IOException("cut, as asked"); // the exchange ends without the end of the body
    }

    private void copyShuffled(InputStream from, OutputStream to) throws IOException, InterruptedException {
        LinkedBlockingQueue<String> queue = new LinkedBlockingQueue<>();
        Thread.startVirtualThread(() -> readLines(from, queue));
        while (true) {
            List<String> batch = new ArrayList<>();
            long end = Long.MAX_VALUE;
            for (String line = queue.take(); line != null; line = queue.poll(end - System.nanoTime(),
                TimeUnit.NANOSECONDS)) {
                if (line.equals(END)) { return; }
                end = batch.isEmpty() ? System.nanoTime() + GATHERING.toNanos() : end;
                batch.add(line);
            }
            struck.addAndGet(batch.size() > 1 ? 1 : 0);
            for (String line : batch.reversed()) {
                write(to, line + "\n" + line + "\n");
            }
        }
    }

    private static void readLines(InputStream from, LinkedBlockingQueue<String> into) {
        try {
            BufferedReader lines = lines(from);
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                into.add(line);
            }
        } catch (IOException e) {
            // the watch was closed
        } finally {
            into.add(END);
        }
    }

    private static BufferedReader lines(InputStream from) {
        return new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8));
    }

    private static void write(OutputStream to, String text) throws IOException {
        to.write(text.getBytes(StandardCharsets.UTF_8));
        to.flush();
    }

    private static void closeQuietly(InputStream watch) {
        try {
            watch.close();
        } catch (IOException e) {
            // it has ended already
        }
    }

    @Override
    public void close() {
        server.stop(0);
        client.close();
    }
}
