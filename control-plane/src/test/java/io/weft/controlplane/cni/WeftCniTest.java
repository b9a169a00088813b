package io.weft.controlplane.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the plug-in as a process with only its own classes on the class path. */
class WeftCniTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir private Path directory;

    private record Outcome(int status, JsonNode json) {
    }

    @Test
    void answersVersionByItself() throws Exception {
        Outcome outcome = run("VERSION", "{\"cniVersion\": \"0.4.0\"}");
        assertEquals(0, outcome.status());
        assertEquals("0.4.0", outcome.json().path("cniVersion").asText());
        assertEquals("[\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]",
            outcome.json().path("supportedVersions").toString());
    }

    @Test
    void withoutTheControlPlaneItSaysTryAgain() throws Exception {
        Outcome outcome = run("ADD", configuration());
        assertEquals(1, outcome.status());
        assertEquals(11, outcome.json().path("code").asInt());
        assertEquals("1.0.0", outcome.json().path("cniVersion").asText());
    }

    @Test
    void withoutTheControlPlaneStatusIsNotAvailable() throws Exception {
        assertEquals(50, run("STATUS", configuration()).json().path("code").asInt());
    }

    @Test
    void treatsAControlPlaneThatNeverAnswersAsDown() throws Exception {
        try (ServerSocketChannel hanging = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            hanging.bind(UnixDomainSocketAddress.of(directory.resolve("cni.sock")));
            Outcome outcome = run("ADD", configuration());
            assertEquals(11, outcome.json().path("code").asInt());
            assertTrue(hanging.isOpen(), "the plug-in gave up by itself");
        }
    }

    @Test
    void doesNotWaitForAControlPlaneThatAcceptsNoConnection() throws Exception {
        List<SocketChannel> waiting = new ArrayList<>();
        try (ServerSocketChannel hanging = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            hanging.bind(UnixDomainSocketAddress.of(directory.resolve("cni.sock")), 1);
            while (waiting.isEmpty() || waiting.getLast().isConnected()) {
                waiting.add(connectWithoutWaiting());
            }
            assertEquals(11, run("ADD", configuration()).json().path("code").asInt());
        } finally {
            for (SocketChannel channel : waiting) {
                channel.close();
            }
        }
    }

    /** @return unconnected if the server's backlog is full */
    private SocketChannel connectWithoutWaiting() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.configureBlocking(false);
        try {
            channel.connect(UnixDomainSocketAddress.of(directory.resolve("cni.sock")));
        } catch (IOException e) { // EAGAIN, connect(2)
            assertTrue(e.getMessage().contains("temporarily unavailable"), e.getMessage());
        }
        return channel;
    }

    @Test
    void readsMembersOfTheOutermostObjectOnly() {
        String json = "{\"a\": {\"socket\": \"inner\"}, \"b\": [\"socket\", \"x\"], \"c\\\"\": \"}\", \"socket\" : \"outer\"}";
        assertEquals("outer", TopLevelJson.text(json, "socket", "none"));
        assertEquals("none", TopLevelJson.text("{\"socket\": 7}", "socket", "none"));
        assertEquals("none", TopLevelJson.text("{\"socket", "socket", "none"));
        assertEquals("none", TopLevelJson.text("", "socket", "none"));
        assertEquals("\"a\\\"b\\\\c\\u000a\"", TopLevelJson.quote("a\"b\\c\n"));
    }

    private String configuration() {
        return "{\"cniVersion\":\"1.0.0\",\"name\":\"weft\",\"socket\":\"" + directory.resolve("cni.sock") + "\"}";
    }

    private static Outcome run(String command, String configuration) throws IOException, InterruptedException {
        String classes = Path.of(WeftCni.class.getProtectionDomain().getCodeSource().getLocation().getPath())
            .toString();
        ProcessBuilder builder = ExternalCommand.java(List.of("-cp", classes, WeftCni.class.getName())).builder();
        builder.environment().putAll(Map.of("CNI_COMMAND", command, "CNI_CONTAINERID", "c1", "CNI_IFNAME", "eth0"));
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        Process process = builder.start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(configuration.getBytes(StandardCharsets.UTF_8));
        }
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        return new Outcome(status, JSON.readTree(out));
    }
}
