package io.weft.controlplane.healthcheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.Await;
import io.weft.controlplane.status.Failures;
import io.weft.encap.address.IpAddress;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real sockets on loopback addresses, of which each test takes free ports. */
class HealthCheckServerTest {
    private static final String NODE = "127.0.11.1";
    private static final String SECOND = "127.0.11.2";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final AtomicBoolean healthy = new AtomicBoolean(true);
    private final AtomicInteger changes = new AtomicInteger();
    private final Failures failures = new Failures();
    private final HttpClient client = HttpClient.newHttpClient();
    private HealthCheckServer server;
    private int port;
    private int otherPort;

    @BeforeEach
    void start() throws IOException {
        try (ServerSocket one = new ServerSocket(0); ServerSocket two = new ServerSocket(0)) {
            port = one.getLocalPort();
            otherPort = two.getLocalPort();
        }
        server = new HealthCheckServer(healthy::get, changes::incrementAndGet, failures);
    }

    @AfterEach
    void stop() {
        server.close();
        client.close();
        assertEquals(0, failures.summary().count(), () -> failures.summary().last());
    }

    private static HealthCheckNodePort edge(int port, int localEndpoints) {
        return new HealthCheckNodePort("shop", "edge", port, Set.of(IpAddress.of(NODE)), localEndpoints);
    }

