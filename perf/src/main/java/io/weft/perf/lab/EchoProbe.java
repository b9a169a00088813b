package io.weft.perf.lab;

import io.weft.vmlab.lab.Pod;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Round trips of UDP datagrams at a fixed rate. The datagrams leave by schedule, whether answers come or not, and a round trip counts from
 * the moment when its datagram was due. So a stall shows in all datagrams that were due during it, not in one (coordinated omission).
 *
 * <p>The sender sleeps until shortly before a datagram is due and spins for the rest; the receiver blocks in the socket, as applications
 * do.
 */
final class EchoProbe {
    static final int PAYLOAD_BYTES = 64;
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long SPIN_NANOS = 120_000;
    private static final long LAST_ANSWERS_NANOS = TimeUnit.MILLISECONDS.toNanos(300);
    private static final int DUE_AT = 0;
    private static final int NUMBER_AT = 8;

    private final DatagramChannel channel;
    private final Histogram roundTripNanos = new Histogram(LONGEST_NANOS, 3);
    private final long periodNanos;
    private final int count;
    private final int discarded;
    private final AtomicInteger answered = new AtomicInteger();

    /**
     * The result of a run.
     *
     * @param sent datagrams after the discarded first ones
     * @param answered how many of them came back
     * @param roundTripNanos from the moment a datagram was due
     */
    record Result(int sent, int answered, Histogram roundTripNanos) {
    }

    private EchoProbe(DatagramChannel channel, int rate, int count, int discarded) {
        this.channel = channel;
        this.count = count;
        this.discarded = discarded;
        periodNanos = TimeUnit.SECONDS.toNanos(1) / rate;
    }

    /**
     * Runs for {@code seconds}, after a tenth of that time which does not count.
     *
     * @param rate datagrams per second
     */
    static Result run(Pod client, InetSocketAddress server, int rate, double seconds) throws Exception {
        int counted = (int) (rate * seconds);
        try (DatagramChannel channel = client.thread().call(() -> DatagramChannel.open(StandardProtocolFamily.INET))) {
            channel.connect(server);
            return new EchoProbe(channel, rate, counted + counted / 10, counted / 10).measure();
        }
    }

    private Result measure() throws Exception {
        Thread receiver = Thread.ofPlatform().name("echo-receiver").start(this::receive);
        send();
        long deadline = System.nanoTime() + LAST_ANSWERS_NANOS;
        while (answered.get() < count && System.nanoTime() < deadline) {
            LockSupport.parkNanos(SPIN_NANOS);
        }
        channel.close();
        receiver.join();
        return new Result(count - discarded, (int) roundTripNanos.getTotalCount(), roundTripNanos);
    }

    private void send() throws IOException {
        ByteBuffer datagram = ByteBuffer.allocateDirect(PAYLOAD_BYTES);
        long due = System.nanoTime() + SPIN_NANOS;
        for (int i = 0; i < count; i++, due += periodNanos) {
            awaitTime(due);
            channel.write(datagram.clear().putLong(DUE_AT, due).putInt(NUMBER_AT, i));
        }
    }

    private static void awaitTime(long due) {
        long left = due - System.nanoTime();
        if (left > SPIN_NANOS) {
            LockSupport.parkNanos(left - SPIN_NANOS / 2);
        }
        while (System.nanoTime() < due) {
            Thread.onSpinWait();
        }
    }

    private void receive() {
        ByteBuffer datagram = ByteBuffer.allocateDirect(PAYLOAD_BYTES);
        while (true) {
            try {
                channel.read(datagram.clear());
                long now = System.nanoTime();
                if (datagram.getInt(NUMBER_AT) >= discarded) {
                    roundTripNanos.recordValue(Math.min(now - datagram.getLong(DUE_AT), LONGEST_NANOS));
                }
                answered.incrementAndGet();
            } catch (PortUnreachableException e) {
                answered.incrementAndGet(); // about an earlier datagram
            } catch (IOException e) {
                return; // closed by the sender
            }
        }
    }
}
