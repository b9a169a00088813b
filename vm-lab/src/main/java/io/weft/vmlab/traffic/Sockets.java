package io.weft.vmlab.traffic;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** Socket helpers whose waits are limited. */
final class Sockets {
    private static final long CONNECT_TIMEOUT_MILLIS = 10_000;

    private Sockets() {}

    /** Connects a blocking channel, or gives up after 10 s with a sentence that names the target. */
    static void connect(SocketChannel channel, InetSocketAddress target) throws IOException {
        channel.configureBlocking(false);
        if (!channel.connect(target)) {
            try (Selector selector = Selector.open()) {
                channel.register(selector, SelectionKey.OP_CONNECT);
                if (selector.select(CONNECT_TIMEOUT_MILLIS) == 0) {
                    throw new SocketTimeoutException(
                        "no answer from " + target + " within " + CONNECT_TIMEOUT_MILLIS / 1000 + " s");
                }
            }
            channel.finishConnect();
        }
        channel.configureBlocking(true);
    }
}
