package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.capture.CaptureMessage;
import io.weft.dataplane.capture.CaptureRequest;
import io.weft.dataplane.capture.command.CaptureMain;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.explain.ExplainMain;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.testing.TestNode;
import io.weft.dataplane.testing.TestPod;
import io.weft.dataplane.trace.TraceMessage;
import io.weft.dataplane.trace.TraceRequest;
import io.weft.dataplane.trace.command.TraceMain;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import io.weft.nativebindings.process.ExternalCommand;
import java.io.BufferedReader;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weft explain}, {@code weft capture} and {@code weft trace} as processes, next to a real dataplane between real pods. */
class LookInsideTest {
    private static final long PATIENCE_SECONDS = 120;

    @TempDir Path directory;

    private TestNetwork network;
    private TestNode node;
    private TestPod a;
    private TestPod b;
    private final List<Process> processes = new ArrayList<>();

    @BeforeEach
    void makeNode() throws Exception {
        network = new TestNetwork();
        Path namespace = network.namespace("n1");
        Path outside = network.namespace("out");
        try (Rtnetlink atNode = Rtnetlink.openIn(namespace);
            NetworkNamespace far = NetworkNamespace.open(outside);
            Rtnetlink atOutside = Rtnetlink.openIn(outside)) {
            int uplink = atNode.createVeth(VethSpec.of("up0", "eth0").withPeerNamespace(far.fd())).index();
            atNode.addAddress(uplink, Ipv4Address.of("192.0.2.11"), 24, 0);
            atNode.setUp(uplink);
            atOutside.setUp(atOutside.link("eth0").orElseThrow().index());
        }
        node = new TestNode(network, namespace, 1, "up0", directory).start();
        a = node.pod(2, 1);
        b = node.pod(3, 1);
        node.awaitPort(a.portId, PortState.UP);
        node.awaitPort(b.portId, PortState.UP);
    }

    @AfterEach
    void close() {
        processes.forEach(Process::destroyForcibly);
        if (node != null) {
            node.close();
        }
        network.close();
    }

