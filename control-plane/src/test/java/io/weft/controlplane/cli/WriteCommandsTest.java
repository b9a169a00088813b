package io.weft.controlplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.weft.controlplane.TestTls;
import io.weft.controlplane.api.ApiNode;
import io.weft.controlplane.api.FakeWriteTarget;
import io.weft.controlplane.operator.OperatorWrite;
import io.weft.dataplane.counters.DropReason;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What operators write by commands: through the local socket, and through the API of another node. */
class WriteCommandsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir private Path directory;

    private ApiNode node() throws IOException {
        return new ApiNode(directory, Map.of("api.listen", "")).withContents();
    }

    private static List<String> inForce(ApiNode node) {
        return node.target.state.all().stream().map(OperatorWrite::title).toList();
    }

    private static String done(ApiNode node, String... arguments) {
        CommandRun.Outcome outcome = CommandRun.of(node.run, arguments);
        assertEquals("", outcome.err());
        assertEquals(0, outcome.status());
        return outcome.out();
    }

    private static void assertFails(int status, String message, ApiNode node, String... arguments) {
        CommandRun.Outcome outcome = CommandRun.of(node.run, arguments);
        assertEquals("weft: " + message + "\n", outcome.err());
        assertEquals(status, outcome.status());
    }

    @Test
    void aPodIsDrainedByItsNameOrItsAddress() throws Exception {
        try (ApiNode node = node()) {
            assertEquals("""
                WRITE             RESULT        SUBJECT      BEFORE      AFTER
                drain 10.244.1.5  would be set  default/web  2 backends  1 backends
                """, done(node, "drain", "web-0", "--dry-run"));
            assertEquals(List.of(), inForce(node));
            assertEquals("""
                WRITE             RESULT  SUBJECT      BEFORE      AFTER
                drain 10.244.1.5  set     default/web  2 backends  1 backends
                """, done(node, "drain", "default/web-0", "--comment", "disk is failing"));
            assertEquals("disk is failing", node.target.state.all().getFirst().comment());
            JsonNode second = JSON
                .readTree(done(node, "drain", "10.244.2.7:8080", "-n", "kube-system", "-o", "json"));
            assertEquals("10.244.2.7:8080", second.at("/0/endpoint").asText());
            assertTrue(second.at("/0/inUse").asBoolean());
            assertEquals(List.of("drain 10.244.1.5", "drain 10.244.2.7:8080"), inForce(node));
            String list = done(node, "drain");
            assertTrue(list.startsWith("ENDPOINT         COMMENT          SINCE"), list);
            assertTrue(list.contains("\n10.244.1.5       disk is failing  "), list);
            assertTrue(done(node, "drain", "-o", "yaml").contains("endpoint: \"10.244.1.5\""));
            assertTrue(done(node, "undrain", "web-0", "10.244.2.7:8080").contains("deleted"));
            assertEquals(List.of(), inForce(node));
            assertEquals("ENDPOINT  COMMENT  SINCE  USE\n", done(node, "drain"));
            assertFails(1, "10.244.1.5 is not drained", node, "undrain", "web-0");
            assertFails(1, "there is no pod default/web-9 on this node; an endpoint on another node is named by its"
                + " address", node, "drain", "web-9");
            assertFails(2, "drain 10.244.1.5:0: endpoint: must be the IPv4 address of an endpoint, with :PORT or"
                + " without", node, "drain", "10.244.1.5:0");
            assertFails(1, "drain 10.244.2.7: nothing has it; nothing has changed, --force does it anyway", node,
                "drain", "10.244.2.7", "--comment", FakeWriteTarget.UNWANTED);
            assertTrue(done(node, "drain", "10.244.2.7", "--comment", FakeWriteTarget.UNWANTED, "--force")
                .contains("  set  "));
        }
    }

    @Test
    void aServiceIsPausedByItsNameOrAnAddress() throws Exception {
        try (ApiNode node = node()) {
            assertTrue(done(node, "pause", "10.96.0.10").contains("pause default/web  set"));
            assertEquals(List.of("pause default/web"), inForce(node));
            assertTrue(done(node, "pause").contains("\ndefault/web  "));
            assertTrue(done(node, "resume", "web", "--dry-run").contains("would be deleted"));
            assertTrue(done(node, "resume", "web").contains("deleted"));
            assertFails(1, "default/web is not paused", node, "resume", "web");
            assertFails(1, "no Service has the address 10.96.0.99", node, "pause", "10.96.0.99");
            assertFails(2, "pause default/Web: name: must be a name as Kubernetes has it", node, "pause", "Web");
        }
    }

    @Test
    void staticRoutesAreWrittenInTheWordsOfIpRoute() throws Exception {
        try (ApiNode node = node()) {
            done(node, "route", "add", "198.51.100.0/24", "via", "192.0.2.9");
            assertFails(1, "route 198.51.100.0/24: there is one already; weft route replace changes it", node, "route",
                "add", "198.51.100.0/24", "blackhole");
            done(node, "route", "replace", "blackhole", "198.51.100.0/24", "--comment", "scanner");
            done(node, "route", "add", "203.0.113.7", "node", "n2");
            assertEquals(List.of("route 198.51.100.0/24 blackhole", "route 203.0.113.7/32 node n2"), inForce(node));
            String list = done(node, "route", "list");
            assertEquals(list, done(node, "route"));
            assertTrue(list.startsWith("PREFIX           TYPE       TARGET  COMMENT  SINCE"), list);
            assertTrue(list.contains("\n203.0.113.7/32   node       n2  "), list);
            done(node, "route", "del", "198.51.100.0/24", "203.0.113.7");
            assertFails(1, "there is no static route 203.0.113.7/32", node, "route", "delete", "203.0.113.7");
            assertFails(2, "route 198.51.100.1/24: address: has host bits; the prefix is 198.51.100.0/24", node,
                "route", "add", "198.51.100.1/24", "via", "192.0.2.9");
            assertFails(2, "route 198.51.100.0/24: target: must be the router's IPv4 address", node, "route", "add",
                "198.51.100.0/24", "via", "n2");
            assertFails(2, "\"198.51.100.0/24 dev eth0\" is no route; write " + StaticRouteArguments.FORM, node,
                "route", "add", "198.51.100.0/24", "dev", "eth0");
            assertEquals(List.of(), inForce(node));
        }
    }

    @Test
    void theLogLevelIsPrintedSetAndReset() throws Exception {
        try (ApiNode node = node()) {
            assertEquals("LEVEL  COMMENT  SINCE\ninfo\n", done(node, "log-level"));
            assertTrue(done(node, "log-level", "debug", "--comment", "looking").contains("log-level debug  set"));
            assertTrue(done(node, "log-level").contains("\ndebug  looking  "));
            done(node, "log-level", "--reset");
            assertFails(1, "the log level is the default, info", node, "log-level", "--reset");
            assertFails(2, "log-level: level: must be error, warning, info or debug", node, "log-level", "loud");
            assertFails(2, "--reset: takes no level", node, "log-level", "loud", "--reset");
        }
    }

    @Test
    void snapshotsAreTakenComparedAndDeleted() throws Exception {
        try (ApiNode node = node()) {
            String first = JSON.readTree(done(node, "snapshot", "take", "--comment", "before", "-o", "json"))
                .at("/0/id").asText();
            node.dataplane().drop(2, DropReason.TTL_EXPIRED);
            String second = JSON.readTree(done(node, "snapshot", "take", "-o", "json")).at("/0/id").asText();
            node.dataplane().drop(2, DropReason.TTL_EXPIRED);
            assertTrue(done(node, "snapshot").contains(first + "  "));
            assertEquals(done(node, "snapshot"), done(node, "snapshot", "list"));
            assertEquals(1, value(done(node, "snapshot", "show", first, "-o", "json"), "value"));
            assertEquals(2, value(done(node, "snapshot", "show", second, "-o", "json"), "value"));
            assertEquals(1, value(done(node, "snapshot", "diff", first, second, "-o", "json"), "difference"));
            assertEquals(2, value(done(node, "snapshot", "diff", first, "-o", "json"), "difference"));
            assertTrue(done(node, "snapshot", "diff", first, "--all").lines().count() > 100);
            assertTrue(done(node, "snapshot", "delete", first, second).contains(second + "  deleted"));
            assertFails(1, "there is no snapshot " + first + "; weft snapshot list has all", node, "snapshot", "diff",
                first);
        }
    }

    private static long value(String json, String column) throws IOException {
        for (JsonNode row : JSON.readTree(json)) {
            if (row.path("name").asText().equals("ttl_expired")) { return row.path(column).asLong(); }
        }
        return 0;
    }

    @Test
    void anotherNodeIsWrittenThroughItsApiWithATokenAndACertificate() throws Exception {
        Map<String, String> tls = Map.of("api.tls.certificate", tls("server-1.crt"), "api.tls.key",
            tls("server-1.key"), "api.tls.clientCa", tls("authority-1.crt"));
        try (ApiNode node = new ApiNode(directory, tls).withContents()) {
            Path operate = Files.writeString(directory.resolve("operate"), "operate " + node.token("operate") + "\n");
            Path read = Files.writeString(directory.resolve("read"), node.token("read"));
            String server = "https://127.0.0.1:" + node.port();
            List<String> access = List.of("--server", server, "--ca", tls("authority-1.crt"));
            List<String> client = List.of("--cert", tls("client-1.crt"), "--key", tls("client-1.key"));
            List<String> known = Stream.concat(access.stream(), client.stream()).toList();
            assertTrue(run(0, List.of("drain", "web-0", "--token-file", operate.toString()), known)
                .contains("drain 10.244.1.5  set"));
            assertEquals(List.of("drain 10.244.1.5"), inForce(node));
            assertTrue(run(0, List.of("show", "pods", "--token-file", read.toString()), known)
                .contains("default/web-0"));
            assertEquals("weft: drain 10.244.1.5: the token's role does not allow this\n",
                run(1, List.of("undrain", "10.244.1.5", "--token-file", read.toString()), known));
            String without = run(1, List.of("drain", "--token-file", operate.toString()), access);
            assertTrue(without.startsWith("weft: " + server + ": ") && without.lines().count() == 1, without);
            assertEquals("weft: --cert and --key: need both\n",
                run(2, List.of("drain", "--cert", tls("client-1.crt")), access));
            String wrong = run(2, List.of("drain", "--cert", tls("client-1.crt"), "--key", tls("server-1.key")),
                access);
            assertTrue(wrong.startsWith("weft: --ca, --cert, --key: " + tls("server-1.key") + ": not the key of "
                + tls("client-1.crt")) && wrong.lines().count() == 1, wrong);
        }
    }

    private static String tls(String name) {
        return TestTls.DIRECTORY.resolve(name).toString();
    }

    private static String run(int status, List<String> arguments, List<String> more) {
        return run(status, Stream.concat(arguments.stream(), more.stream()).toList());
    }

    /** What a command prints on either stream. */
    private static String run(int status, List<String> arguments) {
        StringWriter out = new StringWriter();
        CommandLine command = WeftCommand.commandLine().setOut(new PrintWriter(out))
            .setErr(new PrintWriter(out, true));
        assertEquals(status, command.execute(arguments.toArray(String[]::new)), out.toString());
        return out.toString();
    }

    /** Between the command's look at the resource and its write, another operator changes it. */
    @Test
    void aLostRaceIsSaidInOneLine() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            if (exchange.getRequestMethod().equals("GET")) {
                exchange.getResponseHeaders().set("ETag", "\"first\"");
                answer(exchange, 200, "{\"endpoint\": \"10.244.1.5\"}");
            } else {
                assertEquals("\"first\"", exchange.getRequestHeaders().getFirst("If-Match"));
                answer(exchange, 412,
                    "{\"status\": 412, \"title\": \"Precondition Failed\", \"detail\": \"If-Match: the"
                        + " resource has changed; read it again\"}");
            }
        });
        server.start();
        try {
            String url = "http://127.0.0.1:" + server.getAddress().getPort();
            String lost = "weft: drain 10.244.1.5: was changed by somebody else at the same time; nothing has changed"
                + " here: look at it, then try again\n";
            assertEquals(lost, run(1, List.of("drain", "10.244.1.5", "--server", url)));
            assertEquals(lost, run(1, List.of("undrain", "10.244.1.5", "--server", url)));
        } finally {
            server.stop(0);
        }
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }

    @Test
    void withoutAControlPlaneThereIsOneLine() {
        CommandRun.Outcome outcome = CommandRun.of(directory, "drain");
        assertEquals(1, outcome.status());
        assertEquals("weft: " + directory.resolve("api.sock")
            + ": no such file or directory (is the control plane running?)\n", outcome.err());
    }
}
