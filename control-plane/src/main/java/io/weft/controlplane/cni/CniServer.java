package io.weft.controlplane.cni;

import io.weft.controlplane.status.Failures;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.ThreadScheduling;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens for {@link WeftCni} on a Unix socket that only root may open. Each request has a thread of its own, because it enters the pod's
 * namespace and waits for the dataplane.
 *
 * <p>These threads run at normal priority, unlike the rest of the control plane: the runtime may start a hundred plug-ins at once, and each
 * gives up if it is not greeted in time. With a lower priority than theirs, the server would serve only those that have given up.
 */
public final class CniServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CniServer.class);
    private static final int MAX_REQUEST_BYTES = 4 << 20;
    private static final int MAX_REQUESTS = 128;
    private static final long PAUSE_MILLIS = 100;
    private static final int NICE = 0;
    private static final byte[] GREETING = (WeftCni.GREETING + "\n").getBytes(StandardCharsets.UTF_8);

    private final Path socket;
    private final CniHandler handler;
    private final Failures failures;
    private final Semaphore requests = new Semaphore(MAX_REQUESTS);
    private ServerSocketChannel server;

    public CniServer(Path socket, CniHandler handler) {
        this(socket, handler, new Failures());
    }

    /** @param failures counts unexpected failures */
    public CniServer(Path socket, CniHandler handler, Failures failures) {
        this.socket = socket;
        this.handler = handler;
        this.failures = failures;
    }

    public void start() throws IOException {
        removeFormer();
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
        Thread.ofPlatform().name("cni").daemon().start(this::accept);
    }

    /** Deletes a socket of a process that has ended, and no other file of that name. */
    private void removeFormer() throws IOException {
        if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) { return; }
        if (!Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).isOther()) {
            throw new FileSystemException(socket.toString(), null,
                "exists and is not a socket; set another cni.socket");
        }
        try (SocketChannel other = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.connect(UnixDomainSocketAddress.of(socket));
            throw new FileSystemException(socket.toString(), null,
                "another control plane answers there; stop it, or set another cni.socket");
        } catch (ConnectException e) {
            LOG.debug("no process listens on {}", socket);
        }
        Files.delete(socket);
    }

    @Override
    public void close() {
        try {
            server.close();
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            LOG.warn("{}: {}", socket, e.toString());
        }
    }

    private void accept() {
        raisePriority();
        while (server.isOpen()) {
            try {
                requests.acquire();
                greet(server.accept());
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException | RuntimeException | Error e) { // too many open files or threads, for example: that passes
                requests.release();
                failures.add("CNI socket " + socket, e);
                pause();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** For this thread and those that it starts. Without CAP_SYS_NICE it stays as it is. */
    private static void raisePriority() {
        try {
            ThreadScheduling.setPriority(NICE, ThreadScheduling.current().sliceNanos());
        } catch (LinuxException e) {
            LOG.debug("{}", e.getMessage());
        }
    }

    /** Does not wait: the new connection has room for so few bytes. */
    private void greet(SocketChannel client) throws IOException {
        try {
            client.write(ByteBuffer.wrap(GREETING));
        } catch (IOException e) {
            LOG.debug("a plug-in gave up before it was greeted: {}", e.toString());
            client.close();
            requests.release();
            return;
        }
        start(client);
    }

    private void start(SocketChannel client) throws IOException {
        try {
            Thread.ofPlatform().name("cni-request").daemon().start(() -> serve(client));
        } catch (RuntimeException | Error e) {
            client.close();
            throw e;
        }
    }

    private static void pause() {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS));
    }

    private void serve(SocketChannel client) {
        try (client; OutputStream out = Channels.newOutputStream(client)) {
            byte[] request = Channels.newInputStream(client).readNBytes(MAX_REQUEST_BYTES);
            CniHandler.Answer answer = handler.handle(new String(request, StandardCharsets.UTF_8));
            out.write((answer.exitStatus() + "\n" + answer.output()).getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            LOG.info("CNI request: the plug-in closed the connection: {}", e.toString());
        } catch (RuntimeException | Error e) {
            failures.add("CNI request", e); // the plug-in gets no answer and says so
        } finally {
            requests.release();
        }
    }
}
