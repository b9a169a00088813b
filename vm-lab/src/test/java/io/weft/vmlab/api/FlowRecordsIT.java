package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.linux.ProcessSignals;
import io.weft.vmlab.LabExtension;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.TcpEcho;
import io.weft.vmlab.traffic.UdpEcho;
import io.weft.vmlab.traffic.WhoAmI;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Flow records of real TCP and UDP clients: what they sent, to whom, and why the flow has ended. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FlowRecordsIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final InetSocketAddress UDP = new InetSocketAddress("10.96.0.90", 53);
    private static final InetSocketAddress TCP = new InetSocketAddress("10.96.0.91", 80);
    private static final InetSocketAddress WHO = new InetSocketAddress("10.96.0.92", 80);
    private static final int BACKEND_PORT = 7000;
    private static final int WHO_PORT = 7001;
    private static final int FIXED_PORT = 41_001;
    private static final int DATAGRAMS = 20;
    private static final int PAYLOAD = 100;
    private static final int HEADERS = 28; // IPv4 20, UDP 8
    private static final int BYTES = 20_000;
    private static final int CHUNK = 50;
    /** More flows than a ring has room for. */
    private static final int BURST = 60_000;
    /** For what comes after the tests without an order. */
    private static final int LATE = Order.DEFAULT + 1;
    private static final int PAUSE_EVERY = 32;
    private static final long PAUSE_NANOS = 1_000_000;
    @RegisterExtension static final LabExtension LAB = ApiLab.SHARED;
    private static WeftNode node;
    private static Pod client;
    private static Pod server;
    private static UdpEcho.Server udp;
    private static TcpEcho tcp;
    private static WhoAmI who;
    private static int udpPort;
    private static long udpFlowBegan;
    private static int resetPort;

    @BeforeAll
    static void bringUp() throws Exception {
        Lab lab = LAB.lab();
        node = lab.node("n1");
        client = node.addPod("client");
        server = lab.node("n2").addPod("server");
        udp = UdpEcho.serve(server.thread(), server.port(BACKEND_PORT));
        tcp = TcpEcho.serve(server.thread(), server.port(BACKEND_PORT));
        who = WhoAmI.serve(server.thread(), server.port(WHO_PORT));
        List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(server.address(), "n2", true));
        serve(lab, "dns", UDP, new Manifests.Port("dns", "UDP", UDP.getPort(), BACKEND_PORT), endpoints);
        serve(lab, "web", TCP, new Manifests.Port("http", "TCP", TCP.getPort(), BACKEND_PORT), endpoints);
        serve(lab, "who", WHO, new Manifests.Port("who", "TCP", WHO.getPort(), WHO_PORT), endpoints);
        exchangeDatagrams(); // these flows end while the first tests run
        resetConnection();
    }

    private static void serve(Lab lab, String name, InetSocketAddress address, Manifests.Port port,
        List<Manifests.Endpoint> endpoints) throws Exception {
        lab.manifests().service(name, address.getAddress(), List.of(port));
        lab.manifests().endpoints(name, List.of(port), endpoints);
        lab.awaitEndpoints(address, endpoints);
    }

    @AfterAll
    static void takeDown() throws Exception {
        if (udp != null) {
            udp.close();
        }
        if (tcp != null) {
            tcp.close();
        }
        if (who != null) {
            who.close();
        }
    }

    private static List<JsonNode> records(int clientPort, String event) throws Exception {
        String output = node.weft("flow-records", "-o", "json", "--filter", "event=" + event, "--filter",
            "source=" + client.address().getHostAddress() + ":" + clientPort);
        JsonNode all = JSON.readTree(output.substring(output.indexOf('['))); // after what it says about lost records
        return StreamSupport.stream(all.spliterator(), false).toList();
    }

    private static JsonNode awaitRecord(int clientPort, String event) throws Exception {
        node.view().await("the " + event + " of the flow from port " + clientPort,
            () -> !records(clientPort, event).isEmpty());
        List<JsonNode> found = records(clientPort, event);
        assertEquals(1, found.size(), found.toString());
        return found.getFirst();
    }

    private static int port(SocketAddress address) {
        return ((InetSocketAddress) address).getPort();
    }

    private static String text(JsonNode flow, String... fields) {
        StringBuilder text = new StringBuilder();
        for (String field : fields) {
            text.append(text.isEmpty() ? "" : " ").append(flow.path(field).asText());
        }
        return text.toString();
    }

    /** Asks the DNS Service and waits for the answers. */
    private static void exchangeDatagrams() throws Exception {
        udpFlowBegan = System.currentTimeMillis();
        try (DatagramChannel socket = client.thread().call(() -> DatagramChannel.open(StandardProtocolFamily.INET))) {
            socket.connect(UDP);
            udpPort = port(socket.getLocalAddress());
            ByteBuffer datagram = ByteBuffer.allocate(PAYLOAD);
            for (int i = 0; i < DATAGRAMS; i++) {
                socket.write(datagram.clear());
                socket.read(datagram.clear());
            }
        }
    }

    /** Sends bytes, reads their echo, and ends the connection by a reset. */
    private static void resetConnection() throws Exception {
        try (SocketChannel socket = client.thread().call(() -> SocketChannel.open(StandardProtocolFamily.INET))) {
            socket.setOption(StandardSocketOptions.SO_LINGER, 0);
            socket.connect(TCP);
            resetPort = port(socket.getLocalAddress());
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
            for (int sent = 0; sent < BYTES; sent += CHUNK) {
                socket.write(chunk.clear());
                chunk.clear();
                while (chunk.hasRemaining()) {
                    assertTrue(socket.read(chunk) > 0, "the server has closed the connection");
                }
            }
        }
    }

    @Test
    @Order(LATE + 1)
    void aUdpFlowIsRecordedWithEveryDatagramOnceItTimesOut() throws Exception {
        JsonNode start = awaitRecord(udpPort, "start");
        assertEquals("", start.path("reason").asText());
        JsonNode end = awaitRecord(udpPort, "end");
        System.out.println("UDP: " + end);
        assertEquals("udp timeout outbound default/dns", text(end, "protocol", "reason", "direction", "service")
            .replace("default/dns:dns", "default/dns"));
        assertTrue(end.path("fromPod").asText().endsWith("client"), end.toString());
        assertEquals("10.96.0.90:53 " + server.address().getHostAddress() + ":" + BACKEND_PORT,
            text(end, "destination", "newDestination"));
        long bytes = (long) DATAGRAMS * (PAYLOAD + HEADERS);
        assertEquals(DATAGRAMS + " " + bytes + " " + DATAGRAMS + " " + bytes,
            text(end, "packets", "bytes", "replyPackets", "replyBytes"));
        assertEquals(text(start, "start"), text(end, "start"));
        long began = Instant.parse(text(end, "start")).toEpochMilli();
        long last = Instant.parse(text(end, "end")).toEpochMilli();
        assertTrue(began >= udpFlowBegan - 1000 && began <= last && last <= System.currentTimeMillis(), end.toString());
    }

    @Test
    @Order(LATE)
    void aResetConnectionIsRecordedWithItsBytes() throws Exception {
        JsonNode end = awaitRecord(resetPort, "end");
        System.out.println("TCP reset: " + end);
        assertEquals("tcp rst outbound", text(end, "protocol", "reason", "direction"));
        assertTrue(end.path("service").asText().startsWith("default/web"), end.toString());
        assertHasBytes(end.path("packets").asLong(), end.path("bytes").asLong());
        assertHasBytes(end.path("replyPackets").asLong(), end.path("replyBytes").asLong());
    }

    /** The payload, and headers of 40 to 60 bytes for each packet. */
    private static void assertHasBytes(long packets, long bytes) {
        assertTrue(packets > BYTES / CHUNK && bytes >= BYTES + packets * 40 && bytes <= BYTES + packets * 60,
            packets + " packets, " + bytes + " bytes");
    }

    /** The server closes first. The end is recorded when the next connection from this port takes the entry's place. */
    @Test
    void aClosedConnectionIsRecordedWhenItsPortIsUsedAgain() throws Exception {
        assertEquals(client.address().getHostAddress() + ":" + FIXED_PORT, ask());
        assertEquals(client.address().getHostAddress() + ":" + FIXED_PORT, ask());
        JsonNode end = awaitRecord(FIXED_PORT, "end");
        System.out.println("TCP closed: " + end);
        assertEquals("tcp fin time_wait", text(end, "protocol", "reason", "state"));
        assertEquals(2, records(FIXED_PORT, "start").size());
    }

    /** Waits until the port is free: the last acknowledgement of the connection before may still be under way. */
    private static String ask() throws Exception {
        while (true) {
            try {
                return askOnce();
            } catch (BindException e) {
                Thread.sleep(10);
            }
        }
    }

    private static String askOnce() throws Exception {
        try (SocketChannel socket = client.thread().call(() -> SocketChannel.open(StandardProtocolFamily.INET)
            .setOption(StandardSocketOptions.SO_REUSEADDR, true)
            .bind(new InetSocketAddress(client.address(), FIXED_PORT)))) {
            socket.connect(WHO);
            return new String(Channels.newInputStream(socket).readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    void theFlowsOfAPodThatIsRemovedEndWithItAndKeepItsName() throws Exception {
        Pod gone = node.addPod("gone");
        int from;
        try (UdpEcho.Server _ = UdpEcho.serve(gone.thread(), gone.port(BACKEND_PORT));
            DatagramChannel socket = client.thread().call(() -> DatagramChannel.open(StandardProtocolFamily.INET))) {
            socket.connect(gone.port(BACKEND_PORT));
            from = port(socket.getLocalAddress());
            ByteBuffer datagram = ByteBuffer.allocate(PAYLOAD);
            socket.write(datagram);
            socket.read(datagram.clear());
            awaitRecord(from, "start");
        }
        node.removePod("gone");
        JsonNode end = awaitRecord(from, "end");
        System.out.println("removed pod: " + end);
        assertEquals("endpoint_removed local 1 1", text(end, "reason", "direction", "packets", "replyPackets"));
        assertTrue(end.path("toPod").asText().endsWith("gone"), end.toString());
    }

    /** While the control plane is stopped, the rings fill; what does not fit is counted, and forwarding goes on. */
    @Test
    @Order(LATE + 2) // the ends of all these flows push out what other tests wait for
    void recordsThatFindNoRoomAreCounted() throws Exception {
        long controlPlane = node.controlPlane().pid();
        long before = metric("weft_flow_records_lost_total");
        ProcessSignals.send(controlPlane, ProcessSignals.SIGSTOP);
        try (DatagramChannel socket = client.thread().call(() -> DatagramChannel.open(StandardProtocolFamily.INET))) {
            ByteBuffer datagram = ByteBuffer.allocate(1);
            for (int i = 0; i < BURST; i++) {
                socket.send(datagram.clear(), server.port(1024 + i));
                if (i % PAUSE_EVERY == 0) {
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            }
            assertEquals(10, UdpEcho.measure(client.thread(), server.port(BACKEND_PORT), 10, PAUSE_NANOS).answered());
        } finally {
            ProcessSignals.send(controlPlane, ProcessSignals.SIGCONT);
        }
        node.view().await("a count of lost records", () -> metric("weft_flow_records_lost_total") > before);
        System.out
            .println("a burst of " + BURST + " flows: " + metric("weft_flow_records_lost_total") + " records lost, "
                + metric("weft_flow_records_total{event=\"start\",reason=\"\"}") + " starts read");
    }

    private static long metric(String name) throws Exception {
        String metrics = new NodeApi(node).send("GET", "/metrics", "").body();
        return metrics.lines().filter(line -> line.startsWith(name)).findFirst()
            .map(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).orElse(0L);
    }
}
