package io.weft.vmlab.traffic;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** UDP echo: a server that returns each datagram, and a client that measures the round trip. */
public final class UdpEcho {
    private static final int PAYLOAD = 64;
    private static final int MISSES_TO_GIVE_UP = 3;
    private static final long ANSWER_TIMEOUT_NANOS = 1_000_000_000L;

    private UdpEcho() {}

    /** A running echo server; closing it ends its thread. */
    public record Server(DatagramChannel channel, Thread thread) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /**
     * @param sent datagrams sent
     * @param answered answers that came back within a second each
     * @param roundTripNanos nanoseconds
     */
    public record Result(int sent, int answered, Histogram roundTripNanos) {}

    public static Server serve(NamespaceThread pod, InetSocketAddress listen) throws Exception {
        DatagramChannel channel = pod.call(() -> DatagramChannel.open(StandardProtocolFamily.INET).bind(listen));
        return new Server(channel, Thread.ofPlatform().daemon().name("udp-echo").start(() -> echo(channel)));
    }

    private static void echo(DatagramChannel channel) {
        ByteBuffer datagram = ByteBuffer.allocateDirect(2048);
        while (channel.isOpen()) {
            try {
                SocketAddress from = channel.receive(datagram.clear());
                channel.send(datagram.flip(), from);
            } catch (IOException e) {
                // closed by the owner, or an ICMP error about an earlier answer, which must not end the service for others
            }
        }
    }

    /** Sends {@code count} datagrams, each after the answer to the one before, {@code gapNs} apart; gives up after three without an answer. */
    public static Result measure(NamespaceThread client, InetSocketAddress target, int count, long gapNanos)
        throws Exception {
        Histogram roundTrip = new Histogram(ANSWER_TIMEOUT_NANOS, 3);
        int answered = 0;
        int missed = 0;
        try (DatagramChannel channel = client.call(() -> DatagramChannel.open(StandardProtocolFamily.INET))) {
            channel.connect(target);
            channel.configureBlocking(false);
            ByteBuffer datagram = ByteBuffer.allocateDirect(PAYLOAD);
            for (int i = 0; i < count && missed < MISSES_TO_GIVE_UP; i++) {
                long start = System.nanoTime();
                channel.write(datagram.clear().putInt(0, i));
                if (awaitAnswer(channel, datagram, i, start)) {
                    answered++;
                    missed = 0;
                    roundTrip.recordValue(System.nanoTime() - start);
                } else {
                    missed++;
                }
                LockSupport.parkNanos(gapNanos);
            }
        }
        return new Result(count, answered, roundTrip);
    }

    private static boolean awaitAnswer(DatagramChannel channel, ByteBuffer datagram, int number, long start)
        throws IOException {
        while (System.nanoTime() - start < ANSWER_TIMEOUT_NANOS) {
            if (readOrRefused(channel, datagram.clear()) > 0 && datagram.getInt(0) == number) { return true; }
            Thread.onSpinWait();
        }
        return false;
    }

    private static int readOrRefused(DatagramChannel channel, ByteBuffer datagram) throws IOException {
        try {
            return channel.read(datagram);
        } catch (java.net.PortUnreachableException e) {
            return 0;
        }
    }
}
