package io.weft.vmlab.traffic;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A TCP server that returns what it receives, a few bytes at a time, on any number of connections; one thread. Several may share an address. */
public final class TcpEcho implements AutoCloseable {
    private static final int BACKLOG = 4096;
    private static final int MAX_BYTES = 64; // fewer than any send buffer holds
    private final Selector selector;
    private final ServerSocketChannel listener;
    private final Thread thread;

    private TcpEcho(Selector selector, ServerSocketChannel listener) {
        this.selector = selector;
        this.listener = listener;
        thread = Thread.ofPlatform().daemon().name("tcp-echo").start(this::serve);
    }

    public static TcpEcho serve(NamespaceThread where, InetSocketAddress listen) throws Exception {
        Selector selector = Selector.open();
        ServerSocketChannel listener = where
            .call(() -> ServerSocketChannel.open(StandardProtocolFamily.INET)
                .setOption(StandardSocketOptions.SO_REUSEPORT, true).bind(listen, BACKLOG));
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        return new TcpEcho(selector, listener);
    }

    private void serve() {
        ByteBuffer bytes = ByteBuffer.allocateDirect(MAX_BYTES);
        try {
            while (listener.isOpen()) {
                selector.select(key -> handle(key, bytes));
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            selector.close();
        } catch (IOException e) {
            throw new IllegalStateException("the echo server ended", e);
        }
    }

    private void handle(SelectionKey key, ByteBuffer bytes) {
        try {
            if (key.channel() instanceof SocketChannel connection) {
                echo(connection, bytes);
            } else {
                accept();
            }
        } catch (IOException e) {
            closeQuietly(key);
        }
    }

    private void accept() throws IOException {
        for (SocketChannel connection = listener.accept(); connection != null; connection = listener.accept()) {
            connection.configureBlocking(false);
            connection.register(selector, SelectionKey.OP_READ);
        }
    }

    private static void echo(SocketChannel connection, ByteBuffer bytes) throws IOException {
        if (connection.read(bytes.clear()) < 0) {
            connection.close();
        } else {
            connection.write(bytes.flip());
        }
    }

    private static void closeQuietly(SelectionKey key) {
        try {
            key.channel().close();
        } catch (IOException e) {
            // the client is gone
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        listener.close();
        selector.wakeup();
        thread.join();
    }
}