    private Process start(Class<?> main, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(flag -> flag.startsWith("--"))
            .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName(), "--run-directory",
            node.runDirectory.toString()));
        command.addAll(List.of(arguments));
        Process process = NetworkNamespace.call(node.namespace,
            ExternalCommand.java(command).builder().redirectErrorStream(true)::start);
        processes.add(process);
        return process;
    }

    private static String output(Process process) throws Exception {
        String text = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it does not end");
        return text;
    }

    private String explain(String... arguments) throws Exception {
        return output(start(ExplainMain.class, arguments));
    }

    @Test
    void explainForetellsAndLeavesNoTrace() throws Exception {
        String source = Ipv4Address.format(a.ip);
        String before = explain("icmp", source, Ipv4Address.format(b.ip));
        assertTrue(before.contains("FIRST PACKET OF A FLOW") && before.contains("route 10.244.1.3/32 local-port"),
            before);
        assertTrue(before.contains("to weftdpt3 (10.244.1.3): icmp type 8 code 0 id 1"), before);
        assertEquals(0, a.ping(b.ip, 1).exit(), node::report);
        String refused = explain("--from", "pod", source, "udp", source + ":4000", "10.244.1.99:7");
        assertTrue(refused.contains("dropped: no_such_pod, and answered"), refused);
        assertEquals(0, dropped(DropReason.NO_SUCH_POD), "explaining dropped nothing");
        send(a, 4000, "10.244.1.99", 7);
        TestNetwork.await("the drop", () -> dropped(DropReason.NO_SUCH_POD) == 1);
        send(a, 4000, Ipv4Address.format(b.ip), 53);
        String known = awaitKnown(source);
        assertTrue(known.contains("udp_unreplied, 1 packets") && known.contains("IF THIS FLOW DID NOT EXIST"), known);
        assertEquals(known.replaceAll("idle \\d+", ""), awaitKnown(source).replaceAll("idle \\d+", ""));
        String wrong = explain("--in", "nothing", "udp", source + ":4000", "10.244.1.3:53");
        assertEquals("weft explain: --in nothing: no open port has this device or number; weft show ports lists them\n",
            wrong);
    }

    private String awaitKnown(String source) throws Exception {
        String[] text = {""};
        for (int i = 0; i < 20 && !text[0].contains("KNOWN FLOW"); i++) {
            text[0] = explain("udp", source + ":4000", Ipv4Address.format(b.ip) + ":53");
        }
        return text[0];
    }

    private long dropped(DropReason reason) {
        try (var counters = node.counters()) {
            return counters.drop(reason);
        }
    }

    private static void send(TestPod from, int port, String to, int toPort) throws Exception {
        try (DatagramSocket socket = NetworkNamespace.call(from.namespace, () -> new DatagramSocket(port))) {
            socket.send(new DatagramPacket(new byte[8], 8, java.net.InetAddress.getByName(to), toPort));
        }
    }

    @Test
    void tsharkReadsACaptureWithDirectionsAndDropReasons() throws Exception {
        TestNetwork.requireTool("tshark");
        Path file = directory.resolve("a.pcapng");
        Process capture = start(CaptureMain.class, "--pod", Ipv4Address.format(a.ip), "-w", file.toString());
        awaitCapturing();
        assertEquals(0, a.ping(b.ip, 3).exit(), node::report);
        send(a, 4000, "10.244.1.99", 7);
        TestNetwork.await("the drop", () -> dropped(DropReason.NO_SUCH_POD) == 1);
        capture.toHandle().destroy(); // Process.destroy would close its output
        String said = output(capture);
        assertTrue(said.contains(" frames captured, 0 lost"), said);
        awaitNotCapturing();
        List<String> frames = TestNetwork.run(node.namespace, "tshark", "-r", file.toString(), "-T", "fields", "-e",
            "frame.interface_name", "-e", "frame.packet_flags_direction", "-e", "icmp.type", "-e", "frame.comment",
            "-e",
            "_ws.malformed").text().lines().filter(line -> line.startsWith("weftdpt")).toList();
        assertEquals(3, count(frames, "weftdpt2\t0x00000001\t8\t\t"), frames.toString());
        assertEquals(3, count(frames, "weftdpt3\t0x00000002\t8\t\t"), frames.toString());
        assertEquals(3, count(frames, "weftdpt3\t0x00000001\t0\t\t"), frames.toString());
        assertEquals(3, count(frames, "weftdpt2\t0x00000002\t0\t\t"), frames.toString());
        assertEquals(1, count(frames, "weftdpt2\t0x00000001\t\tdropped: no_such_pod\t"), frames.toString());
        assertTrue(frames.stream().noneMatch(line -> line.split("\t", -1)[4].contains("alformed")), frames.toString());
        assertEquals(0, a.ping(b.ip, 1).exit(), "forwarding goes on");
    }

    private static long count(List<String> frames, String line) {
        return frames.stream().filter(line::equals).count();
    }

    /** The dataplane ends the capture of a process that was killed. */
    @Test
    void aKilledCaptureEndsByItself() throws Exception {
        Process capture = start(CaptureMain.class, "--drops");
        awaitCapturing();
        Process second = start(CaptureMain.class, "-c", "1");
        assertTrue(output(second).startsWith("weft capture: another capture runs (process " + capture.pid()));
        capture.destroyForcibly();
        awaitNotCapturing();
        assertFalse(Files.exists(node.runDirectory.resolve(CaptureRequest.NAME)));
        Process text = start(CaptureMain.class, "-c", "2", "--protocol", "icmp");
        awaitCapturing();
        assertEquals(0, a.ping(b.ip, 1).exit(), node::report);
        try (BufferedReader lines = text.inputReader()) {
            String first = lines.readLine();
            assertTrue(first.contains("weftdpt2 in  icmp type 8 code 0"), first);
        }
    }

    @Test
    void aTraceFollowsAFlowOnBothPaths() throws Exception {
        Process capture = start(CaptureMain.class, "--protocol", "udp");
        awaitCapturing();
        Process trace = start(TraceMain.class, "--pod", Ipv4Address.format(a.ip), "--protocol", "udp", "-c", "3");
        awaitTracing();
        String packet = "udp 10.244.1.2:4000 > 10.244.1.3:53";
        for (int n = 0; n < 3; n++) {
            send(a, 4000, Ipv4Address.format(b.ip), 53);
        }
        String text = output(trace);
        assertTrue(text.contains("from weftdpt2 (10.244.1.2): " + packet) && text.contains("first packet of a flow: "
            + "port-rx, ethernet-input, ip4-input, flow-lookup, flow-create, flow-rewrite, local-rewrite, port-tx"),
            text);
        assertTrue(text.contains("  sent\n    to weftdpt3 (10.244.1.3): " + packet), text);
        assertTrue(text.contains("known flow, " + (Lanes.areUsable() ? "fast" : "slow") + " path: port-rx"), text);
        assertTrue(text.endsWith("weft trace: 3 frames traced\n"), text);
        awaitNotTracing();
        Process json = start(TraceMain.class, "-o", "json", "--host", "10.244.1.99", "-c", "1");
        awaitTracing();
        send(a, 4000, "10.244.1.99", 7);
        String object = output(json);
        assertTrue(object.contains("\"verdict\":\"dropped\",\"dropReason\":\"no_such_pod\",\"sentFrames\":1"), object);
        assertTrue(capture.isAlive(), "a trace leaves a capture alone");
        capture.toHandle().destroy();
        assertTrue(output(capture).contains("dropped: no_such_pod"));
    }

    /** The dataplane ends the trace of a process that was killed, and a trace that sees nothing ends after its time. */
    @Test
    void aTraceEndsByItself() throws Exception {
        Process killed = start(TraceMain.class, "--host", "192.0.2.99");
        awaitTracing();
        assertTrue(output(start(TraceMain.class)).startsWith("weft trace: another trace runs (process "
            + killed.pid()));
        killed.destroyForcibly();
        awaitNotTracing();
        assertFalse(Files.exists(node.runDirectory.resolve(TraceRequest.NAME)));
        assertEquals("weft trace: 0 frames traced\n",
            output(start(TraceMain.class, "--host", "192.0.2.99", "--seconds", "1")));
        awaitNotTracing();
        assertEquals(0, a.ping(b.ip, 1).exit(), "forwarding goes on");
    }

    private void awaitTracing() {
        TestNetwork.await("the workers to trace", () -> logged("tracing") > logged("traces no more"));
    }

    private void awaitNotTracing() {
        TestNetwork.await("the trace to end",
            () -> !Files.exists(node.runDirectory.resolve(TraceMessage.KIND.name())));
    }

    private void awaitCapturing() {
        TestNetwork.await("the capture to begin",
            () -> Files.exists(node.runDirectory.resolve(CaptureMessage.KIND.name())));
        TestNetwork.await("the workers to capture", () -> logged("capturing") > logged("captures no more"));
    }

    private long logged(String text) {
        return node.logText().lines().filter(line -> line.contains(text)).count();
    }

    private void awaitNotCapturing() {
        TestNetwork.await("the capture to end",
            () -> !Files.exists(node.runDirectory.resolve(CaptureMessage.KIND.name())));
    }
}
