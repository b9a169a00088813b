package io.weft.vmlab.traffic;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Numbered datagrams at a fixed rate from one pod to another; counts loss, reordering and duplicates, and measures how long each takes. */
public final class SequencedUdp implements AutoCloseable {
    private static final int PAYLOAD = 64;
    private static final int SENT_AT = 8; // offset in the payload: when it was sent
    private static final long MAX_ONE_WAY_NANOS = 60_000_000_000L;

    /** Counts up to now: {@code lost} is sent minus received once the sender has stopped. */
    public record Result(long sent, long received, long reordered, long duplicated, long largestGapNanos) {
        public long lost() {
            return sent - received;
        }
    }

    private final DatagramChannel receiver;
    private final DatagramChannel sender;
    private final Thread receiving;
    private final Thread sending;
    private volatile boolean stopping;
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong received = new AtomicLong();
    private final AtomicLong reordered = new AtomicLong();
    private final AtomicLong duplicated = new AtomicLong();
    private volatile long largestGapNanos;
    private volatile long lastArrivalNanos;
    private final ConcurrentHistogram oneWayNanos = new ConcurrentHistogram(MAX_ONE_WAY_NANOS, 3);

    private SequencedUdp(DatagramChannel receiver, DatagramChannel sender, InetSocketAddress target, int perSecond) {
        this.receiver = receiver;
        this.sender = sender;
        receiving = Thread.ofPlatform().daemon().name("sequenced-receiver").start(this::receive);
        sending = Thread.ofPlatform().daemon().name("sequenced-sender").start(() -> send(target, perSecond));
    }

    /** Starts both ends; {@code target} is the receiver's address or that of a Service with the receiver as its endpoint. */
    public static SequencedUdp start(
        NamespaceThread from, NamespaceThread to, InetSocketAddress listen, InetSocketAddress target, int perSecond)
        throws Exception {
        DatagramChannel receiver = to.call(() -> DatagramChannel.open(StandardProtocolFamily.INET)
            .setOption(StandardSocketOptions.SO_RCVBUF, 4 << 20)
            .bind(listen));
        DatagramChannel sender = from.call(() -> DatagramChannel.open(StandardProtocolFamily.INET));
        return new SequencedUdp(receiver, sender, target, perSecond);
    }

    private void send(InetSocketAddress target, int perSecond) {
        ByteBuffer datagram = ByteBuffer.allocateDirect(PAYLOAD);
        long interval = 1_000_000_000L / perSecond;
        long next = System.nanoTime();
        while (!stopping) {
            try {
                sender.send(datagram.clear().putLong(0, sent.get()).putLong(SENT_AT, System.nanoTime()), target);
            } catch (IOException e) {
                return;
            }
            sent.incrementAndGet();
            next += interval;
            LockSupport.parkNanos(next - System.nanoTime());
        }
    }

    private void receive() {
        ByteBuffer datagram = ByteBuffer.allocateDirect(PAYLOAD);
        BitSet seen = new BitSet();
        int expected = 0;
        while (true) {
            try {
                receiver.receive(datagram.clear());
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                continue;
            }
            int number = (int) datagram.getLong(0);
            long now = System.nanoTime();
            oneWayNanos.recordValue(Math.clamp(now - datagram.getLong(SENT_AT), 0, MAX_ONE_WAY_NANOS));
            if (lastArrivalNanos != 0) {
                largestGapNanos = Math.max(largestGapNanos, now - lastArrivalNanos);
            }
            lastArrivalNanos = now;
            if (seen.get(number)) {
                duplicated.incrementAndGet();
                continue;
            }
            seen.set(number);
            if (number < expected) {
                reordered.incrementAndGet();
            }
            expected = Math.max(expected, number + 1);
            received.incrementAndGet();
        }
    }

    /** Datagrams sent so far. */
    public long sent() {
        return sent.get();
    }

    /** Datagrams received so far, without duplicates. */
    public long received() {
        return received.get();
    }

    /** Nanoseconds from the sender's system call to the receiver's return from its own, as far as they have arrived. Any thread. */
    public Histogram oneWayNanos() {
        return oneWayNanos.copy();
    }

    /** When the latest one arrived, in the time of {@link System#nanoTime}; 0 before the first. */
    public long lastArrivalNanos() {
        return lastArrivalNanos;
    }

    /** Stops the sender, waits until datagrams under way have arrived (at most 2 s without one) and counts. */
    public Result finish() throws InterruptedException {
        stopping = true;
        sending.join();
        long quietSince = System.nanoTime();
        long seen = received.get();
        while (received.get() < sent.get() && System.nanoTime() - quietSince < 2_000_000_000L) {
            Thread.sleep(10);
            if (received.get() != seen) {
                seen = received.get();
                quietSince = System.nanoTime();
            }
        }
        return new Result(sent.get(), received.get(), reordered.get(), duplicated.get(), largestGapNanos);
    }

    /** Returns once the receiver's port is free: the channel lets go of it when no thread reads from it any more. */
    @Override
    public void close() throws IOException {
        stopping = true;
        sender.close();
        receiver.close();
        try {
            receiving.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
