package io.weft.controlplane.api;

import io.weft.controlplane.api.access.Access;
import io.weft.controlplane.api.access.TokenFile;
import io.weft.controlplane.api.http.HttpLimits;
import io.weft.controlplane.api.http.HttpListener;
import io.weft.controlplane.api.http.ReloadableTls;
import io.weft.controlplane.api.http.Resource;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.ApiConfiguration;
import io.weft.nativebindings.linux.FileErrors;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The REST API on {@code api.listen} and on the Unix socket {@code api.sock}. A thread of its own opens both, and tries again every second
 * while one of them cannot be opened, so that the control plane neither waits for the API nor fails with it. The same thread reads tokens and
 * certificates again when their files change. What is wrong is a problem in {@code weft status}.
 */
public final class ApiServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ApiServer.class);
    private static final long PERIOD_MILLIS = 1000;

    private final ApiConfiguration configuration;
    private final List<Resource> resources;
    private final HttpLimits limits;
    private final Runnable changed;
    private final Failures failures;
    private final TokenFile tokens;
    private final Optional<ReloadableTls> tls;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform().name("api").daemon().unstarted(this::run);
    /** Written by the thread, read by others; immutable, so volatile is enough. */
    private volatile List<String> problems = List.of();
    private volatile Optional<HttpListener> tcp = Optional.empty();
    private volatile Optional<HttpListener> local = Optional.empty();

    /**
     * @param changed called after {@link #problems} has changed
     * @param failures counts unexpected failures
     */
    public ApiServer(ApiConfiguration configuration, List<Resource> resources, Runnable changed, Failures failures) {
        this(configuration, resources, HttpLimits.DEFAULT, changed, failures);
    }

    ApiServer(ApiConfiguration configuration, List<Resource> resources, HttpLimits limits, Runnable changed,
        Failures failures) {
        this.limits = limits;
        this.configuration = configuration;
        this.resources = resources;
        this.changed = changed;
        this.failures = failures;
        tokens = new TokenFile(configuration.tokenFile());
        tls = configuration.certificate().map(_ -> new ReloadableTls(configuration));
    }

    public void start() {
        thread.start();
    }

    /** What is wrong with the API, one line each. Any thread. */
    public List<String> problems() {
        return problems;
    }

    /** The TCP port while it is open. */
    public Optional<Integer> port() {
        return tcp.map(HttpListener::port);
    }

    /** Whether the Unix socket is open. */
    public boolean isLocalOpen() { return local.isPresent(); }

    @Override
    public void close() {
        closing.countDown(); // no interrupt: Helidon would half start
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        tcp.ifPresent(HttpListener::close);
        local.ifPresent(HttpListener::close);
    }

    private void run() {
        do {
            try {
                refresh();
            } catch (RuntimeException | Error e) {
                failures.add("API", e);
            }
        } while (!isClosing());
    }

    /** Waits for the next round. */
    private boolean isClosing() {
        try {
            return closing.await(PERIOD_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    private void refresh() {
        List<String> found = new ArrayList<>();
        if (local.isEmpty()) {
            local = open(UnixDomainSocketAddress.of(configuration.socket()), Optional.empty(), Access.ROOT, found);
        }
        configuration.listen().ifPresent(address -> {
            tokens.refresh().ifPresent(found::add);
            tls.flatMap(ReloadableTls::refresh).ifPresent(found::add);
            if (tcp.isEmpty() && tls.filter(files -> !files.isUsable()).isEmpty()) {
                tcp = open(address, tls.map(ReloadableTls::context), tokens, found);
            }
        });
        report(found);
    }

    private void report(List<String> found) {
        if (!found.equals(problems)) {
            found.stream().filter(problem -> !problems.contains(problem)).forEach(LOG::warn);
            problems = List.copyOf(found);
            changed.run();
        }
    }

    private Optional<HttpListener> open(SocketAddress address, Optional<SSLContext> context, Access access,
        List<String> found) {
        try {
            if (address instanceof UnixDomainSocketAddress unix) {
                removeFormer(unix.getPath());
            }
            HttpListener listener = HttpListener.open(address, context, resources, access, limits, failures);
            LOG.info("REST API on {}{}", text(address), context.isPresent() ? ", TLS" : "");
            return Optional.of(listener);
        } catch (BindException e) {
            found.add("api.listen: " + text(address) + " cannot be used: " + e.getMessage()
                + "; the API is not reachable there until it is free");
        } catch (IOException e) {
            found.add("the API is not reachable on " + text(address) + ": " + FileErrors.describe(e));
        }
        return Optional.empty();
    }

    /** Deletes a socket that a control plane has left behind; this one holds the lock of the run directory. */
    private static void removeFormer(Path socket) throws IOException {
        if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) { return; }
        if (!Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).isOther()) {
            throw new FileSystemException(socket.toString(), null, "exists and is not a socket");
        }
        Files.delete(socket);
    }

    private static String text(SocketAddress address) {
        return address instanceof InetSocketAddress tcp
            ? tcp.getAddress().getHostAddress() + ":" + tcp.getPort()
            : address.toString();
    }
}
