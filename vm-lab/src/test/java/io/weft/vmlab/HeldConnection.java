package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A TCP connection that stays open, with both its ends. Nobody listens on its port afterwards. */
final class HeldConnection implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 60_000;
    private final SocketChannel client;
    private final SocketChannel accepted;
    private byte number;

    private HeldConnection(SocketChannel client, SocketChannel accepted) throws IOException {
        this.client = client;
        this.accepted = accepted;
        client.socket().setSoTimeout(PATIENCE_MILLIS);
        accepted.socket().setSoTimeout(PATIENCE_MILLIS);
    }

    /** @param at an address and port of the server's namespace, on which nobody listens */
    static HeldConnection open(NamespaceThread from, NamespaceThread server, InetSocketAddress at) throws Exception {
        try (
            ServerSocketChannel listener = server
                .call(() -> ServerSocketChannel.open(StandardProtocolFamily.INET).bind(at))) {
            SocketChannel client = from.call(() -> SocketChannel.open(StandardProtocolFamily.INET));
            client.connect(at);
            return new HeldConnection(client, listener.accept());
        }
    }

    /**
     * Sends some bytes to the server and back. One thread at a time.
     *
     * @throws IOException if the connection has ended, or they have not arrived in a minute
     */
    void exchange() throws IOException {
        byte[] word = {number++, 1, 2};
        client.write(ByteBuffer.wrap(word));
        byte[] arrived = accepted.socket().getInputStream().readNBytes(word.length);
        accepted.write(ByteBuffer.wrap(arrived));
        assertArrayEquals(word, client.socket().getInputStream().readNBytes(word.length));
    }

    @Override
    public void close() throws IOException {
        client.close();
        accepted.close();
    }
}
