package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.vmlab.net.NamespaceThread;
import io.weft.vmlab.traffic.SequencedUdp;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Two numbered streams of datagrams from one pod to another: to its address, and through a ClusterIP. */
final class PodStreams implements AutoCloseable {
    /** The ports that the receiver listens on. */
    static final int DIRECT_PORT = 5001;
    static final int SERVICE_PORT = 5002;
    private static final int PACKETS_PER_SECOND = 500;
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private final NamespaceThread receiver;
    private final long overflowedBefore;
    private final SequencedUdp direct;
    private final SequencedUdp throughService;

    /**
     * @param direct the receiver's address and {@link #DIRECT_PORT}
     * @param service a ClusterIP and port whose only endpoint is {@link #SERVICE_PORT} of the receiver; both must work already
     */
    PodStreams(NamespaceThread sender, NamespaceThread receiver, InetSocketAddress direct, InetSocketAddress service)
        throws Exception {
        this.receiver = receiver;
        overflowedBefore = overflowed();
        this.direct = start(sender, receiver, DIRECT_PORT, direct);
        throughService = start(sender, receiver, SERVICE_PORT, service);
    }

    private static SequencedUdp start(NamespaceThread from, NamespaceThread to, int port, InetSocketAddress target)
        throws Exception {
        return SequencedUdp.start(from, to, new InetSocketAddress(port), target, PACKETS_PER_SECOND);
    }

    /** Sends to {@code target} until a datagram arrives at {@code port} of the receiver. */
    static void awaitPath(NamespaceThread from, NamespaceThread to, int port, InetSocketAddress target)
        throws Exception {
        try (SequencedUdp probe = start(from, to, port, target)) {
            awaitFirst(probe, target);
        }
    }

    /** Waits until the first datagram has arrived. */
    static void awaitFirst(SequencedUdp stream, InetSocketAddress target) throws Exception {
        long start = System.nanoTime();
        while (stream.received() == 0) {
            if (System.nanoTime() - start > PATIENCE.toNanos()) {
                throw new IOException("nothing sent to " + target + " arrived in " + PATIENCE.toSeconds() + " s");
            }
            Thread.sleep(1);
        }
    }

    /** Stops both and asserts that nothing was lost or reordered; prints the counts. */
    void assertComplete(String event) throws Exception {
        SequencedUdp.Result toPod = direct.finish();
        SequencedUdp.Result toService = throughService.finish();
        String report = "%s: to the pod %s; through the ClusterIP %s; %d found the receiver's buffer full"
            .formatted(event, toPod, toService, overflowed() - overflowedBefore);
        System.out.println(report);
        for (SequencedUdp.Result result : new SequencedUdp.Result[]{toPod, toService}) {
            assertEquals(0, result.lost(), report);
            assertEquals(0, result.reordered(), report);
        }
    }

    private long overflowed() throws Exception {
        return PodCounters.snmp(receiver, "Udp", "RcvbufErrors");
    }

    @Override
    public void close() throws IOException {
        direct.close();
        throughService.close();
    }
}
