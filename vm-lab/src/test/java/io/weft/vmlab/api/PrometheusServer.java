package io.weft.vmlab.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.WeftNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;

/**
 * A Prometheus on a node, with the configuration and the alert rules that come with Weft. Only their waiting times are shorter, because nobody
 * waits for minutes here; the rules' own tests have the real ones.
 */
final class PrometheusServer implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ADDRESS = "127.0.0.1:9090";
    private static final Duration ANSWER = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final long POLL_MILLIS = 200;
    private static final int OK = 200;

    private final WeftNode node;
    private final Path log;
    private final Process process;
    private final HttpClient client;

    private PrometheusServer(WeftNode node, Path log, Process process) {
        this.node = node;
        this.log = log;
        this.process = process;
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(ANSWER)
            .executor(task -> Thread.startVirtualThread(() -> NetworkNamespace.run(node.namespace(), task::run)))
            .build();
    }

    /**
     * @param directory for its files
     * @param monitoring the directory of that name in the installed Weft
     */
    static PrometheusServer start(WeftNode node, Path directory, Path monitoring) throws Exception {
        Path token = Files.writeString(directory.resolve("token"), token(node));
        Files.writeString(directory.resolve("weft-alerts.yaml"),
            Files.readString(monitoring.resolve("weft-alerts.yaml"))
                .replaceAll("(?m)^( *for:) .*$", "$1 2s"));
        Path configuration = Files.writeString(directory.resolve("prometheus.yaml"),
            Files.readString(monitoring.resolve("prometheus.yaml"))
                .replace("/etc/prometheus/weft-token", token.toString()).replace("15s", "1s"));
        Path log = directory.resolve("log");
        ProcessBuilder builder = ExternalCommand.of("prometheus", "--config.file=" + configuration,
            "--storage.tsdb.path=" + directory.resolve("data"), "--web.listen-address=" + ADDRESS, "--log.level=warn")
            .builder().redirectErrorStream(true).redirectOutput(log.toFile());
        return new PrometheusServer(node, log, node.thread().call(builder::start));
    }

    /** The one for reading, which the control plane has created. */
    private static String token(WeftNode node) throws Exception {
        Path file = node.stateDirectory().resolve("api-tokens");
        node.view().await("its API tokens", () -> Files.exists(file));
        return Files.readAllLines(file).stream().filter(line -> line.startsWith("read ")).findFirst().orElseThrow()
            .substring("read ".length());
    }

    /** The values of an instant query by their labels, which are in JSON and sorted. */
    Map<String, Double> query(String expression) throws Exception {
        Map<String, Double> values = new TreeMap<>();
        for (JsonNode sample : data("/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8))
            .path("result")) {
            values.put(sample.path("metric").toString(), sample.path("value").path(1).asDouble());
        }
        return values;
    }

    /** Whether the alert fires; one that is only pending does not. */
    boolean fires(String alert) throws Exception {
        return !query("ALERTS{alertname=\"" + alert + "\",alertstate=\"firing\"}").isEmpty();
    }

    /** All that fires. */
    String firing() throws Exception {
        return query("ALERTS{alertstate=\"firing\"}").keySet().toString();
    }

    JsonNode data(String pathAndQuery) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + ADDRESS + pathAndQuery)).timeout(ANSWER)
            .build();
        // In the namespace, because the client opens the socket of a new connection on the thread that sends.
        HttpResponse<String> answer = NetworkNamespace.call(node.namespace(),
            () -> client.send(request, HttpResponse.BodyHandlers.ofString()));
        if (answer.statusCode() != OK) { throw new IOException(answer.statusCode() + ": " + answer.body()); }
        return JSON.readTree(answer.body()).path("data");
    }

    /** Polls a condition until it holds; before Prometheus listens, none does. */
    void await(String what, Callable<Boolean> condition) throws Exception {
        long start = System.nanoTime();
        while (!holds(condition)) {
            if (!process.isAlive()) { throw new IOException("Prometheus has ended: " + Files.readString(log)); }
            if (System.nanoTime() - start > PATIENCE.toNanos()) {
                throw new IOException("not reached: " + what + "; firing: " + firing());
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private static boolean holds(Callable<Boolean> condition) throws Exception {
        try {
            return condition.call();
        } catch (java.net.ConnectException e) {
            return false;
        } catch (IOException e) {
            if (e.getMessage() != null && e.getMessage().startsWith("503")) { return false; } // it is starting
            throw e;
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        process.waitFor();
        client.shutdownNow();
    }
}
