package io.weft.perf.change;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.perf.traffic.ProbePayload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A process of the node that sends datagrams to all UDP Services of a {@link BenchCluster}, in random order and from several ports, at a
 * rate. The number of a datagram, which it carries, decides its Service and port, so that a receiver knows where it belongs.
 */
final class TrafficSource implements AutoCloseable {
    private static final int PORTS = 32;
    /** Datagrams due within this time leave together. */
    private static final long BURST_NANOS = 1_000_000;
    private static final int SPREAD = 0x9E37_79B1; // 2^32 over the golden ratio

    private final BenchCluster cluster;
    private final int perSecond;
    private final List<DatagramChannel> channels = new ArrayList<>();
    private final InetSocketAddress[] services;
    private final ByteBuffer payload = ByteBuffer.allocateDirect(ProbePayload.LENGTH);
    private final Thread thread = Thread.ofPlatform().name("traffic").daemon().unstarted(this::run);
    private volatile boolean stopping;
    private volatile long sent;
    private volatile IOException failure;

    /** @param namespace of the node, whose stack sends */
    TrafficSource(BenchCluster cluster, Path namespace, int perSecond) {
        this.cluster = cluster;
        this.perSecond = perSecond;
        services = new InetSocketAddress[cluster.services()];
        for (int service = 0; service < services.length; service += 2) {
            services[service] = new InetSocketAddress(address(BenchCluster.vip(service)), BenchCluster.SERVICE_PORT);
        }
        NetworkNamespace.call(namespace, () -> channels.addAll(open()));
    }

    private static List<DatagramChannel> open() {
        List<DatagramChannel> open = new ArrayList<>();
        try {
            for (int i = 0; i < PORTS; i++) {
                open.add(DatagramChannel.open(StandardProtocolFamily.INET).bind(null));
            }
            return open;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InetAddress address(int ip) {
        try {
            return InetAddress.getByAddress(ByteBuffer.allocate(Integer.BYTES).putInt(ip).array());
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four bytes are an address", e);
        }
    }

    /** Flows that it uses. */
    static int flows(BenchCluster cluster) {
        return PORTS * (cluster.services() + 1) / 2;
    }

    /** The UDP Service to which a datagram goes. */
    static int service(BenchCluster cluster, int number) {
        int udpServices = (cluster.services() + 1) / 2;
        return 2 * (int) (Integer.toUnsignedLong(number * SPREAD) * udpServices >>> Integer.SIZE);
    }

    TrafficSource start() {
        thread.start();
        return this;
    }

    /** Datagrams that the node's stack has accepted. Any thread. */
    long sent() {
        return sent;
    }

    private void run() {
        long start = System.nanoTime();
        double period = (double) TimeUnit.SECONDS.toNanos(1) / perSecond;
        try {
            for (int number = 0; !stopping; number++) {
                long early = start + (long) (number * period) - System.nanoTime();
                if (early > BURST_NANOS) {
                    LockSupport.parkNanos(early);
                }
                send(number);
                sent = number + 1L;
            }
        } catch (IOException e) {
            failure = e;
        }
    }

    private void send(int number) throws IOException {
        payload.clear().putInt(ProbePayload.MAGIC).putShort((short) 0).putInt(number).putLong(System.nanoTime()).flip();
        DatagramChannel channel = channels.get(number * SPREAD & PORTS - 1);
        channel.send(payload, services[service(cluster, number)]);
    }

    /** @throws IOException if the node's stack refused a datagram */
    @Override
    public void close() throws IOException, InterruptedException {
        stopping = true;
        thread.join();
        for (DatagramChannel channel : channels) {
            channel.close();
        }
        if (failure != null) { throw failure; }
    }
}
