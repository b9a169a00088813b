package io.weft.nativebindings.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SocketDiagTest {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int FIRST = 61_000;
    private static final int LAST = 61_009;

    private TestNamespace namespace;
    private SocketDiag sockets;

    @BeforeEach
    void open() {
        namespace = new TestNamespace();
        sockets = SocketDiag.openIn(namespace.path);
    }

    @AfterEach
    void close() {
        if (namespace != null) {
            sockets.close();
            namespace.close();
        }
    }

    @Test
    void findsUdpPortsOfTheRangeOnly() throws IOException {
        try (DatagramSocket before = udp("127.0.0.1", FIRST - 1);
            DatagramSocket first = udp("127.0.0.1", FIRST);
            DatagramSocket any = udp("::", FIRST + 5);
            DatagramSocket last = udp("0.0.0.0", LAST);
            DatagramSocket after = udp("127.0.0.1", LAST + 1)) {
            assertEquals(ports(FIRST, FIRST + 5, LAST), sockets.localPorts(UDP, SocketDiag.States.ALL, FIRST, LAST));
            assertEquals(ports(), sockets.localPorts(TCP, SocketDiag.States.ALL, FIRST, LAST));
            List.of(before, first, any, last, after).forEach(socket -> assertTrue(socket.isBound()));
        }
        assertEquals(ports(), sockets.localPorts(UDP, SocketDiag.States.ALL, FIRST, LAST));
    }

    /** Java's ordinary sockets are IPv6 ones, bound to an IPv4-mapped address. */
    @Test
    void findsTheAddressesOnWhichAPortIsListenedOn() throws IOException {
        for (boolean ipv4Socket : new boolean[]{false, true}) {
            try (ServerSocketChannel one = listen("127.0.0.1", FIRST, ipv4Socket);
                ServerSocketChannel other = listen("127.0.0.53", FIRST, ipv4Socket);
                ServerSocketChannel all = listen("0.0.0.0", FIRST + 1, ipv4Socket)) {
                assertEquals(Set.of(0x7F00_0001, 0x7F00_0035), sockets.listeners(FIRST));
                assertEquals(Set.of(0), sockets.listeners(FIRST + 1));
                assertEquals(Set.of(), sockets.listeners(FIRST + 2));
                List.of(one, other, all).forEach(channel -> assertTrue(channel.isOpen()));
            }
        }
    }

    private ServerSocketChannel listen(String address, int port, boolean ipv4Socket) {
        return NetworkNamespace.call(namespace.path, () -> {
            try {
                ServerSocketChannel channel = ipv4Socket
                    ? ServerSocketChannel.open(StandardProtocolFamily.INET)
                    : ServerSocketChannel.open();
                return channel.bind(new InetSocketAddress(address, port));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    void tellsListeningSocketsFromConnectedOnes() throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket server = in(() -> new ServerSocket(FIRST + 1, 1, loopback));
            Socket client = in(() -> new Socket(loopback, FIRST + 1, loopback, FIRST + 2))) {
            assertTrue(client.isConnected());
            assertEquals(ports(FIRST + 1), sockets.localPorts(TCP, SocketDiag.States.LISTENING, FIRST, LAST));
            assertEquals(ports(FIRST + 1, FIRST + 2), sockets.localPorts(TCP, SocketDiag.States.ALL, FIRST, LAST));
            assertFalse(server.isClosed());
        }
    }

    @Test
    void readsMoreThanOneDatagramHolds() throws IOException {
        List<DatagramSocket> open = new ArrayList<>();
        BitSet expected = new BitSet();
        try {
            for (int port = FIRST; port < FIRST + 1500; port++) {
                open.add(udp("127.0.0.1", port));
                expected.set(port);
            }
            assertEquals(expected, sockets.localPorts(UDP, SocketDiag.States.ALL, FIRST, 65_535));
        } finally {
            open.forEach(DatagramSocket::close);
        }
    }

    private DatagramSocket udp(String address, int port) throws IOException {
        return in(() -> new DatagramSocket(new InetSocketAddress(address, port)));
    }

    private interface Opening<T> {
        T open() throws IOException;
    }

    private <T> T in(Opening<T> opening) throws IOException {
        return NetworkNamespace.call(namespace.path, () -> {
            try {
                return opening.open();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static BitSet ports(int... ports) {
        BitSet set = new BitSet();
        for (int port : ports) {
            set.set(port);
        }
        return set;
    }
}
