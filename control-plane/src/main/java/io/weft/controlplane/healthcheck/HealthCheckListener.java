package io.weft.controlplane.healthcheck;

import io.weft.controlplane.status.Failures;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One address and port of {@link HealthCheckServer}. Each connection has one request and one answer, on a virtual thread of its own. */
final class HealthCheckListener implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HealthCheckListener.class);
    private static final int BACKLOG = 128;
    /** From the connection to the end of the request, and again to the end of what follows it. */
    private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final Duration CLOSING = Duration.ofSeconds(1);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final ServerSocketChannel server;
    private final BooleanSupplier healthy;
    private final Semaphore connections;
    private final Failures failures;
    private final Thread acceptor;
    private volatile HealthCheckNodePort service;

    private HealthCheckListener(ServerSocketChannel server, HealthCheckNodePort service, BooleanSupplier healthy,
        Semaphore connections, Failures failures) {
        this.server = server;
        this.service = service;
        this.healthy = healthy;
        this.connections = connections;
        this.failures = failures;
        acceptor = Thread.ofVirtual().name("health-check " + service.port()).unstarted(this::accept);
    }

    /** @param connections of all listeners together */
    static HealthCheckListener open(InetSocketAddress address, HealthCheckNodePort service, BooleanSupplier healthy,
        Semaphore connections, Failures failures) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open();
        try {
            server.bind(address, BACKLOG);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
        HealthCheckListener listener = new HealthCheckListener(server, service, healthy, connections, failures);
        listener.acceptor.start();
        return listener;
    }

    /** The Service, or its number of endpoints, has changed. */
    void answerFor(HealthCheckNodePort changed) {
        service = changed;
    }

    /** The port is free when it returns: the kernel closes it only when nobody waits on it any more. */
    @Override
    public void close() {
        try {
            server.close();
            acceptor.join(CLOSING);
        } catch (IOException e) {
            LOG.warn("health check port {}: {}", service.port(), e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel client = server.accept();
                if (connections.tryAcquire()) {
                    Thread.ofVirtual().start(() -> serve(client));
                } else {
                    client.close(); // an honest load balancer asks again
                }
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException | RuntimeException e) { // too many open files, for example: that passes
                failures.add("health check port " + service.port(), e);
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private void serve(SocketChannel client) {
        try (client; Socket socket = client.socket()) {
            byte[] answer = answer(socket);
            if (answer.length > 0) {
                socket.getOutputStream().write(answer);
                socket.shutdownOutput();
                skipRest(socket);
            }
        } catch (IOException e) {
            LOG.debug("health check port {}: {}", service.port(), e.toString());
        } catch (RuntimeException e) {
            failures.add("health check port " + service.port(), e);
        } finally {
            connections.release();
        }
    }

    /** @return nothing if no request comes */
    private byte[] answer(Socket socket) throws IOException {
        long deadline = System.nanoTime() + DEADLINE_NANOS;
        byte[] request = new byte[HealthCheckAnswer.MAX_REQUEST_BYTES];
        int length = 0;
        while (!HealthCheckAnswer.isComplete(request, length)) {
            int read = length == request.length ? -1 : read(socket, request, length, deadline);
            if (read < 0) { return length == 0 ? new byte[0] : HealthCheckAnswer.refused(); }
            length += read;
        }
        return HealthCheckAnswer.of(request, length, service, healthy.getAsBoolean());
    }

    /** A body, which nobody reads, must not reset the connection before the client has read the answer. */
    private static void skipRest(Socket socket) throws IOException {
        long deadline = System.nanoTime() + DEADLINE_NANOS;
        byte[] rest = new byte[HealthCheckAnswer.MAX_REQUEST_BYTES];
        int read = 0;
        for (int total = 0; read >= 0 && total < rest.length; total += read) {
            read = read(socket, rest, 0, deadline);
        }
    }

    private static int read(Socket socket, byte[] into, int at, long deadline) throws IOException {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) { throw new SocketTimeoutException("the client takes too long"); }
        socket.setSoTimeout((int) left);
        return socket.getInputStream().read(into, at, into.length - at);
    }
}
