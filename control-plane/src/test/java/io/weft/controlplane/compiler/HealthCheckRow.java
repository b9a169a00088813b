package io.weft.controlplane.compiler;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;

/** An {@code http} row of a {@link ServiceCase}: a request to a health check port, sent to this machine's own address. */
final class HealthCheckRow {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String REFUSED = "refused";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private HealthCheckRow() {
    }

    /** @return what is wrong; empty if nothing is */
    @SuppressWarnings("unchecked")
    static String check(Map<String, Object> row) throws IOException, InterruptedException {
        String port = row.get("to").toString().replaceAll(".*:", "");
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = client.send(HttpRequest
                .newBuilder(URI.create("http://127.0.0.1:" + port + row.get("path"))).timeout(PATIENCE).build(),
                HttpResponse.BodyHandlers.ofString());
            if (!String.valueOf(answer.statusCode()).equals(row.get("status").toString())) {
                return "status " + answer.statusCode();
            }
            if (!JSON.valueToTree(row.get("json")).equals(JSON.readTree(answer.body()))) { return answer.body(); }
            Map<String, String> wanted = (Map<String, String>) row.getOrDefault("headers", Map.of());
            return wanted.entrySet().stream().filter(
                header -> !answer.headers().firstValue(header.getKey()).orElse("").equals(header.getValue()))
                .findFirst().map(header -> header + " is " + answer.headers().firstValue(header.getKey()).orElse(""))
                .orElse("");
        } catch (ConnectException e) {
            return row.get("status").equals(REFUSED) ? "" : REFUSED;
        }
    }
}
