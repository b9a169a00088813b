package io.weft.controlplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
import java.nio.file.Path;
import java.util.Arrays;
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
