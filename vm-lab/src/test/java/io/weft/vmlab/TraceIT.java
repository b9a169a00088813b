package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.Ping;
import io.weft.vmlab.traffic.UdpEcho;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code weft trace} on two nodes that forward: the same flow at its sender's node and, through the tunnel, at its receiver's. */
class TraceIT {
    private static final int PATIENCE_SECONDS = 60;
    private static final int ANSWER_MILLIS = 5000;

    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("trac", 2).needing("ping");

    private static WeftNode sender;
    private static WeftNode receiver;
    private static Pod client;
    private static Pod server;

    @BeforeAll
    static void bringUp() throws Exception {
        Lab lab = LAB.lab();
        sender = lab.node("n1");
        receiver = lab.node("n2");
        client = sender.addPod("client");
        server = receiver.addPod("server");
        Ping.run(client.thread(), server.address(), 5); // the next hops are resolved then
    }

    @Test
    void aFlowThroughTheTunnelAtBothEnds() throws Exception {
        CompletableFuture<List<JsonNode>> atSender = trace(sender, "--port", "53", "-c", "6");
        CompletableFuture<List<JsonNode>> atReceiver = trace(receiver, "--port", "53", "-c", "6");
        try (UdpEcho.Server echo = UdpEcho.serve(server.thread(), server.port(53))) {
            for (int n = 0; n < 3; n++) {
                ask(server.port(53));
            }
        }
        List<JsonNode> sent = atSender.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        List<JsonNode> received = atReceiver.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertEquals(6, sent.size());
        assertEquals(6, received.size());
        check(sent.getFirst(), "new", "flow-create", "vxlan4-encap");
        check(received.getFirst(), "new", "vxlan4-decap", "local-rewrite");
        check(sent.get(1), "known", "vxlan4-decap", "local-rewrite");
        check(received.get(1), "known", "flow-rewrite", "vxlan4-encap");
        check(sent.get(4), "known", "flow-rewrite", "vxlan4-encap");
        check(received.get(4), "known", "vxlan4-decap", "local-rewrite");
        assertEquals(sent.get(4).at("/sent/0/length").asInt(), received.get(4).path("length").asInt(),
            "what one sends, the other receives");
        assertTrue(sent.getFirst().path("frame").asText().contains("client > "), "the pod's name: " + sent.getFirst());
        assertTrue(received.get(4).path("frame").asText().matches("vxlan \\S+ node \\S+ > \\S+ node \\S+ \\(udp .*"),
            "the nodes' names: " + received.get(4));
        assertFalse(Files.exists(sender.runDirectory().resolve("trace")));
    }

    private static void check(JsonNode frame, String flow, String... nodes) {
        assertEquals("sent", frame.path("verdict").asText(), frame.toString());
        assertEquals(flow, frame.path("flow").asText(), frame.toString());
        List<String> visited = new ArrayList<>();
        frame.path("nodes").forEach(node -> visited.add(node.asText()));
        assertTrue(visited.containsAll(List.of(nodes)), frame.toString());
        assertEquals(1, frame.path("sentFrames").asInt(), frame.toString());
    }

    /** Returns when the dataplane traces. */
    private static CompletableFuture<List<JsonNode>> trace(WeftNode node, String... filter) throws Exception {
        List<String> command = new ArrayList<>(List.of("trace", "-o", "json", "--seconds", "60"));
        command.addAll(List.of(filter));
        CompletableFuture<List<JsonNode>> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                result.complete(objects(node.weft(command.toArray(String[]::new))));
            } catch (Exception e) {
                result.completeExceptionally(e);
            }
        });
        StreamPods.await("the dataplane to trace", () -> Files.readString(node.log()).contains("tracing"));
        return result;
    }

    private static List<JsonNode> objects(String text) throws Exception {
        List<JsonNode> objects = new ArrayList<>();
        for (String line : text.lines().filter(each -> each.startsWith("{")).toList()) {
            objects.add(new ObjectMapper().readTree(line));
        }
        return objects;
    }

    private static void ask(InetSocketAddress target) throws Exception {
        try (DatagramSocket socket = client.thread().call(() -> new DatagramSocket(4000))) {
            socket.setSoTimeout(ANSWER_MILLIS);
            DatagramPacket packet = new DatagramPacket(new byte[64], 64, target);
            socket.send(packet);
            socket.receive(packet);
        }
    }
}
