package io.weft.perf.lab;

import io.weft.vmlab.lab.Pod;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** One-way UDP datagrams between pods, at a rate or as fast as one thread sends. */
final class BackgroundLoad implements AutoCloseable {
    static final int UNLIMITED = 0;
    private static final int PAYLOAD_BYTES = 64;
    private static final long PAUSE_NANOS = 100_000;
    private static final int RECEIVE_BUFFER = 4 << 20;

    private final DatagramChannel from;
    private final DatagramChannel to;
    private final Thread sender;
    private final Thread receiver;
    private final AtomicLong received = new AtomicLong();
    private volatile boolean stopping;

    private BackgroundLoad(DatagramChannel from, DatagramChannel to, int rate) {
        this.from = from;
        this.to = to;
        receiver = Thread.ofPlatform().daemon().name("load-receiver").start(this::receive);
        sender = Thread.ofPlatform().daemon().name("load-sender").start(() -> send(rate));
    }

    /** @param rate datagrams per second, or {@link #UNLIMITED} */
    static BackgroundLoad start(Pod client, Pod server, int port, int rate) throws Exception {
        InetSocketAddress target = server.port(port);
        DatagramChannel to = server.thread()
            .call(() -> DatagramChannel.open(StandardProtocolFamily.INET).bind(target));
        to.setOption(java.net.StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
        DatagramChannel from = client.thread()
            .call(() -> DatagramChannel.open(StandardProtocolFamily.INET).connect(target));
        return new BackgroundLoad(from, to, rate);
    }

    /** Datagrams per second that arrive when one thread sends as fast as it can. */
    static int capacity(Pod client, Pod server, int port, double seconds) throws Exception {
        try (BackgroundLoad load = start(client, server, port, UNLIMITED)) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
            long before = load.received.get();
            long start = System.nanoTime();
            LockSupport.parkNanos((long) (seconds * 1e9));
            return (int) ((load.received.get() - before) * 1e9 / (System.nanoTime() - start));
        }
    }

    private void send(int rate) {
        ByteBuffer datagram = ByteBuffer.allocateDirect(PAYLOAD_BYTES);
        long start = System.nanoTime();
        long sent = 0;
        while (!stopping) {
            long due = rate == UNLIMITED ? sent + 1 : (long) ((System.nanoTime() - start) * (rate / 1e9));
            while (sent < due && !stopping) {
                write(datagram);
                sent++;
            }
            if (rate != UNLIMITED) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private void write(ByteBuffer datagram) {
        try {
            from.write(datagram.clear());
        } catch (IOException e) {
            stopping |= e instanceof ClosedChannelException; // others are about datagrams sent before
        }
    }

    private void receive() {
        ByteBuffer datagram = ByteBuffer.allocateDirect(PAYLOAD_BYTES);
        while (!stopping) {
            try {
                to.receive(datagram.clear());
                received.lazySet(received.getPlain() + 1);
            } catch (IOException e) {
                return; // closed by the owner
            }
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        stopping = true;
        sender.join();
        from.close();
        to.close();
        receiver.join();
    }
}