    private HttpResponse<String> get(String address, int at, String path) throws Exception {
        return client.send(HttpRequest.newBuilder(URI.create("http://" + address + ":" + at + path))
            .timeout(Duration.ofSeconds(20)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private void assertAnswer(int at, String path, int status, String service, int localEndpoints) throws Exception {
        HttpResponse<String> answer = get(NODE, at, path);
        assertEquals(status, answer.statusCode());
        JsonNode wanted = JSON.readTree("{\"service\":{\"namespace\":\"shop\",\"name\":\"" + service
            + "\"},\"localEndpoints\":" + localEndpoints + ",\"serviceProxyHealthy\":" + healthy.get() + "}");
        assertEquals(wanted, JSON.readTree(answer.body()));
        assertEquals("application/json", answer.headers().firstValue("Content-Type").orElse(""));
        assertEquals("nosniff", answer.headers().firstValue("X-Content-Type-Options").orElse(""));
        assertEquals(Integer.toString(localEndpoints),
            answer.headers().firstValue("X-Load-Balancing-Endpoint-Weight").orElse(""));
    }

    private void assertRefused(int at) {
        assertThrows(ConnectException.class, () -> get(NODE, at, "/"));
    }

    @Test
    void saysHowManyReadyEndpointsTheNodeHas() throws Exception {
        server.update(List.of(edge(port, 2)));
        assertAnswer(port, "/", 200, "edge", 2);
        assertAnswer(port, "/any/path", 200, "edge", 2);
        server.update(List.of(edge(port, 1)));
        assertAnswer(port, "/", 200, "edge", 1);
        server.update(List.of(edge(port, 0)));
        assertAnswer(port, "/", 503, "edge", 0);
        server.update(List.of(edge(port, 1)));
        assertAnswer(port, "/", 200, "edge", 1);
        server.update(List.of());
        assertRefused(port);
        assertEquals(0, changes.get());
    }

    @Test
    void thePortComesAndGoesWithTheService() throws Exception {
        assertRefused(port);
        server.update(List.of(edge(port, 1)));
        assertAnswer(port, "/", 200, "edge", 1);
        server.update(List.of());
        assertRefused(port);
        server.update(List.of(edge(otherPort, 1)));
        assertRefused(port);
        assertAnswer(otherPort, "/", 200, "edge", 1);
        server.update(List.of());
        assertRefused(otherPort);
    }

    @Test
    void twoServicesDoNotDependOnEachOther() throws Exception {
        server.update(List.of(edge(port, 1),
            new HealthCheckNodePort("shop", "edge2", otherPort, Set.of(IpAddress.of(NODE)), 0)));
        assertAnswer(port, "/", 200, "edge", 1);
        assertAnswer(otherPort, "/", 503, "edge2", 0);
    }

    @Test
    void aNodeWithoutADataplaneIsNotHealthy() throws Exception {
        server.update(List.of(edge(port, 2)));
        healthy.set(false);
        assertAnswer(port, "/", 503, "edge", 2);
        healthy.set(true);
        assertAnswer(port, "/", 200, "edge", 2);
    }

    @Test
    void listensOnTheGivenAddressesOnly() throws Exception {
        server.update(List.of(new HealthCheckNodePort("shop", "edge", port,
            Set.of(IpAddress.of(NODE), IpAddress.of(SECOND)), 1)));
        assertEquals(200, get(SECOND, port, "/").statusCode());
        assertThrows(ConnectException.class, () -> get("127.0.11.3", port, "/"));
        server.update(List.of(new HealthCheckNodePort("shop", "edge", port, Set.of(IpAddress.of("0.0.0.0")), 1)));
        assertEquals(200, get("127.0.11.3", port, "/").statusCode());
    }

    @Test
    void aPortThatIsTakenIsReportedAndServedWhenItIsFree() throws Exception {
        try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getByName(NODE))) {
            server.update(List.of(edge(taken.getLocalPort(), 1)));
            assertEquals(1, server.problems().size());
            assertTrue(server.problems().getFirst().startsWith(
                "Service shop/edge: healthCheckNodePort cannot be served on " + NODE + ":" + port + ": "),
                server.problems()::toString);
            assertEquals(1, changes.get());
        }
        Await.until("the port to be served", () -> server.problems().isEmpty());
        assertAnswer(port, "/", 200, "edge", 1);
        assertEquals(2, changes.get());
    }

    @Test
    void aTakenPortThatIsNoLongerWantedIsForgotten() throws Exception {
        try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getByName(NODE))) {
            server.update(List.of(edge(port, 1)));
            server.update(List.of());
            assertEquals(List.of(), server.problems());
        }
    }

    @Test
    void twoServicesWithOnePortAreReported() throws Exception {
        server.update(List.of(edge(port, 1),
            new HealthCheckNodePort("shop", "edge2", port, Set.of(IpAddress.of(NODE)), 0)));
        assertEquals(List.of("Service shop/edge2: healthCheckNodePort " + port + " is that of Service shop/edge"),
            server.problems());
        assertAnswer(port, "/", 200, "edge", 1);
    }

    @Test
    void slowClientsDoNotKeepOthersWaiting() throws Exception {
        server.update(List.of(edge(port, 1)));
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 200; i++) {
                slow.add(raw("GET / HT"));
            }
            assertAnswer(port, "/", 200, "edge", 1);
            for (Socket each : slow) {
                each.setSoTimeout(60_000);
                assertEquals(-1, each.getInputStream().read(), "closed without an answer");
            }
        } finally {
            for (Socket each : slow) {
                each.close();
            }
        }
    }

    @Test
    void whatIsNoRequestIsRefused() throws Exception {
        server.update(List.of(edge(port, 1)));
        assertTrue(exchange("hello\r\n\r\n").startsWith("HTTP/1.1 400 Bad Request\r\n"));
        assertTrue(exchange("GET / HTTP/1.1\r\nX: " + "y".repeat(9000) + "\r\n\r\n").startsWith("HTTP/1.1 400 "));
        assertTrue(exchange("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc").startsWith("HTTP/1.1 200 OK\r\n"));
        String head = exchange("HEAD / HTTP/1.1\r\n\r\n");
        assertTrue(head.startsWith("HTTP/1.1 200 OK\r\n") && head.endsWith("\r\n\r\n"), head);
        assertEquals("", exchange(""));
    }

    private Socket raw(String request) throws IOException {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(NODE, port), 20_000);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        return socket;
    }

    private String exchange(String request) throws IOException {
        try (Socket socket = raw(request)) {
            socket.setSoTimeout(60_000);
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }
}
