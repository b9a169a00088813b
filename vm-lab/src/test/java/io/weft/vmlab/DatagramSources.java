package io.weft.vmlab;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.BitSet;
import java.util.List;

/**
 * Single datagrams to one address, each from another source (address and port), so that each is a flow; and a receiver that knows from which
 * ports they came.
 */
public final class DatagramSources implements AutoCloseable {
    private static final int FIRST_PORT = 1024;
    private static final int MAX_UNDER_WAY = 128;
    private static final int MAX_FRUITLESS = 5;
    private static final int RECEIVE_BUFFER = 4 << 20;
    private static final long LOST_NANOS = 1_000_000_000L;
    private final NamespaceThread clients;
    private final List<InetAddress> addresses;
    private final InetSocketAddress target;
    private final DatagramChannel receiver;
    private final BitSet seen = new BitSet();
    private int sent;

    /** @param listen address and port of the receiver, which does not answer */
    public DatagramSources(NamespaceThread clients, NamespaceThread server, List<InetAddress> addresses,
        InetSocketAddress target, InetSocketAddress listen) throws Exception {
        this.clients = clients;
        this.addresses = addresses;
        this.target = target;
        receiver = server.call(() -> DatagramChannel.open(StandardProtocolFamily.INET)
            .setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER).bind(listen));
        Thread.ofPlatform().daemon().name("datagram-receiver").start(this::receive);
    }

    private void receive() {
        ByteBuffer datagram = ByteBuffer.allocateDirect(Long.BYTES);
        try {
            while (true) {
                int port = ((InetSocketAddress) receiver.receive(datagram.clear())).getPort();
                synchronized (seen) {
                    seen.set(port);
                }
            }
        } catch (ClosedChannelException e) {
            // the end
        } catch (IOException e) {
            throw new IllegalStateException("the receiver ended", e);
        }
    }

    /** The ports from which the receiver has got something. */
    public BitSet ports() {
        synchronized (seen) {
            return (BitSet) seen.clone();
        }
    }

    private int seen() {
        synchronized (seen) {
            return seen.cardinality();
        }
    }

    /**
     * Sends from new sources, the clients in turn, until the receiver has seen that many ports, or sees none more.
     *
     * @return the ports it has seen
     */
    public int fill(int count) throws Exception {
        return clients.call(() -> {
            int lost = 0;
            for (int fruitless = 0; seen() < count && fruitless < MAX_FRUITLESS;) {
                if (sent - lost - seen() < Math.min(MAX_UNDER_WAY, count - seen())) {
                    sendNext();
                } else if (awaitMore()) {
                    fruitless = 0;
                } else {
                    fruitless++;
                    lost = sent - seen();
                }
            }
            return seen();
        });
    }

    private boolean awaitMore() throws InterruptedException {
        int now = seen();
        long start = System.nanoTime();
        while (seen() == now && System.nanoTime() - start < LOST_NANOS) {
            Thread.sleep(0, 200_000);
        }
        return seen() != now;
    }

    /** Sends from that many new sources. */
    public void send(int count) throws Exception {
        clients.call(() -> {
            for (int i = 0; i < count; i++) {
                sendNext();
            }
            return null;
        });
    }

    private void sendNext() throws IOException {
        InetAddress address = addresses.get(sent % addresses.size());
        try (DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET)
            .bind(new InetSocketAddress(address, FIRST_PORT + sent / addresses.size()))) {
            channel.send(ByteBuffer.allocate(Long.BYTES), target);
        }
        sent++;
    }

    @Override
    public void close() throws IOException {
        receiver.close();
    }
}
