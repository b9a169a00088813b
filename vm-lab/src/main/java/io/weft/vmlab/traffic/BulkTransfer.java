package io.weft.vmlab.traffic;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** One TCP connection that carries pseudo-random content in both directions at once; each end hashes what it sent and what arrived. */
public final class BulkTransfer {
    private static final int BLOCK = 64 * 1024;

    /**
     * @param bytesEachWay content bytes sent in each direction
     * @param seconds wall time from connect to the last byte
     * @param forwardHash SHA-256 of what the server received
     * @param intact whether both directions arrived unchanged
     */
    public record Result(long bytesEachWay, double seconds, String forwardHash, String backwardHash, boolean intact) {
        public double gigabitsPerSecond() {
            return bytesEachWay * 2 * 8 / seconds / 1e9;
        }
    }

    private final AtomicLong moved = new AtomicLong();

    /** Content bytes received so far by both ends; any thread may read it while a transfer runs. */
    public long bytesMoved() {
        return moved.get();
    }

    /**
     * Connects from {@code client} to {@code target} and transfers the content.
     *
     * @param listen the address that the server binds in its namespace
     * @param target the address that the client connects to: the server's own, or that of a Service with the server as its endpoint
     */
    public Result run(
        NamespaceThread client, NamespaceThread server, InetSocketAddress listen, InetSocketAddress target, long bytes)
        throws Exception {
        try (
            ServerSocketChannel listener = server
                .call(() -> ServerSocketChannel.open(StandardProtocolFamily.INET).bind(listen));
            SocketChannel near = client.call(() -> SocketChannel.open(StandardProtocolFamily.INET));
            ExecutorService threads = Executors
                .newThreadPerTaskExecutor(Thread.ofPlatform().daemon().name("bulk-", 0).factory())) {
            long start = System.nanoTime();
            Sockets.connect(near, target);
            try (SocketChannel far = listener.accept()) {
                Future<byte[]> sent = threads.submit(sender(near, 1, bytes));
                Future<byte[]> sentBack = threads.submit(sender(far, 2, bytes));
                Future<byte[]> received = threads.submit(receiver(far, bytes));
                Future<byte[]> receivedBack = threads.submit(receiver(near, bytes));
                byte[] forward = received.get(10, TimeUnit.MINUTES);
                byte[] backward = receivedBack.get(10, TimeUnit.MINUTES);
                double seconds = (System.nanoTime() - start) / 1e9;
                boolean intact = Arrays.equals(forward, sent.get()) && Arrays.equals(backward, sentBack.get());
                return new Result(bytes, seconds, HexFormat.of().formatHex(forward), HexFormat.of().formatHex(backward),
                    intact);
            } catch (Exception e) {
                near.close();
                throw e;
            }
        }
    }

    private static Callable<byte[]> sender(SocketChannel channel, long seed, long bytes) {
        return () -> {
            MessageDigest digest = sha256();
            PseudoRandomContent content = new PseudoRandomContent(seed);
            ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
            for (long left = bytes; left > 0; left -= block.limit()) {
                content.fill(block);
                block.limit((int) Math.min(BLOCK, left));
                digest.update(block.duplicate());
                while (block.hasRemaining()) {
                    channel.write(block);
                }
            }
            return digest.digest();
        };
    }

    private Callable<byte[]> receiver(SocketChannel channel, long bytes) {
        return () -> {
            MessageDigest digest = sha256();
            ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
            for (long left = bytes; left > 0; left -= block.limit()) {
                block.clear().limit((int) Math.min(BLOCK, left));
                if (channel.read(block) < 0) {
                    throw new IOException("connection closed " + left + " bytes before the end");
                }
                moved.addAndGet(block.position());
                digest.update(block.flip());
            }
            return digest.digest();
        };
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
