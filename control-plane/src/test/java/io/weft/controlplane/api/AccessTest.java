package io.weft.controlplane.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.Await;
import io.weft.controlplane.TestTls;
import io.weft.controlplane.api.access.Role;
import io.weft.controlplane.api.http.Answer;
import io.weft.controlplane.api.http.HttpLimits;
import io.weft.controlplane.api.http.Resource;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who gets in, and how: tokens, roles, the local socket, TLS, client certificates, and a port that is taken. */
class AccessTest {
    private static final Resource CHANGE = new Resource("/change", Optional.of(Role.OPERATE), List.of(Answer.JSON_TYPE),
        Set.of(), Resource.answering(_ -> Answer.json("done")));

    @TempDir private Path directory;
    private ApiNode node;

    @AfterEach
    void stop() {
        if (node != null) {
            node.close();
        }
    }

    private void start(Map<String, String> settings) throws IOException {
        node = new ApiNode(directory, settings, List.of(CHANGE), HttpLimits.DEFAULT).withContents();
    }

    @Test
    void tokensHaveRolesAndOnlyHealthNeedsNone() throws Exception {
        start(Map.of());
        Path file = directory.resolve("state").resolve("api-tokens");
        String read = node.token("read");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals(200, status("/livez", ""));
        assertEquals(200, status("/readyz", ""));
        HttpResponse<String> anonymous = get("/api/v1/node", "");
        assertEquals(401, anonymous.statusCode());
        assertEquals("Bearer realm=\"weft\"", anonymous.headers().firstValue("WWW-Authenticate").orElseThrow());
        assertEquals(401, status("/nothing", ""), "no path is revealed without a token");
        HttpResponse<String> wrong = get("/metrics", "Bearer " + read + "x");
        assertEquals(401, wrong.statusCode());
        assertTrue(wrong.headers().firstValue("WWW-Authenticate").orElseThrow().contains("invalid_token"));
        assertEquals(401, status("/metrics", "Basic " + read));
        assertEquals(200, status("/metrics", "bearer " + read));
        HttpResponse<String> forbidden = get("/change", "Bearer " + read);
        assertEquals(403, forbidden.statusCode());
        assertTrue(forbidden.headers().firstValue("WWW-Authenticate").orElseThrow().contains("insufficient_scope"));
        assertEquals(200, status("/change", "Bearer " + node.token("operate")));
        assertTrue(RawClient.exchange(node.socket(), RawClient.get("/change", "Connection: close"))
            .startsWith("HTTP/1.1 200"), "the local socket is root's");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(node.socket())));
    }

    @Test
    void changedTokensApplyAndAWrongFileKeepsTheFormer() throws Exception {
        start(Map.of());
        String first = node.token("read");
        Path file = directory.resolve("state").resolve("api-tokens");
        Files.writeString(file, "# rotated\nread secret-of-operations\n");
        Await.until("the new token", () -> status("/metrics", "Bearer secret-of-operations") == 200);
        assertEquals(401, status("/metrics", "Bearer " + first));
        Files.writeString(file, "read secret-of-operations\nwrite another-secret-word\n");
        Await.until("a problem", () -> !node.server.problems().isEmpty());
        assertEquals(List.of("api.tokenFile: " + file + ":2: must be read or operate and a token of at least 16"
            + " characters; the former tokens stay valid"), node.server.problems());
        assertEquals(200, status("/metrics", "Bearer secret-of-operations"));
    }

    @Test
    void aPortThatIsTakenIsReportedAndUsedOnceItIsFree() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            start(Map.of("api.listen", "127.0.0.1:" + other.getLocalPort()));
            Await.until("a problem", () -> !node.server.problems().isEmpty());
            assertEquals(List.of("api.listen: 127.0.0.1:" + other.getLocalPort() + " cannot be used: Address already in"
                + " use; the API is not reachable there until it is free"), node.server.problems());
            assertTrue(RawClient.exchange(node.socket(), RawClient.get("/livez", "Connection: close"))
                .startsWith("HTTP/1.1 200"), "the local socket works meanwhile");
        }
        assertEquals(200, status("/metrics", "Bearer " + node.token("read")));
        assertEquals(List.of(), node.server.problems());
    }

    @Test
    void certificatesAreReadAgainAndWrongOnesKeepTheFormer() throws Exception {
        Map<String, String> settings = tls("server-1");
        start(settings);
        URI uri = URI.create("https://127.0.0.1:" + node.port() + "/livez");
        try (HttpClient client = client(trust("authority-1")); HttpClient other = client(trust("authority-2"))) {
            assertEquals(200, client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode());
            assertThrows(SSLException.class,
                () -> other.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding()));
        }
        copy("server-2.key", "key.pem");
        Await.until("a problem", () -> !node.server.problems().isEmpty());
        assertEquals(List.of("api.tls: " + directory.resolve("key.pem") + ": not the key of "
            + directory.resolve("certificate.pem") + "; the former certificate stays in use"),
            node.server.problems());
        try (HttpClient client = client(trust("authority-1"))) {
            assertEquals(200, client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode());
        }
        copy("server-2.crt", "certificate.pem");
        Await.until("no problem", () -> node.server.problems().isEmpty());
        try (HttpClient client = client(trust("authority-2"))) {
            assertEquals(200, client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode());
        }
    }

    @Test
    void withoutAUsableCertificateThereIsNoPortButTheLocalSocket() throws Exception {
        Map<String, String> settings = tls("server-1");
        Files.writeString(directory.resolve("certificate.pem"), "nonsense");
        start(settings);
        Await.until("a problem", () -> !node.server.problems().isEmpty());
        assertTrue(node.server.problems().getFirst().startsWith("api.tls: " + directory.resolve("certificate.pem")),
            node.server.problems().toString());
        assertEquals(1, node.server.problems().getFirst().lines().count());
        assertFalse(node.server.port().isPresent());
        assertTrue(RawClient.exchange(node.socket(), RawClient.get("/livez", "Connection: close"))
            .startsWith("HTTP/1.1 200"));
    }

    @Test
    void withAClientAuthorityClientsNeedACertificate() throws Exception {
        copy("authority-1.crt", "clients.pem");
        Map<String, String> settings = new HashMap<>(tls("server-1"));
        settings.put("api.tls.clientCa", directory.resolve("clients.pem").toString());
        start(settings);
        HttpRequest request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + node.port() + "/livez")).build();
        try (HttpClient known = client(TestTls.context("client-1")); HttpClient nobody = client(trust("authority-1"))) {
            assertEquals(200, known.send(request, HttpResponse.BodyHandlers.discarding()).statusCode());
            assertThrows(IOException.class, () -> nobody.send(request, HttpResponse.BodyHandlers.discarding()));
        }
    }

    @Test
    void clientsThatDoNotFinishTheHandshakeAreCut() throws Exception {
        start(tls("server-1"));
        List<Socket> clients = new ArrayList<>();
        byte[] beginning = {0x16, 3, 1, 0x02, 0}; // of a record with a ClientHello
        for (int i = 0; i < 20; i++) {
            Socket client = new Socket(InetAddress.getLoopbackAddress(), node.port());
            client.getOutputStream().write(beginning, 0, i % (beginning.length + 1));
            clients.add(client);
        }
        for (Socket client : clients) {
            client.setSoTimeout(60_000);
            client.getInputStream().readAllBytes(); // an alert at most, then the end
            client.close();
        }
        assertEquals(200, get(client(trust("authority-1")), "/livez"));
    }

    private int get(HttpClient client, String path) throws Exception {
        try (client) {
            return client.send(HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + node.port() + path)).build(),
                HttpResponse.BodyHandlers.discarding()).statusCode();
        }
    }

    private Map<String, String> tls(String name) throws IOException {
        copy(name + ".crt", "certificate.pem");
        copy(name + ".key", "key.pem");
        return Map.of("api.tls.certificate", directory.resolve("certificate.pem").toString(), "api.tls.key",
            directory.resolve("key.pem").toString());
    }

    private void copy(String from, String to) throws IOException {
        Files.copy(TestTls.DIRECTORY.resolve(from), directory.resolve(to), StandardCopyOption.REPLACE_EXISTING);
    }

    private static HttpClient client(SSLContext context) {
        return HttpClient.newBuilder().sslContext(context).build();
    }

    private static SSLContext trust(String authority) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream file = Files.newInputStream(TestTls.DIRECTORY.resolve(authority + ".crt"))) {
            store.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private int status(String path, String authorization) {
        try {
            return get(path, authorization).statusCode();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private HttpResponse<String> get(String path, String authorization) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + path));
        if (!authorization.isEmpty()) {
            request.header("Authorization", authorization);
        }
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        }
    }
}
