package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.port.MemoryPort;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every frame is accounted for, every bad one under its reason, and none carries a byte of another. */
class AccountingTest {
    private static final int FRAMES = 1_000_000;
    private static final int AT_ONCE = 96;
    private static final long SECOND = 1_000_000_000;

    private final GraphFixture node = new GraphFixture(512, 4096, MemoryPort.Sent.CAPTURED);

    @AfterEach
    void close() {
        node.close();
    }

    @Test
    void aMillionFramesAQuarterOfThemMalformed() {
        Random random = new Random(20);
        Traffic traffic = new Traffic(21);
        Map<DropReason, Long> expected = new EnumMap<>(DropReason.class);
        long good = 0;
        long seen = 0;
        for (int i = 0; i < FRAMES; i += AT_ONCE) {
            for (int n = 0; n < AT_ONCE; n++) {
                Traffic.Frame frame = random.nextInt(4) == 0 ? traffic.bad() : traffic.good();
                assertTrue(node.ports[frame.port()].offer(frame.bytes()));
                if (frame.reason() == null) {
                    good++;
                } else {
                    expected.merge(frame.reason(), 1L, Long::sum);
                }
            }
            node.now += SECOND / 20; // the limits of what Weft sends by itself are met in some turns
            node.forwardAll();
            seen += checkSent();
            node.checkAccounts();
        }
        Map<DropReason, Long> drops = node.drops();
        drops.values().removeIf(count -> count == 0);
        assertEquals(expected, drops);
        assertEquals(0, node.total(FrameTotal.IN_FLIGHT));
        assertEquals(good + node.total(FrameTotal.ORIGINATED), seen);
        assertEquals(seen, node.total(FrameTotal.SENT) + node.total(FrameTotal.PUNTED));
        assertTrue(node.total(FrameTotal.ORIGINATED) > 1000 && node.total(FrameTotal.PUNTED) > 1000);
        assertEquals(node.pool.chunks(), node.pool.free());
    }

    private long checkSent() {
        long seen = 0;
        for (MemoryPort port : node.ports) {
            for (MemoryPort.SentFrame frame = port.take(); frame != null; frame = port.take()) {
                checkBytes(port.id() == UPLINK ? withoutTunnel(frame.bytes()) : frame.bytes());
                seen++;
            }
        }
        return seen;
    }

    private static byte[] withoutTunnel(byte[] frame) {
        boolean tunnel = frame[23] == Packet.UDP && Packet.u16(frame, 36) == 8472;
        if (!tunnel) { return frame; }
        assertTrue(Packet.describe(Arrays.copyOf(frame, frame.length)).endsWith("none"));
        return Arrays.copyOfRange(frame, 50, frame.length);
    }

    /** The headers add up, the packet fills its frame, and its payload is one number over and over. */
    private static void checkBytes(byte[] frame) {
        String description = Packet.describe(frame);
        assertTrue(!description.contains("BAD") && !description.contains("+") && !description.contains("cut")
            && !description.contains("WRONG"), description);
        int at = Packet.ETHERNET + 20;
        at += switch (frame[23]) {
            case Packet.TCP -> 20;
            case Packet.UDP -> (Packet.u16(frame, 20) & 0x1FFF) == 0 ? 8 : 0;
            case Packet.ICMP ->
                frame[34] == 0 || frame[34] == 8 ? 8 : 8 + 20 + (frame[34 + 8 + 9] == Packet.TCP ? 20 : 8);
            default -> 0;
        };
        ByteBuffer payload = ByteBuffer.wrap(frame, at, frame.length - at);
        int number = payload.remaining() < 4 ? 0 : payload.getInt();
        while (payload.remaining() >= 4) {
            int next = payload.getInt();
            if (next != number) {
                throw new AssertionError(description + ": " + next + " behind " + number + " at " + payload.position());
            }
        }
    }

    @Test
    void everyTruncationOfATunnelledSegment() {
        byte[] whole = fromN2(Packet.of("10.244.2.9", "10.244.1.2").tcp(1000, 80, Packet.SYN, Packet.payload(40)));
        checkEveryLength(UPLINK, whole);
    }

    @Test
    void everyTruncationOfAServiceSyn() {
        byte[] whole = fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, Packet.SYN));
        checkEveryLength(POD_A, whole);
    }

    @Test
    void everyTruncationInsideAWholeTunnelPacket() {
        byte[] inner = Packet.of("10.244.2.9", "10.244.1.2").tcp(1000, 80, Packet.SYN, Packet.payload(40))
            .ethernet(VTEP_MAC, N2_VTEP_MAC).frame();
        for (int length = 0; length < inner.length; length++) {
            byte[] frame = Packet.vxlan("192.0.2.12", "192.0.2.11", 1, Arrays.copyOf(inner, length))
                .ethernet(UPLINK_MAC, N2_MAC).frame();
            assertEquals("truncated", node.run(UPLINK, frame).toString(), "length " + length);
        }
        assertEquals(0, node.flows.flows());
    }

    private void checkEveryLength(int port, byte[] whole) {
        for (int length = 0; length < whole.length; length++) {
            assertEquals("truncated", node.run(port, Arrays.copyOf(whole, length)).toString(), "length " + length);
        }
        assertEquals(0, node.flows.flows());
        assertEquals(1, node.run(port, whole).sent().size());
    }
}
