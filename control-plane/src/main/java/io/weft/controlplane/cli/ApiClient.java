package io.weft.controlplane.cli;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.view.NodeStatus;
import io.weft.controlplane.view.Table;
import io.weft.controlplane.view.UnavailableException;
import io.weft.controlplane.view.View;
import io.weft.dataplane.config.ConfigurationException;
import io.weft.nativebindings.linux.FileErrors;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A node behind its REST API. An error is an {@link UnavailableException} of one line. Cold code. */
final class ApiClient implements NodeSource {
    private static final ObjectMapper JSON = new ObjectMapper()
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    private static final TypeReference<List<LinkedHashMap<String, Object>>> ROWS = new TypeReference<>() {
    };
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration ANSWER = Duration.ofSeconds(30);
    private static final int PAGE = 5000;
    private static final int OK = 200;
    private static final Pattern NEXT = Pattern.compile("<([^>]+)>; *rel=\"?next\"?");

    private final URI server;
    private final String token;
    private final HttpClient client;

    /**
     * @param token empty for none
     * @param authorities PEM; null for those of the JDK
     * @throws ConfigurationException if the authorities cannot be read
     */
    ApiClient(URI server, String token, Path authorities) {
        this.server = server;
        this.token = token;
        HttpClient.Builder builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT);
        if (authorities != null) {
            builder.sslContext(trusting(authorities));
        }
        client = builder.build();
    }

    private static SSLContext trusting(Path authorities) {
        try (InputStream in = Files.newInputStream(authorities)) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int number = 0;
            for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("ca" + number++, each);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (IOException e) {
            throw new ConfigurationException("--ca " + FileErrors.describe(e));
        } catch (GeneralSecurityException e) {
            throw new ConfigurationException("--ca " + authorities + ": " + e.getMessage());
        }
    }

    @Override
    public Table table(View view, boolean all) {
        List<Map<String, Object>> rows = new ArrayList<>();
        Optional<URI> next = Optional.of(server.resolve("/api/v1/" + view
            + (view == View.FLOWS ? "?limit=" + PAGE : all && view.omitsZeros() ? "?all=true" : "")));
        while (next.isPresent()) {
            HttpResponse<String> page = get(next.get());
            rows.addAll(parse(page, ROWS));
            next = page.headers().firstValue("Link").map(NEXT::matcher).filter(Matcher::find)
                .map(link -> server.resolve(link.group(1)));
        }
        return rows.isEmpty() ? view.newTable() : Table.ofObjects(rows);
    }

    @Override
    public NodeStatus status() {
        return parse(get(server.resolve("/api/v1/node")), new TypeReference<NodeStatus>() {
        });
    }

    @Override
    public String place() {
        return server.toString();
    }

    private HttpResponse<String> get(URI uri) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(ANSWER).header("Accept", "application/json");
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        try {
            HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() == OK) { return response; }
            throw new UnavailableException(uri + ": " + response.statusCode() + " " + reason(response.body()));
        } catch (IOException e) {
            throw new UnavailableException(server + ": " + (e.getMessage() == null ? "no connection" : e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException(server + ": interrupted");
        }
    }

    /** Of a problem document. */
    private static String reason(String body) {
        try {
            JsonNode problem = JSON.readTree(body);
            String detail = problem.path("detail").asText();
            return detail.isEmpty() ? problem.path("title").asText() : detail;
        } catch (IOException notJson) {
            return "";
        }
    }

    private <T> T parse(HttpResponse<String> response, TypeReference<T> type) {
        try {
            return JSON.readValue(response.body(), type);
        } catch (IOException e) {
            throw new UnavailableException(server + ": the answer is not that of Weft's API");
        }
    }
}
