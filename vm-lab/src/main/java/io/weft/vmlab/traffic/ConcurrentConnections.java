package io.weft.vmlab.traffic;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Many TCP connections to one address, all open at once. One thread, in the clients' network namespace. */
public final class ConcurrentConnections implements AutoCloseable {
    private static final int MAX_CONNECTING = 256;
    private static final long PATIENCE_MILLIS = 30_000;
    private final List<SocketChannel> open = new ArrayList<>();
    private final Map<String, Integer> failures = new TreeMap<>();

    private ConcurrentConnections() {}

    /**
     * Opens them, a few at a time.
     *
     * @param sources addresses of the clients, which take turns
     */
    public static ConcurrentConnections open(NamespaceThread client, List<InetAddress> sources,
        InetSocketAddress target, int count) throws Exception {
        ConcurrentConnections connections = new ConcurrentConnections();
        try {
            client.call(() -> {
                connections.connect(sources, target, count);
                return null;
            });
            return connections;
        } catch (Exception e) {
            connections.close();
            throw e;
        }
    }

    private void connect(List<InetAddress> sources, InetSocketAddress target, int count) throws IOException {
        try (Selector selector = Selector.open()) {
            int begun = 0;
            int connecting = 0;
            while (begun < count || connecting > 0) {
                for (; begun < count && connecting < MAX_CONNECTING; begun++, connecting++) {
                    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.INET);
                    channel.bind(new InetSocketAddress(sources.get(begun % sources.size()), 0));
                    channel.configureBlocking(false);
                    channel.connect(target);
                    channel.register(selector, SelectionKey.OP_CONNECT);
                }
                int done = selector.select(this::finish, PATIENCE_MILLIS);
                if (done == 0) {
                    throw new IOException(
                        "no connection to " + target + " for " + PATIENCE_MILLIS + " ms, after " + this);
                }
                connecting -= done;
            }
        }
    }

    private void finish(SelectionKey key) {
        SocketChannel channel = (SocketChannel) key.channel();
        key.cancel();
        try {
            channel.finishConnect();
            open.add(channel);
        } catch (IOException e) {
            failures.merge(String.valueOf(e.getMessage()), 1, Integer::sum);
        }
    }

    /** Connections that have been opened. */
    public int size() {
        return open.size();
    }

    /** Connections that could not be opened, by cause. */
    public Map<String, Integer> failures() {
        return failures;
    }

    /**
     * Sends a number of its own on each connection, and waits for the echoes.
     *
     * @param first number, of the first connection
     * @return how many echoed their own number
     */
    public int echo(long first) throws IOException {
        try (Selector selector = Selector.open()) {
            ByteBuffer bytes = ByteBuffer.allocateDirect(Long.BYTES);
            for (int i = 0; i < open.size(); i++) {
                open.get(i).register(selector, SelectionKey.OP_READ, first + i);
                open.get(i).write(bytes.clear().putLong(0, first + i));
            }
            int[] echoed = new int[1];
            while (echoed[0] < open.size()
                && selector.select(key -> echoed[0] += receive(key, bytes), PATIENCE_MILLIS) > 0) {
                // until all have echoed, or none has for a while
            }
            return echoed[0];
        }
    }

    private static int receive(SelectionKey key, ByteBuffer bytes) {
        key.cancel();
        try {
            int length = ((SocketChannel) key.channel()).read(bytes.clear());
            return length == Long.BYTES && bytes.getLong(0) == (Long) key.attachment() ? 1 : 0;
        } catch (IOException e) {
            return 0;
        }
    }

    @Override
    public String toString() {
        return open.size() + " connections, failed: " + failures;
    }

    @Override
    public void close() throws IOException {
        for (SocketChannel channel : open) {
            channel.close();
        }
    }
}
