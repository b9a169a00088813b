package io.weft.controlplane.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.api.http.HttpLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong, huge and slow requests by raw sockets: each is answered with a problem document or cut, and the next client is served. */
class MalformedRequestTest {
    private static final String CLOSE = "Connection: close";
    private static final HttpLimits LIMITS = new HttpLimits(8, 4, Duration.ofSeconds(2), Duration.ofSeconds(1),
        Duration.ofSeconds(10));

    @TempDir private Path directory;
    private ApiNode node;

    @BeforeEach
    void start() throws IOException {
        node = new ApiNode(directory, Map.of("api.listen", ""), List.of(), LIMITS).withContents();
    }

    @AfterEach
    void stop() throws IOException {
        try {
            assertTrue(exchange(RawClient.get("/livez", CLOSE)).startsWith("HTTP/1.1 200"), "the server still serves");
        } finally {
            node.close();
        }
    }

    private String exchange(String request) throws IOException {
        return RawClient.exchange(node.socket(), request);
    }

    private static void assertProblem(int status, String answer) {
        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
        assertTrue(answer.contains("application/problem+json"), answer);
        assertEquals(1, answer.split("HTTP/1.1 ", -1).length - 1, answer);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/../../etc/passwd", "/../../../../etc/passwd", "/api/v1/%2e%2e/%2e%2e/etc/passwd",
        "/api/v1/..%2f..%2fetc%2fpasswd", "/api/v1//node", "//api/v1/node", "/api/v1/node/", "/api/v1/node/..;/x",
        "/API/v1/node", "/api/v1/node%00", "/nothing"})
    void pathsThatLeadElsewhereAreNotFound(String path) throws IOException {
        String answer = exchange(RawClient.get(path, CLOSE));
        assertTrue(answer.matches("(?s)HTTP/1\\.1 40[04] .*application/problem\\+json.*"), answer);
        assertFalse(answer.contains("root:"), answer);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
        "Content-Length: +4\r\n\r\nabcd",
        "Content-Length: -1\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding:\u000bchunked\r\n\r\n0\r\n\r\n"})
    void ambiguousFramingIsRefusedAndEndsTheConnection(String rest) throws IOException {
        String answer = exchange("GET /livez HTTP/1.1\r\nHost: n1\r\n" + rest + RawClient.get("/readyz"));
        assertTrue(answer.matches("(?s)HTTP/1\\.1 (400|501) .*application/problem\\+json.*"), answer);
        assertEquals(1, answer.split("HTTP/1.1 ", -1).length - 1, "the rest is no second request: " + answer);
    }

    /** Each is read in another way by some server: what follows must not become a request, whatever becomes of the first. */
    @ParameterizedTest
    @ValueSource(strings = {"zz\r\n{}\r\n0\r\n\r\n", "-1\r\n\r\n", "0x0\r\n\r\n",
        "ffffffffffffffff2\r\n{}\r\n0\r\n\r\n",
        "2\n{}\n0\n\n", "2\r\n{}xx0\r\n\r\n", "2;x=\"\r\n{}\r\n0\r\n\r\n", "\r\n2\r\n{}\r\n0\r\n\r\n",
        "0\r\nX: y\r\n\r\n",
        "2\r\n{}\r\n0\r\n\r\n"})
    void nothingFollowsAChunkedBody(String chunks) throws IOException {
        for (String method : List.of("PUT", "GET")) {
            String answer = exchange(method + " /api/v1/log-level?dryRun=true HTTP/1.1\r\nHost: n1\r\nContent-Type:"
                + " application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + RawClient.get("/readyz"));
            assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 400 "), answer);
            assertTrue(answer.split("HTTP/1.1 ", -1).length <= 2, "the rest is no second request: " + answer);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /livez\r\n\r\n", "GET  /livez HTTP/1.1\r\nHost: n1\r\n\r\n", "\r\n\r\n\r\n",
        "GET /livez HTTP/1.0\r\nHost: n1\r\n\r\n", "GET /livez HTTP/3.0\r\nHost: n1\r\n\r\n",
        "GET /livez HTTP/1.1\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: n1\r\nA b: c\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: n1\r\n: c\r\n\r\n", "GET /livez HTTP/1.1\nHost: n1\n\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\r\n\r\n", "GET /li\u0000vez HTTP/1.1\r\nHost: n1\r\n\r\n"})
    void whatIsNotHttpIsRefused(String request) throws IOException {
        String answer = exchange(request);
        assertTrue(answer.isEmpty() || answer.matches("(?s)HTTP/1\\.1 (400|505) .*"), answer);
    }

    @Test
    void tooMuchIsRefusedBeforeItIsRead() throws IOException {
        assertProblem(413, exchange(
            "POST /livez HTTP/1.1\r\nHost: n1\r\nContent-Length: 1073741824\r\n\r\n" + "x".repeat(1000)));
        StringBuilder headers = new StringBuilder("GET /livez HTTP/1.1\r\nHost: n1\r\n");
        for (int i = 0; i < 10_000; i++) {
            headers.append("X-").append(i).append(": y\r\n");
        }
        assertProblem(400, exchange(headers.append("\r\n").toString()));
        assertProblem(400, exchange(RawClient.get("/livez", "X: " + "y".repeat(100_000))));
        assertTrue(exchange(RawClient.get("/" + "y".repeat(100_000))).matches("(?s)HTTP/1\\.1 4(00|14) .*"));
    }

    @Test
    void aChunkedBodyThatGrowsTooLargeIsCut() throws IOException {
        String chunk = "8000\r\n" + "x".repeat(0x8000) + "\r\n";
        String answer = exchange(
            "POST /livez HTTP/1.1\r\nHost: n1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk.repeat(40));
        assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 4"), answer);
    }

    @Test
    void wrongMethodsAreNamedAndOthersArePipelined() throws IOException {
        for (String method : List.of("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW")) {
            String answer = exchange(method + " /livez HTTP/1.1\r\nHost: n1\r\n" + CLOSE + "\r\n\r\n");
            assertProblem(405, answer);
            assertTrue(answer.contains("Allow: GET, HEAD\r\n"), answer);
        }
        String two = exchange(RawClient.get("/livez") + RawClient.get("/api/v1/routes", CLOSE));
        assertEquals(2, two.split("HTTP/1.1 200 ", -1).length - 1, two);
        assertTrue(two.indexOf("\"ok\"") < two.indexOf("\"prefix\""), two);
    }

    @Test
    void nothingIsReadAfterAnAnnouncedClose() throws IOException {
        String body = RawClient.get("/readyz");
        String answer = exchange("POST /livez HTTP/1.1\r\nHost: n1\r\n" + CLOSE + "\r\nContent-Length: " + body.length()
            + "\r\n\r\n" + body);
        assertProblem(405, answer);
        assertEquals(1, exchange(RawClient.get("/livez", CLOSE) + body).split("HTTP/1.1 ", -1).length - 1);
    }

    @Test
    void headHasTheHeadersOfGetWithoutItsBody() throws IOException {
        String both = exchange("HEAD /api/v1/routes HTTP/1.1\r\nHost: n1\r\n\r\n"
            + "HEAD /nothing HTTP/1.1\r\nHost: n1\r\n\r\n" + RawClient.get("/api/v1/routes", CLOSE));
        String[] answers = both.split("(?=HTTP/1.1 )");
        assertEquals(3, answers.length, both);
        assertTrue(answers[0].endsWith("\r\n\r\n"), answers[0]);
        assertTrue(answers[1].startsWith("HTTP/1.1 404 ") && answers[1].endsWith("\r\n\r\n"), answers[1]);
        assertEquals(header(answers[2], "Content-Length"), header(answers[0], "Content-Length"));
        assertEquals(header(answers[2], "ETag"), header(answers[0], "ETag"));
    }

    private static String header(String answer, String name) {
        return answer.lines().filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1)).findFirst()
            .orElseThrow().substring(name.length() + 1).strip();
    }

    @Test
    void slowClientsAreCutAndOthersAreServedMeanwhile() throws Exception {
        List<RawClient> slow = new ArrayList<>();
        for (int i = 0; i < 2 * LIMITS.connections(); i++) { // the second half waits to be accepted
            RawClient client = new RawClient(node.socket());
            client.send("GET /livez HTTP/1.1\r\nHost: n1\r\nX-");
            slow.add(client);
        }
        assertTrue(exchange(RawClient.get("/livez", CLOSE)).startsWith("HTTP/1.1 200"));
        for (RawClient client : slow) {
            assertEquals("", client.readToEnd());
            client.close();
        }
    }

    @Test
    void aClientThatSendsAByteNowAndThenIsCutToo() throws Exception {
        try (RawClient client = new RawClient(node.socket())) {
            client.send("GET /livez HTTP/1.1\r\nHost: n1\r\n");
            boolean cut = false;
            for (int i = 0; i < 300 && !cut; i++) {
                try {
                    client.send("X");
                    Thread.sleep(100);
                } catch (IOException e) {
                    cut = true;
                }
            }
            assertTrue(cut, "after 300 bytes");
        }
    }
}
