package io.weft.vmlab.traffic;

import io.weft.vmlab.net.NamespaceThread;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** One HTTP request on a TCP connection of its own. */
final class HttpGet {
    private static final int ANSWER_MILLIS = 15_000;
    private static final String END_OF_HEAD = "\r\n\r\n";

    private HttpGet() {}

    /**
     * @param body of a good answer; null if there was none
     * @param failure why there was none; null if there was one
     */
    record Answer(String body, String failure) {}

    /** Waits for the whole answer, at most 25 s; does not throw. */
    static Answer get(NamespaceThread client, InetSocketAddress target, String path) {
        try (SocketChannel channel = client.call(() -> SocketChannel.open(StandardProtocolFamily.INET))) {
            Sockets.connect(channel, target);
            channel.write(ByteBuffer.wrap(("GET " + path + " HTTP/1.1\r\nHost: weft\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII)));
            channel.socket().setSoTimeout(ANSWER_MILLIS);
            String response = new String(channel.socket().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int head = response.indexOf(END_OF_HEAD);
            if (!response.startsWith("HTTP/1.1 200") || head < 0) { return new Answer(null, "answer was not 200"); }
            return new Answer(response.substring(head + END_OF_HEAD.length()), null);
        } catch (Exception e) {
            return new Answer(null, e.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }
}
