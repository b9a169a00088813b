package io.weft.controlplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.api.ApiNode;
import io.weft.controlplane.view.View;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code weft show} and the API say the same about the same thing. */
class ShowAndApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir private Path directory;

    @Test
    void printTheSameObjects() throws Exception {
        try (ApiNode node = new ApiNode(directory, Map.of("api.listen", "")).withContents()) {
            for (View view : View.values()) {
                assertEquals(command(node, "show", view.toString()), api(node, "/api/v1/" + view), view.toString());
            }
            assertEquals(command(node, "show", "drops", "--all"), api(node, "/api/v1/drops?all=true"));
            assertEquals(command(node, "status"), api(node, "/api/v1/node"));
        }
    }

    @Test
    void anotherNodeIsReadThroughItsApi() throws Exception {
        try (ApiNode node = new ApiNode(directory, Map.of()).withContents()) {
            Path token = Files.writeString(directory.resolve("token"), "read " + node.token("read") + "\n");
            String[] server = {"--server", "http://127.0.0.1:" + node.port(), "--token-file", token.toString()};
            for (View view : View.values()) {
                for (String format : List.of("table", "wide", "json")) {
                    String[] show = {"show", view.toString(), "-o", format};
                    assertEquals(text(0, with(show, "--run-directory", node.run.toString())),
                        text(0, with(show, server)), view + " as " + format);
                }
            }
            assertEquals(text(0, "show", "flows", "-o", "json", "--filter", "pod=default/web-0", "--run-directory",
                node.run.toString()),
                text(0, with(new String[]{"show", "flows", "-o", "json", "--filter", "pod=default/web-0"}, server)));
            assertTrue(
                text(0, with(new String[]{"status"}, server)).contains("node           n1\ndataplane      running"));
            String refused = text(1, "show", "ports", "--server", "http://127.0.0.1:" + node.port());
            assertTrue(refused.startsWith("weft: http://127.0.0.1:") && refused.contains(": 401 "), refused);
            assertEquals(1, refused.lines().count(), refused);
            String plain = text(2, "show", "ports", "--server", "http://192.0.2.1:9797");
            assertEquals("weft: --server http://192.0.2.1:9797: must be https://HOST:PORT, or http:// with a loopback "
                + "address\n", plain);
            assertEquals("weft: --token-file, --ca, --cert and --key: need --server\n",
                text(2, "status", "--ca", "/x"));
        }
    }

    private static String[] with(String[] some, String... more) {
        String[] all = Arrays.copyOf(some, some.length + more.length);
        System.arraycopy(more, 0, all, some.length, more.length);
        return all;
    }

    /** What the command prints on either stream. */
    private static String text(int status, String... arguments) {
        StringWriter out = new StringWriter();
        CommandLine command = WeftCommand.commandLine().setOut(new PrintWriter(out))
            .setErr(new PrintWriter(out, true));
        assertEquals(status, command.execute(arguments), out.toString());
        return out.toString();
    }

    private static JsonNode command(ApiNode node, String... arguments) throws Exception {
        StringWriter out = new StringWriter();
        CommandLine command = WeftCommand.commandLine().setOut(new PrintWriter(out));
        String[] all = Arrays.copyOf(arguments, arguments.length + 3);
        all[arguments.length] = "-o";
        all[arguments.length + 1] = "json";
        all[arguments.length + 2] = "--run-directory=" + node.run;
        assertEquals(0, command.execute(all));
        return JSON.readTree(out.toString());
    }

    private static JsonNode api(ApiNode node, String path) throws Exception {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(node.socket()))) {
            channel.write(ByteBuffer.wrap(("GET " + path + " HTTP/1.1\r\nHost: n1\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII)));
            String answer = new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
            return JSON.readTree(answer.substring(answer.indexOf("\r\n\r\n") + 4));
        }
    }
}
