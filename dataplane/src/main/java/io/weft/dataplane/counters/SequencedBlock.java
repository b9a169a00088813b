package io.weft.dataplane.counters;

import io.weft.encap.memory.Memory;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.function.LongFunction;

/** A block under a sequence word (its first 32 bits), which is odd while the only writer changes the block. For cold data only. */
final class SequencedBlock {
    private static final int ATTEMPTS = 1000;

    private SequencedBlock() {
    }

    static void write(long at, Runnable change) {
        int sequence = Memory.nativeI32(at);
        Memory.setOpaqueI32(at, sequence + 1);
        VarHandle.storeStoreFence();
        change.run();
        Memory.setReleaseI32(at, sequence + 2);
    }

    /** @param read copies the block out; called again if a write overlapped. If the writer died during a write, the block is read as it is. */
    static <T> T read(long at, LongFunction<T> read) {
        T copy = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int before = Memory.getAcquireI32(at);
            copy = read.apply(at);
            VarHandle.loadLoadFence();
            if ((before & 1) == 0 && Memory.getOpaqueI32(at) == before) { return copy; }
            Thread.onSpinWait();
        }
        return copy;
    }

    /** A length word (32 bits) and UTF-8, truncated to fit. */
    static void putText(long at, int capacity, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(utf8.length, capacity - Integer.BYTES);
        Memory.putNativeI32(at, length);
        Memory.copyIn(utf8, 0, at + Integer.BYTES, length);
    }

    static String text(long at, int capacity) {
        int length = Memory.nativeI32(at);
        if (length < 0 || length > capacity - Integer.BYTES) { return ""; }
        byte[] utf8 = new byte[length];
        Memory.copyOut(at + Integer.BYTES, utf8, 0, length);
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
