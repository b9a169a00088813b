package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.LabExtension;
import io.weft.vmlab.Requirements;
import io.weft.vmlab.api.SlowClients.Fate;
import io.weft.vmlab.api.SlowClients.Habit;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.SequencedUdp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Slow, huge, ambiguous and unknown clients at both doors of a node's API. Each is answered or cut as {@code docs/api.md} says; the API
 * serves others again; the process keeps nothing of it; and a numbered stream through the same node loses nothing meanwhile.
 */
class ApiAbuseIT {
    private static final int SLOW_CLIENTS = 1000;
    private static final int WRONG_TOKENS = 2000;
    private static final int MAX_STREAMS = 16;
    private static final int PACKETS_PER_SECOND = 1000;
    private static final int PORT = 5001;
    private static final long HUGE_BODY = 1L << 30;
    private static final long TAKEN_BEFORE_THE_CUT = 32L << 20;
    private static final int DESCRIPTORS_TO_SPARE = 10;
    private static final int MEBIBYTES_TO_SPARE = 512;
    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.1 ([0-9]{3}) [A-Z]");
    private static final int STRANGERS = 200;
    private static final Path CERTIFICATES = Path.of("../control-plane/src/test/resources/tls").toAbsolutePath()
        .normalize();
    private static final long PATIENCE_NANOS = 300_000_000_000L;
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("abus", 2);
    private static WeftNode node;
    private static List<ApiDoor> doors;
    private static Pod near;
    private static Pod far;
    private SequencedUdp stream;
    private ProcessFootprint before;

    @BeforeAll
    static void bringUp() throws Exception {
        node = LAB.lab().node("n1");
        near = node.addPod("near");
        far = LAB.lab().node("n2").addPod("far");
        node.view().await("the socket for root",
            () -> !ApiDoor.unix(node).exchange(closing("GET /livez", "")).isEmpty());
        doors = List.of(ApiDoor.tcp(node, "operate"), ApiDoor.unix(node));
    }

    static Stream<ApiDoor> doors() {
        return doors.stream();
    }

    @BeforeEach
    void startTheStream() throws Exception {
        before = ProcessFootprint.of(node.controlPlane());
        stream = SequencedUdp.start(near.thread(), far.thread(), far.port(PORT), far.port(PORT), PACKETS_PER_SECOND);
    }

    @AfterEach
    void nothingIsLostAndNothingIsLeft(TestInfo test) throws Exception {
        SequencedUdp.Result result = stream.finish();
        Histogram latency = stream.oneWayNanos();
        stream.close();
        for (ApiDoor door : doors) {
            assertServes(door);
        }
        node.view().await("the descriptors of before",
            () -> ProcessFootprint.of(node.controlPlane()).descriptors() <= before.descriptors()
                + DESCRIPTORS_TO_SPARE);
        ProcessFootprint after = ProcessFootprint.of(node.controlPlane());
        System.out.printf(
            "%s %s: %s; p50 %.3f ms, p99 %.3f ms, max %.1f ms; control plane: before %s, after %s, %d ms of"
                + " processor time%n",
            test.getTestMethod().orElseThrow().getName(), test.getDisplayName(), result,
            latency.getValueAtPercentile(50) / 1e6, latency.getValueAtPercentile(99) / 1e6,
            latency.getMaxValue() / 1e6, before, after,
            after.processorTime().minus(before.processorTime()).toMillis());
        assertEquals(0, result.lost(), result.toString());
        assertEquals(0, result.reordered(), result.toString());
        assertEquals(0, result.duplicated(), result.toString());
        assertTrue(after.residentMebibytes() < before.residentMebibytes() + MEBIBYTES_TO_SPARE, after.toString());
    }

