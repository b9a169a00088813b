package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** One connection from each of several clients to each of several ports of a host; bytes go to and fro on all of them until the end. */
final class HeldConnections implements AutoCloseable {
    private static final int PAUSE_MILLIS = 20;
    private final Map<String, HeldConnection> connections = new LinkedHashMap<>();
    private final Map<String, Throwable> broken = new ConcurrentHashMap<>();
    private final AtomicLong exchanges = new AtomicLong();
    private final AtomicLong slowestNanos = new AtomicLong();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private volatile boolean closing;

    /** @param ports on which nobody listens at {@code address} */
    static HeldConnections open(Map<String, NamespaceThread> clients, NamespaceThread server, InetAddress address,
        Collection<Integer> ports) throws Exception {
        HeldConnections held = new HeldConnections();
        for (Map.Entry<String, NamespaceThread> client : clients.entrySet()) {
            for (int port : ports) {
                held.connections.put(client.getKey() + " → " + port,
                    HeldConnection.open(client.getValue(), server, new InetSocketAddress(address, port)));
            }
        }
        held.connections.forEach((name, connection) -> held.threads.execute(() -> held.use(name, connection)));
        return held;
    }

    private void use(String name, HeldConnection connection) {
        try {
            while (!closing) {
                long start = System.nanoTime();
                connection.exchange();
                slowestNanos.accumulateAndGet(System.nanoTime() - start, Math::max);
                exchanges.incrementAndGet();
                Thread.sleep(PAUSE_MILLIS);
            }
        } catch (IOException | InterruptedException | AssertionError e) {
            broken.put(name, e);
        }
    }

    /** Fails if a connection has broken; prints how they have fared. */
    void assertUnbroken(String event) {
        System.out.printf("%s: %d connections held, %d exchanges so far, the slowest took %.1f ms%n", event,
            connections.size(), exchanges.get(), slowestNanos.get() / 1e6);
        assertEquals(Map.of(), broken, event);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        closing = true;
        threads.shutdown();
        threads.awaitTermination(1, TimeUnit.MINUTES);
        for (HeldConnection connection : connections.values()) {
            connection.close();
        }
    }
}
