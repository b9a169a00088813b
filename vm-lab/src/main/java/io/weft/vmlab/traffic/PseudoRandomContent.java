package io.weft.vmlab.traffic;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** An endless byte stream that both ends can generate from its seed (SplitMix64), so that a transfer needs no file. */
final class PseudoRandomContent {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;
    private long state;

    PseudoRandomContent(long seed) {
        state = seed;
    }

    /** Fills the whole buffer, whose capacity is a multiple of 8, and leaves it ready to be read. */
    void fill(ByteBuffer buffer) {
        buffer.clear().order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < buffer.capacity(); at += Long.BYTES) {
            state += GAMMA;
            long z = state;
            z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
            z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
            buffer.putLong(at, z ^ z >>> 31);
        }
    }
}
