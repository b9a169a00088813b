package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.vmlab.lab.WeftNode;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The REST API of a node through the socket for root, as {@code curl --unix-socket} uses it. */
final class NodeApi {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int PATIENCE_MILLIS = 60_000;

    /** @param body empty if it has none */
    record Answer(int status, String body) {
        JsonNode json() throws IOException {
            return JSON.readTree(body);
        }
    }

    private final Path socket;

    NodeApi(WeftNode node) {
        socket = node.runDirectory().resolve("api.sock");
    }

    /** @param body empty for none */
    Answer send(String method, String path, String body) throws Exception {
        String request = method + " " + path + " HTTP/1.1\r\nHost: weft\r\nConnection: close\r\nContent-Length: "
            + body.length() + "\r\n" + (body.isEmpty() ? "" : "Content-Type: application/json\r\n") + "\r\n" + body;
        try (SocketChannel channel = connect()) {
            channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
            String answer = new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
            int end = answer.indexOf("\r\n\r\n");
            return new Answer(Integer.parseInt(answer.substring(9, 12)), answer.substring(end + 4));
        }
    }

    /** Sends a write and asserts that all workers use it when the answer comes. */
    JsonNode write(int status, String method, String path, String body) throws Exception {
        Answer answer = send(method, path, body);
        assertEquals(status, answer.status(), answer.body());
        assertEquals(true, answer.json().path("inUse").asBoolean(), answer.body());
        return answer.json();
    }

    /** A control plane that has just started does not listen yet. */
    private SocketChannel connect() throws Exception {
        long deadline = System.nanoTime() + PATIENCE_MILLIS * 1_000_000L;
        while (true) {
            try {
                return SocketChannel.open(UnixDomainSocketAddress.of(socket));
            } catch (IOException e) {
                if (System.nanoTime() > deadline) { throw e; }
                Thread.sleep(20);
            }
        }
    }
}
