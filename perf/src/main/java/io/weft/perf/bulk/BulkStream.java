package io.weft.perf.bulk;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** One TCP connection that carries bytes in one direction as fast as it can, like iperf3; the result is what its receiver reads in a given time. */
final class BulkStream {
    private static final int BLOCK_BYTES = 128 << 10;
    private static final int CONNECT_MILLIS = 10_000;
    private static final long BEGINNING_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final double BITS = 8;

    private final AtomicLong received = new AtomicLong();

    private BulkStream() {
    }

    /**
     * Runs for {@code seconds} after half a second that does not count.
     *
     * @param client where the sender is
     * @param server where the receiver is
     * @return Gbit/s of content
     */
    static double run(NamespaceThread client, NamespaceThread server, InetSocketAddress target, double seconds)
        throws Exception {
        return new BulkStream().measure(client, server, target, seconds);
    }

    private double measure(NamespaceThread client, NamespaceThread server, InetSocketAddress target, double seconds)
        throws Exception {
        try (
            ServerSocketChannel listener = server
                .call(() -> ServerSocketChannel.open(StandardProtocolFamily.INET).bind(target));
            SocketChannel near = client.call(() -> SocketChannel.open(StandardProtocolFamily.INET))) {
            near.socket().connect(target, CONNECT_MILLIS);
            try (SocketChannel far = listener.accept()) {
                Thread sender = Thread.ofPlatform().daemon().name("bulk-sender").start(() -> send(near));
                Thread receiver = Thread.ofPlatform().daemon().name("bulk-receiver").start(() -> receive(far));
                double rate = count(seconds);
                near.close();
                sender.join();
                receiver.join();
                return rate;
            }
        }
    }

    private double count(double seconds) {
        LockSupport.parkNanos(BEGINNING_NANOS);
        long firstBytes = received.get();
        long first = System.nanoTime();
        long end = first + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
        while (System.nanoTime() < end) {
            LockSupport.parkNanos(end - System.nanoTime());
        }
        long bytes = received.get() - firstBytes;
        return bytes * BITS / (System.nanoTime() - first);
    }

    private static void send(SocketChannel channel) {
        ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
        try {
            while (channel.write(block.clear()) > 0) {
                Thread.onSpinWait();
            }
        } catch (ClosedChannelException e) {
            // The measurement is over.
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void receive(SocketChannel channel) {
        ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
        try {
            for (int n = channel.read(block.clear()); n > 0; n = channel.read(block.clear())) {
                received.addAndGet(n);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
