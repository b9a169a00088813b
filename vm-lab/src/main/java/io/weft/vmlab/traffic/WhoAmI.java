package io.weft.vmlab.traffic;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** A TCP server that tells each client the address it sees, which shows whether anything on the path changed the source. */
public final class WhoAmI implements AutoCloseable {
    private final ServerSocketChannel listener;

    private WhoAmI(ServerSocketChannel listener) {
        this.listener = listener;
        Thread.ofPlatform().daemon().name("who-am-i").start(this::serve);
    }

    public static WhoAmI serve(NamespaceThread where, InetSocketAddress listen) throws Exception {
        return new WhoAmI(where.call(() -> ServerSocketChannel.open(StandardProtocolFamily.INET).bind(listen, 4096)));
    }

    private void serve() {
        while (listener.isOpen()) {
            try (SocketChannel client = listener.accept()) {
                InetSocketAddress from = (InetSocketAddress) client.getRemoteAddress();
                byte[] text = (from.getAddress().getHostAddress() + ":" + from.getPort())
                    .getBytes(StandardCharsets.US_ASCII);
                client.write(ByteBuffer.wrap(text));
            } catch (IOException e) {
                // one client closed the connection, or the owner closed the listener
            }
        }
    }

    /**
     * Asks the server at {@code target}.
     *
     * @param source the local address to bind, or null for the kernel's choice
     * @return {@code address:port} as the server saw it
     */
    public static String ask(NamespaceThread client, InetAddress source, InetSocketAddress target) throws Exception {
        try (SocketChannel channel = client.call(() -> SocketChannel.open(StandardProtocolFamily.INET))) {
            if (source != null) {
                channel.bind(new InetSocketAddress(source, 0));
            }
            Sockets.connect(channel, target);
            channel.socket().setSoTimeout(15_000);
            try (InputStream in = channel.socket().getInputStream()) {
                return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            }
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
