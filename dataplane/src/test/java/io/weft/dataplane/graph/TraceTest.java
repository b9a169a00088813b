package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static io.weft.dataplane.graph.Packet.ACK;
import static io.weft.dataplane.graph.Packet.SYN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.capture.FrameFilter;
import io.weft.dataplane.capture.RingFile;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.explain.Explanation;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.graph.node.GraphNode;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.trace.Trace;
import io.weft.dataplane.trace.TraceMessage;
import io.weft.dataplane.trace.TraceReader;
import io.weft.dataplane.trace.TraceRequest;
import io.weft.dataplane.trace.TracedFrame;
import io.weft.dataplane.worker.Faults;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.nativebindings.linux.MappedMemory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weft trace} on a real graph: what it says about a frame is what the node does with it, and what {@code weft explain} foretells. */
class TraceTest {
    private static final Overlay OVERLAY = new Overlay(Encapsulation.VXLAN, 1, 8472);

    @TempDir Path directory;

    private final List<AutoCloseable> open = new ArrayList<>();
    private GraphFixture node = open(new GraphFixture());
    private RingFile file;
    private TraceReader reader;

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    private <T extends AutoCloseable> T open(T closeable) {
        open.add(closeable);
        return closeable;
    }

    private void trace(int count, FrameFilter.Spec filter) throws Exception {
        new TraceRequest(9, count, filter).write(directory);
        Trace trace = open(Trace.begin(directory,
            (name, bytes) -> MappedMemory.createFile(directory.resolve(name), bytes), List.of(node.graph),
            List.of(node.counters), OVERLAY, System.nanoTime()));
        node.graph.use(Arrays.stream(node.ports).map(port -> trace.decorate(0, port)).toArray(Port[]::new));
        node.graph.observe(trace.drops(0));
        node.processor = trace.processor(0);
        file = open(RingFile.open(directory, TraceMessage.KIND));
        reader = new TraceReader(file);
    }

    private static FrameFilter.Spec l4Port(int port) {
        return new FrameFilter.Spec(FrameFilter.ANY, 0, FrameFilter.ANY, 0, port, FrameFilter.ANY);
    }

    /** Explains the frame, lets the node process and trace it, and compares all three. */
    private TracedFrame agree(int port, byte[] frame) {
        Explanation.Case explained = Explained.of(node, port, frame).cases().getFirst();
        GraphFixture.Outcome outcome = node.run(port, frame);
        List<TracedFrame> traced = reader.read();
        assertEquals(1, traced.size(), explained.toString());
        TracedFrame only = traced.getFirst();
        String what = explained + " " + only;
        assertEquals(Explained.outcome(explained), outcome.toString(), what);
        assertEquals(port, only.port(), what);
        assertEquals(frame.length, only.length(), what);
        assertArrayEquals(Arrays.copyOf(frame, Math.min(frame.length, TraceMessage.SNAP_LENGTH)), only.bytes(), what);
        assertEquals(explained.steps().stream().map(Explanation.Step::node).toList(),
            only.nodes().stream().map(GraphNodeId::label).toList(), what);
        assertEquals(explained.verdict().name().toLowerCase(Locale.ROOT), only.verdict(), what);
        assertEquals(explained.reason(), only.reason(), what);
        assertEquals(explained.flow(), only.flow(), what);
        assertEquals(explained.fastPath(), only.fastPath(), what);
        assertEquals(explained.sent().size(), only.sentCount(), what);
        for (int n = 0; n < only.sent().size(); n++) {
            Explanation.Sent expected = explained.sent().get(n);
            assertEquals(expected.portId(), only.sent().get(n).port(), what);
            assertEquals(expected.bytes().length, only.sent().get(n).length(), what);
            assertEquals(expected.checksum() != 0, only.sent().get(n).checksumRequested(), what);
        }
        return only;
    }

    private void agree(int port, byte[] frame, boolean fastPath, String... nodes) {
        TracedFrame traced = agree(port, frame);
        assertEquals(fastPath && Lanes.areUsable(), traced.fastPath(), traced.toString());
        assertEquals(List.of(nodes), traced.nodes().stream().map(GraphNodeId::label).toList());
    }

