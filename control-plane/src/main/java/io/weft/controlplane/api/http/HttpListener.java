package io.weft.controlplane.api.http;

import io.helidon.common.concurrency.limits.FixedLimit;
import io.helidon.common.socket.SocketOptions;
import io.helidon.common.tls.Tls;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.weft.controlplane.api.access.Access;
import io.weft.controlplane.status.Failures;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/**
 * An address at which the resources are served, over HTTP/1.1 by Helidon. Each address has a server of its own, so that clients of one cannot
 * use up the connections of another.
 */
public final class HttpListener implements AutoCloseable {
    private static final int MAX_LINE_BYTES = 4096;
    private static final int MAX_HEADER_BYTES = 16 << 10;
    private static final int MAX_BODY_BYTES = 64 << 10;
    private static final int BACKLOG = 128;
    private static final Duration GUARD_PERIOD = Duration.ofSeconds(1);

    private final WebServer server;

    private HttpListener(WebServer server) {
        this.server = server;
    }

    /**
     * @param address a TCP address, or that of a Unix socket, whose file must not exist; only root may open it
     * @param tls of TCP; empty: none
     * @throws IOException if it cannot be bound
     */
    public static HttpListener open(SocketAddress address, Optional<SSLContext> tls, List<Resource> resources,
        Access access, HttpLimits limits, Failures failures) throws IOException {
        tryToBind(address);
        boolean local = address instanceof UnixDomainSocketAddress;
        WebServerConfig.Builder config = WebServer.builder()
            .bindAddress(address)
            .useNio(local) // with NIO, Helidon ignores the time-out, and asks the resolver for each TLS client's name
            .connectionOptions(SocketOptions.builder().readTimeout(limits.silence()).build())
            .protocolsDiscoverServices(false)
            .addConnectionSelector(new ConnectionGuard(http1(), limits))
            .maxTcpConnections(limits.connections())
            .concurrencyLimit(FixedLimit.builder().permits(limits.requests()).build())
            .backlog(BACKLOG)
            .maxPayloadSize(MAX_BODY_BYTES)
            .idleConnectionTimeout(limits.impatience())
            .idleConnectionPeriod(GUARD_PERIOD)
            .shutdownHook(false)
            .directHandlers(Routes.directHandlers())
            .routing(new Routes(resources, access, failures).routing());
        tls.ifPresent(context -> config.tls(Tls.builder().sslContext(context).build()));
        WebServer server = config.build().start();
        if (!server.isRunning()) { throw new IOException("the listener did not start"); }
        if (address instanceof UnixDomainSocketAddress unix) {
            Files.setPosixFilePermissions(unix.getPath(), PosixFilePermissions.fromString("rw-------"));
        }
        return new HttpListener(server);
    }

    /** The TCP port; -1 on a Unix socket. */
    public int port() {
        return server.port();
    }

    @Override
    public void close() {
        server.stop();
    }

    private static Http1ConnectionSelector http1() {
        return Http1ConnectionSelector.builder()
            .config(Http1Config.builder().maxPrologueLength(MAX_LINE_BYTES).maxHeadersSize(MAX_HEADER_BYTES).build())
            .build();
    }

    /** Helidon logs why it cannot bind instead of saying it. */
    private static void tryToBind(SocketAddress address) throws IOException {
        if (address instanceof UnixDomainSocketAddress unix) {
            try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                channel.bind(address);
            }
            Files.delete(unix.getPath());
        } else {
            try (ServerSocketChannel channel = ServerSocketChannel.open()) {
                channel.bind(address);
            }
        }
    }
}
