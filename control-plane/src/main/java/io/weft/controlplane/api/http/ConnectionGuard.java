package io.weft.controlplane.api.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Cuts connections that take too long. Helidon by itself ends only connections that are idle between two requests, and limits the pause
 * between two reads, so a client that sends a byte now and then could hold a connection for ever. Here a request must be complete and answered
 * in time ({@link HttpLimits}); a stream must make progress instead ({@link #progress}).
 *
 * <p>Threads: any.
 */
public final class ConnectionGuard implements ServerConnectionSelector {
    private static final ScopedValue<Guarded> CURRENT = ScopedValue.newInstance();

    private final Http1ConnectionSelector http1;
    private final HttpLimits limits;
    private final AtomicInteger connections = new AtomicInteger();

    ConnectionGuard(Http1ConnectionSelector http1, HttpLimits limits) {
        this.http1 = http1;
        this.limits = limits;
    }

    /** The calling thread's request is a stream, and has just sent something. */
    public static void progress() {
        CURRENT.get().progressNanos = System.nanoTime();
    }

    @Override
    public int bytesToIdentifyConnection() { return http1.bytesToIdentifyConnection(); }

    @Override
    public Support supports(BufferData data) {
        return http1.supports(data);
    }

    @Override
    public Set<String> supportedApplicationProtocols() { return http1.supportedApplicationProtocols(); }

    @Override
    public ServerConnection connection(ConnectionContext context) {
        return new Guarded(http1.connection(context));
    }

    private final class Guarded implements ServerConnection {
        private final ServerConnection connection;
        /** Of the last thing that a stream sent; 0 if there is no stream. Written by the connection's thread, read by Helidon's timer. */
        private volatile long progressNanos;

        private Guarded(ServerConnection connection) {
            this.connection = connection;
        }

        @Override
        public void handle(Limit limit) throws InterruptedException {
            connections.incrementAndGet();
            try {
                ScopedValue.where(CURRENT, this).<Void, InterruptedException>call(() -> {
                    connection.handle(limit);
                    return null;
                });
            } finally {
                connections.decrementAndGet();
            }
        }

        @Override
        public Duration idleTime() {
            return progressNanos == 0 ? connection.idleTime() : Duration.ofNanos(System.nanoTime() - progressNanos);
        }

        /** Helidon's timer asks politely, as a server that stops does, when {@link #idleTime} is more than the impatience. */
        @Override
        public void close(boolean interrupt) {
            boolean crowded = progressNanos == 0 && connections.get() * 4 >= limits.connections() * 3;
            boolean late = idleTime().compareTo(crowded ? limits.impatience() : limits.patience()) > 0;
            if (interrupt || late) {
                connection.close(true);
            }
        }
    }
}