    private static void assertServes(ApiDoor door) throws Exception {
        String answer = door.exchange(door.head("GET", "/api/v1/node") + "Connection: close\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 200"), door + ": " + answer);
    }

    /** A request whose answer ends the connection, without a token. */
    private static String closing(String methodAndPath, String headers) {
        return methodAndPath + " HTTP/1.1\r\nHost: weft\r\nConnection: close\r\n" + headers + "\r\n";
    }

    /** Of all answers on a connection. */
    private static List<String> statuses(String answers) {
        return STATUS_LINE.matcher(answers).results().map(line -> line.group(1)).toList();
    }

    // -- slow clients ------------------------------------------------------------------------------------------------

    @Test
    void aThousandSlowClientsAreCutAndRootIsServedMeanwhile() throws Exception {
        cutSlowClients(doors.getFirst(), doors.getLast());
    }

    @Test
    @Tag("all")
    void aThousandSlowClientsOfRootAreCutAndOthersAreServedMeanwhile() throws Exception {
        cutSlowClients(doors.getLast(), doors.getFirst());
    }

    private static void cutSlowClients(ApiDoor door, ApiDoor other) throws Exception {
        try (SlowClients clients = new SlowClients(door)) {
            for (Habit habit : Habit.values()) {
                clients.add(habit, SLOW_CLIENTS / Habit.values().length);
            }
            long start = System.nanoTime();
            int served = 0;
            while (clients.fates().getOrDefault(Fate.CUT, 0) < SLOW_CLIENTS - MAX_STREAMS) {
                clients.step();
                assertServes(other);
                served++;
                assertTrue(System.nanoTime() - start < PATIENCE_NANOS, () -> clients.fates().toString());
                Thread.sleep(100);
            }
            Map<String, Integer> events = clients.answers(Habit.UNREAD_EVENTS);
            System.out.printf("%d slow clients at %s: all cut but %s after %.1f s; %d requests served at the other door"
                + " meanwhile; event streams: %s%n", SLOW_CLIENTS, door, clients.fates(),
                (System.nanoTime() - start) / 1e9, served, events);
            assertTrue(events.getOrDefault("HTTP/1.1 200", 0) <= MAX_STREAMS, events.toString());
            assertServes(door);
        }
    }

    // -- huge requests -----------------------------------------------------------------------------------------------

    @ParameterizedTest
    @MethodSource("doors")
    void aBodyOfAGibibyteIsRefusedBeforeItIsSent(ApiDoor door) throws Exception {
        String put = door.head("PUT", "/api/v1/log-level") + "Content-Type: application/json\r\n";
        for (String framing : List.of("Content-Length: " + HUGE_BODY + "\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n")) {
            boolean chunked = framing.startsWith("Transfer");
            ByteBuffer piece = ByteBuffer.wrap(((chunked ? "10000\r\n" : "") + " ".repeat(0x10000)
                + (chunked ? "\r\n" : "")).getBytes(StandardCharsets.US_ASCII));
            long sent = 0;
            try (SocketChannel channel = door.connect()) {
                ApiDoor.write(channel,
                    ByteBuffer.wrap((put + framing).getBytes(StandardCharsets.US_ASCII)));
                try {
                    while (sent < HUGE_BODY) {
                        ApiDoor.write(channel, piece.rewind());
                        sent += piece.limit();
                    }
                } catch (IOException e) {
                    // cut
                }
                String answer = ApiDoor.readToEnd(channel); // a reset may overtake the answer
                assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 413 "), door + ": " + answer);
            }
            System.out.printf("1 GiB, %s at %s: cut after %d KiB%n", chunked ? "chunked" : "announced", door,
                sent >> 10);
            assertTrue(sent < TAKEN_BEFORE_THE_CUT, sent + " bytes");
        }
        String announced = door.exchange(put + "Content-Length: " + HUGE_BODY + "\r\n\r\n");
        assertTrue(announced.startsWith("HTTP/1.1 413 ") && announced.contains("application/problem+json"), announced);
    }

    @ParameterizedTest
    @MethodSource("doors")
    void tenThousandHeadersAndLongLinesAreRefused(ApiDoor door) throws Exception {
        StringBuilder headers = new StringBuilder();
        for (int i = 0; i < 10_000; i++) {
            headers.append("X-").append(i).append(": y\r\n");
        }
        for (String request : List.of(door.head("GET", "/livez") + headers + "\r\n",
            door.head("GET", "/livez") + "X: " + "y".repeat(1 << 20) + "\r\n\r\n",
            "GET /" + "y".repeat(1 << 20) + " HTTP/1.1\r\nHost: weft\r\n\r\n",
            "y".repeat(1 << 20), "GET /livez HTTP/1.1\r\n" + "y".repeat(1 << 20))) {
            String answer = door.exchange(request);
            assertTrue(answer.isEmpty() || answer.matches("(?s)HTTP/1\\.1 4(00|14|31) .*"), door + ": " + answer);
        }
    }

    // -- who is not let in -------------------------------------------------------------------------------------------

    @Test
    void wrongTokensAreRefusedAndTheRightOneStillWorks() throws Exception {
        ApiDoor door = doors.getFirst(); // the other asks for none
        long start = System.nanoTime();
        Map<String, Integer> answers = new TreeMap<>();
        for (int connection = 0; connection < 10; connection++) {
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < WRONG_TOKENS / 10; i++) {
                requests.append("GET /api/v1/node HTTP/1.1\r\nHost: weft\r\nAuthorization: Bearer wrong-")
                    .append(connection).append('-').append(i).append("\r\n\r\n");
            }
            String answer = door.exchange(requests + closing("GET /api/v1/drops", ""));
            statuses(answer).forEach(status -> answers.merge(status, 1, Integer::sum));
        }
        System.out.printf("%s in %.1f s%n", answers, (System.nanoTime() - start) / 1e9);
        assertEquals(Map.of("401", WRONG_TOKENS + 10), answers);
    }

    @Test
    void withoutAClientCertificateNobodyIsLetIn() throws Exception {
        Requirements.tool("curl");
        WeftNode other = LAB.lab().node("n2");
        Files.writeString(other.configuration(),
            "api:\n  tls:\n    certificate: " + CERTIFICATES.resolve("server-1.crt")
                + "\n    key: " + CERTIFICATES.resolve("server-1.key") + "\n    clientCa: "
                + CERTIFICATES.resolve("authority-1.crt") + "\n",
            StandardOpenOption.APPEND);
        other.killControlPlane();
        ApiDoor door = ApiDoor.tcp(other, "operate");
        String[] known = {"--cert", CERTIFICATES.resolve("client-1.crt").toString(), "--key",
            CERTIFICATES.resolve("client-1.key").toString()};
        other.view().await("TLS", () -> curl(other, "/livez", known).equals("200"));
        assertEquals("401", curl(other, "/api/v1/node", known));
        assertEquals("000".repeat(STRANGERS), curl(other, "/livez?[1-" + STRANGERS + "]", "--parallel"));
        String plain = door.exchange(door.head("GET", "/livez") + "\r\n");
        assertFalse(plain.startsWith("HTTP/1.1 2"), plain);
        try (SlowClients clients = new SlowClients(door)) {
            clients.add(Habit.SILENT, STRANGERS);
            clients.add(Habit.HEADERS, STRANGERS);
            long start = System.nanoTime();
            while (clients.fates().getOrDefault(Fate.CUT, 0) < 2 * STRANGERS) {
                clients.step();
                assertTrue(System.nanoTime() - start < PATIENCE_NANOS, () -> clients.fates().toString());
                Thread.sleep(100);
            }
            System.out.printf("%d clients without a handshake: cut after %.1f s%n", 2 * STRANGERS,
                (System.nanoTime() - start) / 1e9);
        }
        assertEquals("200", curl(other, "/livez", known));
    }

    /** @return the status of each answer; 000 for none */
    private static String curl(WeftNode of, String path, String... options) throws Exception {
        ProcessBuilder builder = ExternalCommand.of("curl", "--silent", "--output", "/dev/null", "--write-out",
            "%{http_code}", "--cacert", CERTIFICATES.resolve("authority-1.crt").toString()).with(options)
            .with("https://127.0.0.1:9797" + path).builder().redirectError(ProcessBuilder.Redirect.DISCARD);
        Process process = of.thread().call(builder::start);
        String statuses = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        process.waitFor();
        return statuses;
    }

    // -- requests that are not what they seem ------------------------------------------------------------------------

    @ParameterizedTest
    @MethodSource("doors")
    void traversalAndSmugglingAreRefused(ApiDoor door) throws Exception {
        Map<String, String> wrong = new HashMap<>();
        for (String path : List.of("/../../../../etc/passwd", "/api/v1/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
            "/..%2f..%2fetc%2fpasswd", "/..%5c..%5cetc%5cpasswd", "/..\\..\\etc\\passwd",
            "/%252e%252e%252fetc%252fpasswd",
            "/%c0%ae%c0%ae/etc/passwd", "/%uff0e%uff0e/etc/passwd", "/....//....//etc/passwd", "/.%00./etc/passwd",
            "/status.css/../../etc/passwd", "/api/v1/pauses/..%2f..%2fx/web", "/api/v1/drains/..%2fnode",
            "/api/v1/counter-snapshots/..%2foperator.journal", "/api/v1/counter-snapshots/%2e%2e%2fapi-tokens",
            "/api/v1/node;x=/../../etc/passwd", "//etc/passwd", "/file:///etc/passwd", "http://weft/../etc/passwd",
            "*", "http://elsewhere:80/etc/passwd", "/%", "/%zz", "/api/v1/flows?service=..%2f..%2fetc%2fpasswd")) {
            wrong.put("GET " + path, door.head("GET", path) + "Connection: close\r\n\r\n");
        }
        String second = closing("GET /api/v1/log-level", door.token());
        for (String framing : List.of("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "Content-Length: 2, 3\r\n\r\n{}",
            "Content-Length: 0x2\r\n\r\n{}", "Content-Length: 2 2\r\n\r\n{}", "Content-Length: \r\n\r\n{}",
            "Content-Length: 99999999999999999999\r\n\r\n{}", "Content-Length : 2\r\n\r\n{}",
            "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff2\r\n{}\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
            "X\u0000: y\r\n\r\n", "X: y\rZ: z\r\n\r\n", ": y\r\n\r\n", "X y\r\n\r\n")) {
            wrong.put("PUT with " + framing, door.head("PUT", "/api/v1/log-level?dryRun=true")
                + "Content-Type: application/json\r\n" + framing + second);
        }
        wrong.put("bare line feeds", door.head("GET", "/livez").replace("\r\n", "\n") + "\n" + second);
        wrong.put("HTTP/2 by prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u0000\u0000\u0000\u0004\u0000\u0000"
            + "\u0000\u0000\u0000" + "\u0000\u0000\u0004\u0003\u0000\u0000\u0000\u0000\u0001\u0000\u0000\u0000\u0008"
                .repeat(1000));
        List<String> accepted = new ArrayList<>();
        wrong.forEach((name, request) -> {
            try {
                String answer = door.exchange(request);
                boolean refused = answer.isEmpty()
                    || statuses(answer).size() == 1 && answer.matches("(?s)HTTP/1\\.1 (4|501|505).*");
                if (!refused || answer.contains("root:")) {
                    accepted.add(name + " → " + answer);
                }
            } catch (Exception e) {
                accepted.add(name + " → " + e);
            }
        });
        assertEquals(List.of(), accepted, door.toString());
    }

    @ParameterizedTest
    @MethodSource("doors")
    void pipelinedRequestsAreAnsweredInOrderAndUpgradesAreNotOffered(ApiDoor door) throws Exception {
        StringBuilder requests = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            requests.append(door.head("GET", i % 2 == 0 ? "/livez" : "/nothing")).append("\r\n");
        }
        String answer = door.exchange(requests + closing("GET /livez",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"));
        List<String> statuses = statuses(answer);
        assertEquals(501, statuses.size(), door.toString());
        for (int i = 0; i < statuses.size(); i++) {
            assertEquals(i % 2 == 0 ? "200" : "404", statuses.get(i), door + " " + i);
        }
    }
}
