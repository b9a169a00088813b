package io.weft.dataplane.state;

import io.weft.encap.memory.Memory;

/**
 * An Ethernet header as two words that are stored unchanged: 8 bytes (destination, first 2 of the source) and 6 bytes (the other bytes of
 * the source, type) in the upper bits of the second. The first word alone holds the whole destination.
 */
public final class EthernetWords {
    private EthernetWords() {
    }

    public static long first(long destination, long source) {
        return destination << 16 | source >>> 32;
    }

    public static long second(long source, int type) {
        return source << 32 | (long) type << 16;
    }

    /** The last 8 of the 14 bytes. */
    public static long last(long first, long second) {
        return first << 48 | second >>> 16;
    }

    /** Writes the 14 bytes at {@code at}. */
    public static void store(long at, long first, long second) {
        Memory.putI64(at, first);
        Memory.putI32(at + 8, (int) (second >>> 32));
        Memory.putU16(at + 12, (int) (second >>> 16));
    }
}
