package io.weft.encap.tunnel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Which values the bytes 16 to 39 of an outer IPv4 packet without options must have so that it belongs to a tunnel: three words, as they lie in memory,
 * to be compared under masks. Immutable.
 *
 * @param mask0 bits of bytes 16 to 23 that count
 * @param value0 their values, all others 0
 */
public record TunnelMatch(long mask0, long value0, long mask1, long value1, long mask2, long value2) {
    private static final int FIRST = 16;
    private static final int BYTES = 3 * Long.BYTES;

    static final class Builder {
        private final ByteBuffer masks = ByteBuffer.allocate(BYTES);
        private final ByteBuffer values = ByteBuffer.allocate(BYTES);

        /** @param at byte of the outer IPv4 packet; value and mask in network byte order */
        void i32(int at, int value, int mask) {
            masks.putInt(at - FIRST, mask);
            values.putInt(at - FIRST, value & mask);
        }

        void u16(int at, int value) {
            masks.putShort(at - FIRST, (short) -1);
            values.putShort(at - FIRST, (short) value);
        }

        TunnelMatch build() {
            return new TunnelMatch(word(masks, 0), word(values, 0), word(masks, 1), word(values, 1), word(masks, 2),
                word(values, 2));
        }

        private static long word(ByteBuffer bytes, int index) {
            return bytes.order(ByteOrder.nativeOrder()).getLong(index * Long.BYTES);
        }
    }
}
