package io.weft.dataplane.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.nativebindings.linux.MappedMemory;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Chains of segments of various lengths and offsets. */
class FrameChainsTest {
    private static final int CHUNK = 2048;
    private static final int CHUNKS = 64;

    private final MappedMemory memory = MappedMemory.anonymous((CHUNKS + 1) * CHUNK, false);
    private final FramePool pool = new FramePool((memory.address() + CHUNK - 1) & -CHUNK, CHUNKS,
        ChunkLayout.aligned(CHUNK));
    private final FrameChains chains = pool.chains();

    @AfterEach
    void close() {
        memory.close();
    }

    private long make(byte[] content, int... lengths) {
        long head = 0;
        long last = 0;
        int copied = 0;
        for (int length : lengths) {
            long at = pool.allocate() + 37 + length % 5;
            Memory.copyIn(content, copied, at, length);
            copied += length;
            if (head == 0) {
                chains.begin(at, length);
                head = at;
            } else {
                chains.append(last, at, length);
            }
            last = at;
        }
        return head;
    }

    @Test
    void theSumEqualsThatOfContiguousBytes() {
        Random random = new Random(1);
        for (int i = 0; i < 1000; i++) {
            int[] lengths = random.ints(1 + random.nextInt(5), 1, 300).toArray();
            byte[] content = new byte[java.util.Arrays.stream(lengths).sum()];
            random.nextBytes(content);
            long head = make(content, lengths);
            long flat = pool.allocate();
            int from = random.nextInt(lengths[0]);
            int length = random.nextInt(content.length - from + 1);
            Memory.copyIn(content, from, flat, length);
            assertEquals(InternetChecksum.fold(InternetChecksum.sum(flat, length)) % 0xFFFF,
                InternetChecksum.fold(chains.sum(head + from, length)) % 0xFFFF);
            pool.free(flat);
            chains.free(head);
            assertEquals(CHUNKS, pool.free());
        }
    }

    @Test
    void segmentsAreCountedFromTheFramesFirstByte() {
        long head = make(new byte[600], 100, 200, 300);
        assertTrue(chains.isChain(head));
        assertEquals(3, chains.segments(head, 600));
        assertEquals(2, chains.segments(head, 300));
        assertEquals(1, chains.segments(head, 100));
        assertEquals(1, chains.segments(head - 30, 130)); // a tunnel's header before it
        assertEquals(2, chains.segments(head + 50, 51));
        assertEquals(0, chains.segments(head, 0));
        chains.free(head);
    }

    @Test
    void freedChunksHaveNoSuccessor() {
        chains.free(make(new byte[600], 100, 200, 300));
        for (int i = 0; i < CHUNKS; i++) {
            assertFalse(chains.isChain(pool.allocate()));
        }
    }
}
