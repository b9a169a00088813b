package io.weft.vmlab;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.vmlab.kubernetes.ControlPlane;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.Executor;
import java.util.function.IntPredicate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Requests to the API server and to etcd of a cluster, from the control plane's host and without the start of a {@code kubectl}. Any thread. */
final class ControlPlaneClient implements AutoCloseable {
    private static final String TOKEN = "token: ";
    private static final int OK = 200;
    private static final int NO_ANSWER = 0;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration ANSWER = Duration.ofSeconds(30);
    private final Path namespace;
    private final String server;
    private final String administrator;
    private final HttpClient client;

    ControlPlaneClient(ControlPlane controlPlane) throws IOException {
        namespace = controlPlane.namespace();
        server = controlPlane.server();
        administrator = token(controlPlane.kubectl().kubeconfig());
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).executor(inNamespace())
            .sslContext(trusting(controlPlane.certificate())).connectTimeout(Duration.ofSeconds(5)).build();
    }

    private static String token(Path kubeconfig) throws IOException {
        return Files.readString(kubeconfig).lines().map(String::strip).filter(line -> line.startsWith(TOKEN))
            .findFirst().orElseThrow().substring(TOKEN.length());
    }

    /** Runs each task on a thread of its own in the namespace, so that its sockets belong there. */
    Executor inNamespace() {
        return task -> Thread.startVirtualThread(() -> NetworkNamespace.run(namespace, task::run));
    }

    private static SSLContext trusting(Path certificate) throws IOException {
        try (InputStream in = Files.newInputStream(certificate)) {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            trusted.setCertificateEntry("api", CertificateFactory.getInstance("X.509").generateCertificate(in));
            TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot use the certificate " + certificate, e);
        }
    }

    /** A request to the API server; the builder has its URL. */
    HttpRequest.Builder request(String pathAndQuery) {
        return HttpRequest.newBuilder(URI.create(server + pathAndQuery));
    }

    /**
     * Changes or reads an object as the administrator; the caller closes the body, which is all of it or a watch.
     *
     * @param body a merge patch in JSON, for PATCH; else empty
     * @throws IOException if the API server refuses
     */
    HttpResponse<InputStream> administer(String method, String pathAndQuery, String body)
        throws IOException, InterruptedException {
        HttpResponse<InputStream> answer = send(request(pathAndQuery).header("Authorization", "Bearer " + administrator)
            .header("Content-Type", "application/merge-patch+json")
            .method(method, HttpRequest.BodyPublishers.ofString(body)).build());
        if (answer.statusCode() != OK) {
            try (InputStream reason = answer.body()) {
                throw new IOException(method + " " + pathAndQuery + ": " + answer.statusCode() + " "
                    + new String(reason.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return answer;
    }

    /** Sends a request; the caller closes the body. */
    HttpResponse<InputStream> send(HttpRequest request) throws IOException, InterruptedException {
        return send(request, HttpResponse.BodyHandlers.ofInputStream());
    }

    /** In the namespace, because the client opens the socket of a new connection on the thread that sends, not by its executor. */
    private <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> body)
        throws IOException, InterruptedException {
        try {
            return NetworkNamespace.call(namespace, () -> client.send(request, body));
        } catch (IOException | InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Waits until the API server answers anything, which it does before it is ready. */
    void awaitAnswer() throws IOException, InterruptedException {
        awaitReadyz(status -> status != NO_ANSWER);
    }

    /** Waits until the API server calls itself ready. */
    void awaitReady() throws IOException, InterruptedException {
        awaitReadyz(status -> status == OK);
    }

    private void awaitReadyz(IntPredicate wanted) throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (!wanted.test(readyz())) {
            if (System.nanoTime() - start > PATIENCE.toNanos()) {
                throw new IOException("the API server is not back after " + PATIENCE.toSeconds() + " s");
            }
            Thread.sleep(10);
        }
    }

    private int readyz() throws InterruptedException {
        try {
            return send(request("/readyz").timeout(ANSWER).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
        } catch (IOException e) {
            return NO_ANSWER;
        }
    }

    /**
     * Writes an object where the API server keeps it, as another API server would.
     *
     * @param key such as {@code /registry/services/specs/default/kubernetes}
     * @param json the object
     */
    void storeInEtcd(String key, String json) throws IOException, InterruptedException {
        String body = "{\"key\":\"" + base64(key) + "\",\"value\":\"" + base64(json) + "\"}";
        HttpRequest request = HttpRequest.newBuilder(URI.create(ControlPlane.ETCD + "/v3/kv/put")).timeout(ANSWER)
            .POST(HttpRequest.BodyPublishers.ofString(body)).build();
        HttpResponse<String> answer = send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != OK) {
            throw new IOException("etcd answered " + answer.statusCode() + ": " + answer.body());
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
