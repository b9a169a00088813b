package io.weft.controlplane.api;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Sends any bytes to a Unix socket and reads what comes back. */
public final class RawClient implements AutoCloseable {
    private final SocketChannel channel;

    public RawClient(Path socket) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    }

    /** Writes, then reads until the server closes. */
    public static String exchange(Path socket, String request) throws IOException {
        try (RawClient client = new RawClient(socket)) {
            try {
                client.send(request);
            } catch (IOException e) {
                // the server has answered and closed before it was sent
            }
            return client.readToEnd();
        }
    }

    public static String get(String path, String... headers) {
        StringBuilder text = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: n1\r\n");
        for (String header : headers) {
            text.append(header).append("\r\n");
        }
        return text.append("\r\n").toString();
    }

    void send(String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** What has come until the connection ends. */
    String readToEnd() {
        StringBuilder text = new StringBuilder();
        for (String part = read(); !part.isEmpty(); part = read()) {
            text.append(part);
        }
        return text.toString();
    }

    /** What comes until a text has come, or the connection ends. */
    String readUntil(String end) {
        StringBuilder text = new StringBuilder();
        for (String part = read(); !part.isEmpty(); part = text.indexOf(end) < 0 ? read() : "") {
            text.append(part);
        }
        return text.toString();
    }

    /** @return empty at the end */
    private String read() {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        try {
            int count = channel.read(buffer);
            return count < 0 ? "" : new String(buffer.array(), 0, count, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return ""; // cut
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
