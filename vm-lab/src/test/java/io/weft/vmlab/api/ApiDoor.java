package io.weft.vmlab.api;

import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;

/**
 * One of the two ways to a node's API, for tests that write any bytes to it.
 *
 * @param place a thread in the network namespace of the node
 * @param token header line that it needs, with its end; empty on the socket for root
 */
record ApiDoor(String name, NamespaceThread place, SocketAddress address, String token) {
    private static final int PORT = 9797;
    private static final int PATIENCE_MILLIS = 60_000;

    /** The listener on the loopback address of the node's namespace, with the token of a role. */
    static ApiDoor tcp(WeftNode node, String role) throws Exception {
        node.view().await("its API tokens", () -> Files.exists(node.stateDirectory().resolve("api-tokens")));
        String token = Files.readAllLines(node.stateDirectory().resolve("api-tokens")).stream()
            .filter(line -> line.startsWith(role + " ")).findFirst().orElseThrow().substring(role.length() + 1);
        return tcp(node.thread(), "Authorization: Bearer " + token + "\r\n");
    }

    /** @param place a thread in the node's network namespace */
    static ApiDoor tcp(NamespaceThread place, String token) {
        return new ApiDoor("TCP", place, new InetSocketAddress(LabPlan.ip("127.0.0.1"), PORT), token);
    }

    /** The socket for root. */
    static ApiDoor unix(WeftNode node) {
        return new ApiDoor("Unix socket", node.thread(),
            UnixDomainSocketAddress.of(node.runDirectory().resolve("api.sock")), "");
    }

    /** A channel that is not connected. */
    SocketChannel open() throws Exception {
        return address instanceof UnixDomainSocketAddress ? SocketChannel.open(StandardProtocolFamily.UNIX)
            : place.call(() -> SocketChannel.open(StandardProtocolFamily.INET));
    }

    /** A connected channel; waits while the listener accepts no more. */
    SocketChannel connect() throws Exception {
        long deadline = System.nanoTime() + PATIENCE_MILLIS * 1_000_000L;
        while (true) {
            SocketChannel channel = open();
            try {
                channel.connect(address);
                return channel;
            } catch (IOException e) {
                channel.close();
                if (System.nanoTime() > deadline) { throw e; }
                Thread.sleep(20);
            }
        }
    }

    /** The head of a request with this door's token, to which lines can be added. */
    String head(String method, String path) {
        return method + " " + path + " HTTP/1.1\r\nHost: weft\r\n" + token;
    }

    /** Sends a request on a connection of its own. @return what came until the server closed; empty if it only closed */
    String exchange(String request) throws Exception {
        try (SocketChannel channel = connect()) {
            try {
                write(channel, ByteBuffer.wrap(request.getBytes(StandardCharsets.ISO_8859_1)));
            } catch (IOException e) {
                // the server has answered and closed before all was sent
            }
            return readToEnd(channel);
        }
    }

    static void write(SocketChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** What comes until the end of the connection, also if that is a reset. */
    static String readToEnd(SocketChannel channel) {
        StringBuilder text = new StringBuilder();
        byte[] buffer = new byte[1 << 16];
        try {
            InputStream in = Channels.newInputStream(channel);
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                text.append(new String(buffer, 0, count, StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            // cut
        }
        return text.toString();
    }

    @Override
    public String toString() {
        return name;
    }
}