    @Test
    void aFlowBetweenPodsOfTheNode() throws Exception {
        trace(100, FrameFilter.Spec.ALL);
        byte[] request = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000, Packet.payload(10)));
        agree(POD_A, request, false, "port-rx", "ethernet-input", "ip4-input", "flow-lookup", "flow-create",
            "flow-rewrite", "local-rewrite", "port-tx");
        agree(POD_A, request, true, "port-rx", "ethernet-input", "ip4-input", "flow-lookup", "flow-rewrite",
            "local-rewrite", "port-tx");
        agree(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").udp(2000, 1000)));
        assertEquals("known", agree(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").udp(2000, 1000))).flow());
    }

    @Test
    void encapsulationAndDecapsulation() throws Exception {
        trace(100, FrameFilter.Spec.ALL);
        byte[] there = fromA(Packet.of("10.244.1.2", "10.244.2.9").udp(1000, 2000));
        agree(POD_A, there, false, "port-rx", "ethernet-input", "ip4-input", "flow-lookup", "flow-create",
            "flow-rewrite", "vxlan4-encap", "port-tx");
        TracedFrame known = agree(POD_A, there);
        assertEquals(Lanes.areUsable(), known.fastPath());
        assertTrue(known.nodes().contains(GraphNodeId.VXLAN4_ENCAP), known.toString());
        assertEquals(there.length + 50, known.sent().getFirst().length());
        assertEquals(PortId.UPLINK, known.sent().getFirst().port());
        byte[] back = fromN2(Packet.of("10.244.2.9", "10.244.1.2").udp(2000, 1000));
        agree(UPLINK, back);
        agree(UPLINK, back, true, "port-rx", "ethernet-input", "vxlan4-decap", "ip4-input", "flow-lookup",
            "flow-rewrite", "local-rewrite", "port-tx");
    }

    @Test
    void aServiceAndItsReply() throws Exception {
        trace(100, FrameFilter.Spec.ALL);
        Packet client = Packet.of("10.244.1.2", "10.96.0.10");
        TracedFrame first = agree(POD_A, fromA(client.tcp(1000, 80, SYN)));
        assertEquals("new", first.flow());
        byte[] sent = first.sent().getFirst().bytes();
        assertTrue(Packet.describe(sent).contains("10.244.1.3"), "the destination is the backend's");
        agree(POD_B, fromB(Packet.of("10.244.1.3", "10.244.1.2").tcp(8080, 1000, SYN | ACK)));
        TracedFrame known = agree(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, ACK)));
        assertEquals("known", known.flow());
        TracedFrame reply = agree(POD_B,
            fromB(Packet.of("10.244.1.3", "10.244.1.2").tcp(8080, 1000, ACK, Packet.payload(9))));
        assertEquals(Lanes.areUsable(), reply.fastPath());
        assertTrue(Packet.describe(reply.sent().getFirst().bytes()).contains("10.96.0.10"), "the source is the VIP");
    }

    @Test
    void drops() throws Exception {
        trace(100, FrameFilter.Spec.ALL);
        Packet toB = Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000);
        byte[] damaged = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000));
        damaged[24] ^= 0x12;
        byte[] otherVni = fromN2(Packet.of("10.244.2.9", "10.244.1.2").udp(1, 2));
        otherVni[48] = 9;
        dropped(DropReason.TRUNCATED, POD_A, new byte[5]);
        dropped(DropReason.NOT_OUR_MAC, POD_A, toB.ethernet(POD_B_MAC, POD_A_MAC).frame());
        dropped(DropReason.IP4_BAD_CHECKSUM, POD_A, damaged);
        dropped(DropReason.TTL_EXPIRED, POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.3").ttl(1).udp(1, 2)));
        dropped(DropReason.SPOOFED_SOURCE, POD_A, fromA(Packet.of("10.244.1.3", "10.244.2.9").udp(1, 2)));
        dropped(DropReason.VXLAN_UNKNOWN_VNI, UPLINK, otherVni);
        dropped(DropReason.NO_SUCH_POD, POD_A, fromA(Packet.of("10.244.1.2", "10.244.1.77").udp(1, 2)));
        dropped(DropReason.NO_FLOW, POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1, 80, ACK)));
        dropped(DropReason.SERVICE_NO_ENDPOINTS, POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.11").tcp(1, 80, SYN)));
        dropped(DropReason.NO_ROUTE, POD_A, fromA(Packet.of("10.244.1.2", "198.18.5.9").udp(1, 2)));
        dropped(DropReason.MTU_EXCEEDED, POD_A, fromA(Packet.of("10.244.1.2", "10.244.2.9").udp(1, 2, new byte[1423])));
        dropped(DropReason.ARP_UNKNOWN_TARGET, POD_A, Arp.request(POD_A_MAC, "10.244.1.2", "10.244.1.3"));
    }

    private void dropped(DropReason reason, int port, byte[] frame) {
        assertEquals(reason, agree(port, frame).reason());
    }

    @Test
    void answersFragmentsAndHeldFrames() throws Exception {
        trace(100, FrameFilter.Spec.ALL);
        assertEquals(1, agree(POD_A, Arp.request(POD_A_MAC, "10.244.1.2", "10.244.1.1")).sentCount());
        assertEquals(2, agree(POD_A, fromA(Packet.of("10.244.1.2", "10.244.2.9").udp(1, 2, new byte[1500]).fragment(0)))
            .sent().size());
        TracedFrame many = agree(POD_A,
            fromA(Packet.of("10.244.1.2", "10.244.2.9").udp(1, 2, new byte[9000]).fragment(0)));
        assertEquals(TraceMessage.MAX_SENT, many.sent().size());
        assertTrue(many.sentCount() > TraceMessage.MAX_SENT, many.toString());
        assertEquals("held", agree(POD_A, fromA(Packet.of("10.244.1.2", "192.0.2.77").udp(1000, 53))).verdict());
        assertEquals("punted", agree(POD_A, fromA(Packet.of("10.244.1.2", "192.0.2.11").tcp(1000, 22, SYN)))
            .verdict());
        assertEquals(0, file.lost());
    }

    /** A matching frame neither overtakes others nor is overtaken, and only as many are traced as were asked for. */
    @Test
    void framesKeepTheirOrder() throws Exception {
        trace(3, l4Port(2002));
        byte[][] frames = new byte[40][];
        for (int n = 0; n < frames.length; n++) {
            int port = n % 8 == 5 ? 2002 : 2000;
            frames[n] = fromA(Packet.of("10.244.1.2", "10.244.1.3").id(n).udp(1000, port, Packet.payload(n)));
        }
        node.run(POD_A, frames[5], frames[0]); // both flows exist, so all frames of a batch could take the same path
        assertEquals(1, reader.read().size());
        List<MemoryPort.SentFrame> sent = node.run(POD_A, frames).sent().get(POD_B);
        assertEquals(frames.length, sent.size());
        for (int n = 0; n < frames.length; n++) {
            assertEquals(frames[n].length, sent.get(n).bytes().length, "frame " + n);
            assertEquals(Packet.u16(frames[n], 18), Packet.u16(sent.get(n).bytes(), 18), "frame " + n);
        }
        List<TracedFrame> traced = reader.read();
        assertEquals(List.of(5, 13), traced.stream().map(frame -> Packet.u16(frame.bytes(), 18)).toList());
        node.run(POD_A, frames[5]);
        assertEquals(List.of(), reader.read(), "three were asked for");
        assertEquals(0, file.lost());
    }

    @Test
    void theFilterLooksIntoTunnels() throws Exception {
        trace(10, new FrameFilter.Spec(FrameFilter.ANY, 0, FrameFilter.ANY, 0, 2000, IpProtocol.IPPROTO_UDP));
        node.run(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.1.2").udp(2000, 1000)),
            fromN2(Packet.of("10.244.2.9", "10.244.1.2").udp(2001, 1000)));
        List<TracedFrame> traced = reader.read();
        assertEquals(1, traced.size());
        assertTrue(traced.getFirst().nodes().contains(GraphNodeId.VXLAN4_DECAP), traced.toString());
    }

    /** The same frames, damaged ones too, through a node that traces and one that does not. */
    @Test
    void tracingChangesNothing() throws Exception {
        try (GraphFixture other = new GraphFixture(512, 1 << 13, MemoryPort.Sent.CAPTURED)) {
            node = open(new GraphFixture(512, 1 << 13, MemoryPort.Sent.CAPTURED));
            trace(TraceRequest.MAX_COUNT, new FrameFilter.Spec(FrameFilter.ANY, 0, POD_A, 0, FrameFilter.ANY,
                FrameFilter.ANY));
            Random random = new Random(5);
            Traffic traffic = new Traffic(5);
            List<Traffic.Frame> known = new ArrayList<>();
            int traced = 0;
            for (int round = 0; round < 60; round++) {
                for (int n = 0; n < 48; n++) {
                    Traffic.Frame frame = next(random, traffic, known);
                    node.ports[frame.port()].offer(frame.bytes());
                    other.ports[frame.port()].offer(frame.bytes());
                }
                assertEquals(outcome(other), outcome(node));
                traced += reader.read().size();
            }
            for (FrameTotal total : FrameTotal.values()) {
                if (total != FrameTotal.BATCHES) {
                    assertEquals(other.total(total), node.total(total), total.name());
                }
            }
            assertEquals(other.drops(), node.drops());
            assertEquals(TraceRequest.MAX_COUNT, traced);
            assertEquals(0, file.lost());
        }
    }

    /** No fragments: which first fragment decides for a later one also depends on which others are in its batch. */
    private static Traffic.Frame next(Random random, Traffic traffic, List<Traffic.Frame> known) {
        if (random.nextInt(4) != 0 && !known.isEmpty()) { return known.get(random.nextInt(known.size())); }
        Traffic.Frame frame;
        do {
            frame = random.nextInt(5) == 0 ? traffic.bad() : traffic.good();
        } while (isFragment(frame.bytes()));
        known.add(frame);
        return frame;
    }

    private static boolean isFragment(byte[] frame) {
        int fragment = EthernetHeader.LENGTH + 6; // RFC 791
        return frame.length > fragment + 1 && (Packet.u16(frame, fragment) & 0x3FFF) != 0;
    }

    /** Flows may change places when a batch is split, as they may between the fast path and the slow path. */
    private static List<String> outcome(GraphFixture node) {
        return node.run(POD_A).toString().lines().sorted().toList();
    }

    /** A fault in a node costs the frame, and is what the trace says of it. */
    @Test
    void aNodeThatFails() throws Exception {
        node = open(new GraphFixture(256, 1024, MemoryPort.Sent.CAPTURED, false, FailingRunner::new));
        trace(10, l4Port(2002));
        byte[] frame = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2002));
        assertEquals(1, node.run(POD_A, frame).drops().get(DropReason.INTERNAL_ERROR));
        TracedFrame traced = reader.read().getFirst();
        assertEquals(DropReason.INTERNAL_ERROR, traced.reason());
        assertTrue(traced.nodes().contains(GraphNodeId.FLOW_CREATE), traced.toString());
        assertFalse(traced.nodes().contains(GraphNodeId.FLOW_REWRITE), traced.toString());
    }

    /** {@code flow-create} throws. */
    private static final class FailingRunner extends NodeRunner {
        FailingRunner(Faults faults, WorkerCounters counters,
            DropNode drop, GraphNode... order) {
            super(faults, counters, drop, order);
        }

        @Override
        void process(GraphNode graphNode, FrameBatch batch) {
            if (graphNode.id() == GraphNodeId.FLOW_CREATE) { throw new IllegalStateException("on purpose"); }
            super.process(graphNode, batch);
        }
    }

    @Test
    void theRingHasRoomForAllThatWereAskedFor() throws Exception {
        trace(TraceRequest.MAX_COUNT, FrameFilter.Spec.ALL);
        byte[] frame = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000, Packet.payload(200)));
        for (int n = 0; n < TraceRequest.MAX_COUNT; n++) {
            node.run(POD_A, frame);
        }
        assertEquals(TraceRequest.MAX_COUNT, reader.read().size());
        assertEquals(0, file.lost());
    }

    @Test
    void aWrongCountIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new TraceRequest(1, 0, FrameFilter.Spec.ALL));
        assertThrows(IllegalArgumentException.class, () -> new TraceRequest(1, 1001, FrameFilter.Spec.ALL));
    }
}
