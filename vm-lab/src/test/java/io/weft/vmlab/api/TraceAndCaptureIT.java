package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.dataplane.counters.DropReason;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.BadFrames;
import io.weft.vmlab.LabExtension;
import io.weft.vmlab.Macs;
import io.weft.vmlab.RawPort;
import io.weft.vmlab.TestFrame;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.Ping;
import io.weft.vmlab.traffic.UdpEcho;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code weft trace} and {@code weft capture} on two nodes that forward: a flow at its sender's node and, through the tunnel, at its receiver's. */
class TraceAndCaptureIT {
    private static final int PATIENCE_SECONDS = 60;
    private static final int ANSWER_MILLIS = 5000;

    private static final int ASKED = 3;
    private static final String IN = "0x00000001";
    private static final String OUT = "0x00000002";

    @RegisterExtension static final LabExtension LAB = ApiLab.SHARED.needing("ping", "tshark");

    @TempDir Path directory;

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
            for (int n = 0; n < ASKED; n++) {
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

    /** Three questions and answers, each seen twice at each node, and one frame that the sender's node drops. */
    @Test
    void tsharkReadsWhatBothNodesCapture() throws Exception {
        Path atSender = directory.resolve("sender.pcapng");
        Path atReceiver = directory.resolve("receiver.pcapng");
        CompletableFuture<String> sending = capture(sender, atSender, 4 * ASKED + 1);
        CompletableFuture<String> receiving = capture(receiver, atReceiver, 4 * ASKED);
        try (UdpEcho.Server echo = UdpEcho.serve(server.thread(), server.port(54));
            RawPort port = RawPort.open(client.thread(), "eth0")) {
            for (int n = 0; n < ASKED; n++) {
                ask(server.port(54));
            }
            byte[] frame = TestFrame.build(TestFrame.UDP, Macs.ofGateway(client), Macs.of(client.netns(), "eth0"),
                client.address(), 4000, server.address(), 54, new byte[8]);
            port.send(BadFrames.withHeader(frame, DropReason.TTL_EXPIRED, f -> f[22] = 1).frame());
        }
        assertTrue(sending.get(PATIENCE_SECONDS, TimeUnit.SECONDS).contains("13 frames captured, 0 lost"));
        assertTrue(receiving.get(PATIENCE_SECONDS, TimeUnit.SECONDS).contains("12 frames captured, 0 lost"));
        List<Captured> sent = frames(atSender);
        List<Captured> received = frames(atReceiver);
        String pod = sender.hostInterfaceOf("client");
        String uplink = LabPlan.UPLINK;
        assertEquals(ASKED, count(sent, frame -> frame.at(pod, IN) && frame.comment.isEmpty()), sent.toString());
        assertEquals(ASKED, count(sent, frame -> frame.at(pod, OUT)), sent.toString());
        assertEquals(List.of("dropped: ttl_expired"),
            sent.stream().map(Captured::comment).filter(text -> !text.isEmpty()).toList());
        assertEquals(ASKED, tunnelled(sent, uplink, OUT).size(), sent.toString());
        assertEquals(tunnelled(sent, uplink, OUT), tunnelled(received, uplink, IN));
        assertEquals(tunnelled(received, uplink, OUT), tunnelled(sent, uplink, IN));
    }

    private record Captured(String device, String direction, String comment, String malformed, String tunnel,
        String bytes) {
        boolean at(String port, String way) {
            return device.equals(port) && direction.equals(way);
        }
    }

    private static long count(List<Captured> frames, Predicate<Captured> condition) {
        return frames.stream().filter(condition).count();
    }

    /** The UDP payloads, outer and inner, of the frames in the tunnel. */
    private static List<String> tunnelled(List<Captured> frames, String port, String way) {
        return frames.stream().filter(frame -> frame.at(port, way) && !frame.tunnel.isEmpty()).map(Captured::bytes)
            .toList();
    }

    private static List<Captured> frames(Path file) throws Exception {
        ExternalCommand.Output output = ExternalCommand.of("tshark", "-r", file.toString(), "-d",
            "udp.port==8472,vxlan", "-T", "fields", "-E", "separator=;", "-e", "frame.interface_name", "-e",
            "frame.packet_flags_direction", "-e", "frame.comment", "-e", "_ws.malformed", "-e", "vxlan.vni", "-e",
            "udp.payload").run();
        assertEquals(0, output.exit(), output.text());
        List<Captured> frames = new ArrayList<>();
        for (String line : output.text().lines().filter(each -> each.contains(";")).toList()) {
            String[] fields = line.split(";", -1);
            frames.add(new Captured(fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]));
        }
        assertTrue(frames.stream().allMatch(frame -> frame.malformed.isEmpty()), frames.toString());
        return frames;
    }

    private static CompletableFuture<String> capture(WeftNode node, Path file, int frames) throws Exception {
        return observe(node, "capturing", "capture", "--port", "54", "-w", file.toString(), "-c",
            Integer.toString(frames), "--seconds", "60");
    }

    private static CompletableFuture<List<JsonNode>> trace(WeftNode node, String... filter) throws Exception {
        List<String> command = new ArrayList<>(List.of("trace", "-o", "json", "--seconds", "60"));
        command.addAll(List.of(filter));
        return observe(node, "tracing", command.toArray(String[]::new)).thenApply(TraceAndCaptureIT::objects);
    }

    /** Returns when the dataplane does it, which its log then says. */
    private static CompletableFuture<String> observe(WeftNode node, String logged, String... command)
        throws Exception {
        CompletableFuture<String> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                result.complete(node.weft(command));
            } catch (Exception e) {
                result.completeExceptionally(e);
            }
        });
        node.view().await("the dataplane to be " + logged, () -> Files.readString(node.log()).contains(logged));
        return result;
    }

    private static List<JsonNode> objects(String text) {
        return text.lines().filter(line -> line.startsWith("{")).map(line -> {
            try {
                return new ObjectMapper().readTree(line);
            } catch (JsonProcessingException e) {
                throw new UncheckedIOException(e);
            }
        }).toList();
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
