package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client reuses a source port after its Service's endpoint was replaced; the former endpoint's pod still runs. */
class PortReuseIT {
    private static final int TIMEOUT_MILLIS = 30_000;
    private static final int SERVER_PORT = 8080;
    private static final int CLOSED_PORT = 9999;
    private static final InetSocketAddress CLOSED_BEFORE = new InetSocketAddress("10.96.2.1", 80);
    private static final InetSocketAddress REFUSED_BEFORE = new InetSocketAddress("10.96.2.2", 80);
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("reus", 2);
    private static Lab lab;
    private static Pod client;
    private static Server before;
    private static Server after;

    /** Sends each client its name, and closes the connection first. */
    private record Server(Pod pod, String node, ServerSocketChannel listener) {
        static Server start(Pod pod, String node) throws Exception {
            ServerSocketChannel listener = pod.thread()
                .call(() -> ServerSocketChannel.open(StandardProtocolFamily.INET).bind(pod.port(SERVER_PORT), 16));
            Server server = new Server(pod, node, listener);
            Thread.ofPlatform().daemon().name("server " + pod.name()).start(server::serve);
            return server;
        }

        private void serve() {
            while (listener.isOpen()) {
                try (SocketChannel accepted = listener.accept()) {
                    accepted.write(ByteBuffer.wrap(pod.name().getBytes(StandardCharsets.US_ASCII)));
                } catch (IOException e) {
                    // a client closed the connection, or the test is over
                }
            }
        }

        Manifests.Endpoint endpoint() {
            return new Manifests.Endpoint(pod.address(), node, true);
        }
    }

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        client = lab.node("n1").addPod("client");
        before = Server.start(lab.node("n1").addPod("before"), "n1");
        after = Server.start(lab.node("n2").addPod("after"), "n2");
    }

    @AfterAll
    static void takeDown() throws Exception {
        for (Server server : new Server[]{before, after}) {
            if (server != null) {
                server.listener.close();
            }
        }
    }

    @Test
    void aClosedConnectionDoesNotAffectTheNextFromItsPort() throws Exception {
        serve("closed", CLOSED_BEFORE, before, SERVER_PORT);
        assertEquals("before", ask(40_001, CLOSED_BEFORE));
        serve("closed", CLOSED_BEFORE, after, SERVER_PORT);
        assertEquals("after", ask(40_001, CLOSED_BEFORE));
        serve("closed", CLOSED_BEFORE, before, SERVER_PORT);
        assertEquals("before", ask(40_001, CLOSED_BEFORE));
    }

    @Test
    void aRefusedConnectionDoesNotAffectTheNextFromItsPort() throws Exception {
        serve("refused", REFUSED_BEFORE, before, CLOSED_PORT);
        assertThrows(ConnectException.class, () -> ask(40_002, REFUSED_BEFORE));
        serve("refused", REFUSED_BEFORE, after, SERVER_PORT);
        assertEquals("after", ask(40_002, REFUSED_BEFORE));
    }

    private static void serve(String name, InetSocketAddress address, Server server, int port) throws Exception {
        List<Manifests.Port> ports = List.of(new Manifests.Port("tcp", "TCP", address.getPort(), port));
        List<Manifests.Endpoint> endpoints = List.of(server.endpoint());
        lab.manifests().service(name, address.getAddress(), ports);
        lab.manifests().endpoints(name, ports, endpoints);
        lab.awaitEndpoints(address, endpoints);
    }

    private static String ask(int sourcePort, InetSocketAddress address) throws Exception {
        try (SocketChannel channel = client.thread().call(() -> SocketChannel.open(StandardProtocolFamily.INET))) {
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(client.port(sourcePort));
            channel.socket().connect(address, TIMEOUT_MILLIS);
            channel.socket().setSoTimeout(TIMEOUT_MILLIS);
            return new String(channel.socket().getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }
}
