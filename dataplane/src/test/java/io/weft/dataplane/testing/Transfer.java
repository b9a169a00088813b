package io.weft.dataplane.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.nativebindings.netlink.NetworkNamespace;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.CRC32;

/** Bytes over TCP from one namespace to another, compared by their checksum at both ends. */
public final class Transfer {
    private static final int CONNECT_MILLIS = 10_000;
    private static final int WAIT_MILLIS = 60_000;

    private Transfer() {
    }

    public static void run(Path from, Path to, int toIp, int bytes) throws Exception {
        run(from, toIp, 0, to, toIp, 0, bytes);
    }

    /** Connects to one address and port, and listens on another, to which a Service leads; ports of 0 are chosen automatically. */
    public static void run(Path from, int connectIp, int connectPort, Path to, int listenIp, int listenPort, int bytes)
        throws Exception {
        ServerSocket listener = NetworkNamespace.call(to,
            () -> new ServerSocket(listenPort, 16, TestPod.address(listenIp)));
        int port = connectPort == 0 ? listener.getLocalPort() : connectPort;
        CRC32 received = new CRC32();
        Thread server = Thread.ofPlatform().start(() -> drain(listener, received));
        CRC32 sent = new CRC32();
        byte[] block = new byte[1 << 14];
        Random random = new Random(bytes);
        // A Java socket is created in the thread that connects it first.
        try (Socket socket = NetworkNamespace.call(from, () -> {
            Socket made = new Socket();
            made.connect(new InetSocketAddress(TestPod.address(connectIp), port), CONNECT_MILLIS);
            return made;
        })) {
            for (int left = bytes; left > 0; left -= block.length) {
                random.nextBytes(block);
                sent.update(block);
                socket.getOutputStream().write(block);
            }
        }
        server.join(WAIT_MILLIS);
        assertEquals(sent.getValue(), received.getValue());
    }

    private static void drain(ServerSocket listener, CRC32 sum) {
        try (listener; Socket socket = listener.accept(); InputStream in = socket.getInputStream()) {
            byte[] block = new byte[1 << 16];
            for (int n = in.read(block); n > 0; n = in.read(block)) {
                sum.update(block, 0, n);
            }
        } catch (IOException e) {
            sum.reset();
        }
    }
}
