package io.weft.dataplane.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.MemoryPort;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever arrives: every frame ends once, nothing throws, nothing grows. */
class FuzzTest {
    private static final int ROUNDS = 4000;
    private static final int AT_ONCE = 64;
    private static final int LARGEST = GraphFixture.CHUNK - FramePool.HEADROOM;

    private final GraphFixture node = new GraphFixture(512, 1 << 17, MemoryPort.Sent.CAPTURED);

    @AfterEach
    void close() {
        node.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void goodFramesWithAFewBytesChanged(long seed) {
        Random random = new Random(seed);
        Traffic traffic = new Traffic(seed);
        for (int round = 0; round < ROUNDS; round++) {
            for (int n = 0; n < AT_ONCE; n++) {
                Traffic.Frame frame = random.nextInt(4) == 0 ? traffic.bad() : traffic.good();
                byte[] bytes = mutated(random, frame.bytes());
                node.ports[frame.port()].offer(bytes);
            }
            runAndCheck();
        }
    }

    @Test
    void randomBytes() {
        Random random = new Random(4);
        for (int round = 0; round < ROUNDS; round++) {
            for (int n = 0; n < AT_ONCE; n++) {
                byte[] bytes = new byte[random.nextInt(8) == 0 ? random.nextInt(LARGEST) : random.nextInt(120)];
                random.nextBytes(bytes);
                node.ports[random.nextInt(4)].offer(bytes);
            }
            runAndCheck();
        }
        assertTrue(node.drops().values().stream().mapToLong(Long::longValue).sum() > 0);
    }

    static byte[] mutated(Random random, byte[] frame) {
        byte[] bytes = random.nextInt(4) == 0 ? Arrays.copyOf(frame, random.nextInt(frame.length + 40)) : frame.clone();
        for (int change = random.nextInt(4); change > 0 && bytes.length > 0; change--) {
            int at = random.nextInt(Math.min(bytes.length, random.nextBoolean() ? 120 : 48));
            bytes[at] = random.nextBoolean() ? (byte) random.nextInt() : (byte) (bytes[at] ^ 1 << random.nextInt(8));
        }
        if (bytes.length >= 34 && random.nextInt(3) != 0) {
            fixIpChecksum(bytes, 14);
        }
        if (bytes.length >= 84 && random.nextInt(3) != 0 && Packet.u16(bytes, 36) == 8472) {
            fixIpChecksum(bytes, 64);
        }
        return bytes;
    }

    /** So that the deeper checks are reached, too. */
    private static void fixIpChecksum(byte[] frame, int ip) {
        int length = Math.max(20, Math.min((frame[ip] & 0xF) * 4, frame.length - ip));
        Packet.setShort(frame, ip + 10, 0);
        Packet.setShort(frame, ip + 10, ~Packet.fold(Packet.sum(frame, ip, length)));
    }

    private void runAndCheck() {
        node.now += 50_000_000;
        node.forwardAll();
        node.checkAccounts();
        for (MemoryPort port : node.ports) {
            while (port.take() != null) {
                // the chunk goes back
            }
        }
        assertEquals(node.pool.chunks(), node.pool.free() + node.graph.held());
        assertEquals(0, node.counters.dropped(DropReason.INTERNAL_ERROR),
            () -> String.valueOf(node.graph.faults().last()));
    }
}
