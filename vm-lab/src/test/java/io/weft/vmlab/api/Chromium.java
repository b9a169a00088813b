package io.weft.vmlab.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.WeftNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * Chromium without a screen, in the network namespace of a node, driven by the DevTools protocol (https://chromedevtools.github.io/devtools-protocol). Thread: the
 * test's.
 */
final class Chromium implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final long POLL_MILLIS = 100;

    private final WeftNode node;
    private final Process process;
    private final HttpClient client;
    private final WebSocket socket;
    private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
    /** What the browser complains about: exceptions of scripts, and what the page's security policy has blocked. */
    private final List<String> complaints = new CopyOnWriteArrayList<>();
    private int commands;

    private Chromium(WeftNode node, Process process, Path directory) throws Exception {
        this.node = node;
        this.process = process;
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .executor(task -> Thread.startVirtualThread(() -> NetworkNamespace.run(node.namespace(), task::run)))
            .build();
        URI page = pageSocket(directory);
        socket = NetworkNamespace.call(node.namespace(),
            () -> client.newWebSocketBuilder().buildAsync(page, new Listener()).get(1, TimeUnit.MINUTES));
        for (String domain : List.of("Page", "Runtime", "Log")) {
            command(domain + ".enable", Map.of());
        }
    }

    /** @param directory for the browser's files */
    static Chromium start(WeftNode node, Path directory) throws Exception {
        ProcessBuilder builder = ExternalCommand.of("chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
            "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run", "--window-size=1280,1600",
            "--user-data-dir=" + directory, "--remote-debugging-port=0", "about:blank").builder()
            .redirectErrorStream(true).redirectOutput(directory.resolve("log").toFile());
        builder.environment().put("TMPDIR", directory.toString());
        Process process = node.thread().call(builder::start);
        try {
            return new Chromium(node, process, directory);
        } catch (Exception e) {
            end(process);
            throw e;
        }
    }

    /** The browser writes its port and the path of its own socket to a file; a list that it serves has that of its page. */
    private URI pageSocket(Path directory) throws Exception {
        Path file = directory.resolve("DevToolsActivePort");
        long start = System.nanoTime();
        while (!Files.exists(file) || Files.readAllLines(file).size() < 2) {
            if (!process.isAlive() || System.nanoTime() - start > PATIENCE.toNanos()) {
                throw new IOException("Chromium does not start: " + Files.readString(directory.resolve("log")));
            }
            Thread.sleep(POLL_MILLIS);
        }
        String address = "127.0.0.1:" + Files.readAllLines(file).getFirst();
        HttpRequest list = HttpRequest.newBuilder(URI.create("http://" + address + "/json/list"))
            .timeout(PATIENCE).build();
        while (true) {
            String body = NetworkNamespace.call(node.namespace(),
                () -> client.send(list, HttpResponse.BodyHandlers.ofString()).body());
            for (JsonNode target : JSON.readTree(body)) {
                if (target.path("type").asText().equals("page")) {
                    return URI.create(target.path("webSocketDebuggerUrl").asText());
                }
            }
            if (System.nanoTime() - start > PATIENCE.toNanos()) { throw new IOException("no page: " + body); }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** Sends a command and waits for its result. */
    JsonNode command(String method, Map<String, ?> parameters) throws Exception {
        int id = ++commands;
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        answers.put(id, answer);
        ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
        message.set("params", JSON.valueToTree(parameters));
        socket.sendText(message.toString(), true).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        JsonNode received = answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (received.has("error")) { throw new IOException(method + ": " + received.path("error")); }
        return received.path("result");
    }

    void open(String url) throws Exception {
        command("Page.navigate", Map.of("url", url));
    }

    /** The value of a JavaScript expression. */
    JsonNode evaluate(String expression) throws Exception {
        JsonNode result = command("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
        if (result.has("exceptionDetails")) { throw new IOException(expression + ": " + result); }
        return result.path("result").path("value");
    }

    /** The text of the element with an id; empty if there is none. */
    String text(String id) throws Exception {
        return evaluate("(document.getElementById('" + id + "') || {innerText: ''}).innerText").asText();
    }

    /** Waits until an expression is true. */
    void await(String expression) throws Exception {
        long start = System.nanoTime();
        while (!evaluate("Boolean(" + expression + ")").asBoolean()) {
            if (System.nanoTime() - start > PATIENCE.toNanos()) {
                throw new IOException("not reached: " + expression + "; the page says: "
                    + evaluate("document.body.innerText").asText());
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** Types a text where the focus is. */
    void type(String text) throws Exception {
        command("Input.insertText", Map.of("text", text));
    }

    /** Presses and releases a key, such as Tab or Enter. */
    void press(String key, int code) throws Exception {
        String text = key.equals("Enter") ? "\r" : "";
        command("Input.dispatchKeyEvent", Map.of("type", text.isEmpty() ? "rawKeyDown" : "keyDown", "key", key, "code",
            key, "windowsVirtualKeyCode", code, "text", text));
        command("Input.dispatchKeyEvent", Map.of("type", "keyUp", "key", key, "code", key, "windowsVirtualKeyCode",
            code));
    }

    /** Sets a user preference of CSS media queries. */
    void prefer(String feature, String value) throws Exception {
        command("Emulation.setEmulatedMedia", Map.of("features", List.of(Map.of("name", feature, "value", value))));
    }

    /** Writes the whole page as a PNG. */
    void screenshot(Path file) throws Exception {
        Files.createDirectories(file.getParent());
        Files.write(file, Base64.getDecoder().decode(
            command("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true)).path("data")
                .asText()));
    }

    List<String> complaints() {
        return List.copyOf(complaints);
    }

    @Override
    public void close() throws InterruptedException {
        socket.abort();
        client.shutdownNow();
        end(process);
    }

    private static void end(Process process) throws InterruptedException {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        children.forEach(ProcessHandle::destroyForcibly);
    }

    private final class Listener implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                receive(text.toString());
                text.setLength(0);
            }
            from.request(1);
            return null;
        }

        private void receive(String message) {
            try {
                JsonNode received = JSON.readTree(message);
                CompletableFuture<JsonNode> answer = answers.remove(received.path("id").asInt());
                if (answer != null) {
                    answer.complete(received);
                } else if (received.path("method").asText().equals("Runtime.exceptionThrown")) {
                    complaints.add(received.path("params").toString());
                } else if (received.path("params").path("entry").path("source").asText().equals("security")) {
                    complaints.add(received.path("params").path("entry").path("text").asText());
                }
            } catch (IOException e) {
                complaints.add(e.toString());
            }
        }
    }
}
