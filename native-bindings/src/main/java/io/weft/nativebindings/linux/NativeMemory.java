package io.weft.nativebindings.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;

/**
 * Native memory by absolute address, in the machine's byte order, without bounds checks: the caller has checked that it owns the memory at
 * the address. Allocation: none, except where noted.
 */
public final class NativeMemory {
    /** The whole address space as one constant segment, so that the JIT removes its bounds checks. */
    public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final VarHandle INT_HANDLE = ValueLayout.JAVA_INT.varHandle();

    private NativeMemory() {}

    public static byte getByte(long address) {
        return ALL.get(ValueLayout.JAVA_BYTE, address);
    }

    public static short getShort(long address) {
        return ALL.get(SHORT, address);
    }

    public static int getInt(long address) {
        return ALL.get(INT, address);
    }

    public static long getLong(long address) {
        return ALL.get(LONG, address);
    }

    public static void putByte(long address, byte value) {
        ALL.set(ValueLayout.JAVA_BYTE, address, value);
    }

    public static void putShort(long address, short value) {
        ALL.set(SHORT, address, value);
    }

    public static void putInt(long address, int value) {
        ALL.set(INT, address, value);
    }

    public static void putLong(long address, long value) {
        ALL.set(LONG, address, value);
    }

    /** Acquire load of an aligned int: what the writer stored before its release is visible afterwards. */
    public static int getAcquireInt(long address) {
        return (int) INT_HANDLE.getAcquire(ALL, address);
    }

    /** Release store of an aligned int: a thread that acquires it sees everything stored before. */
    public static void setReleaseInt(long address, int value) {
        INT_HANDLE.setRelease(ALL, address, value);
    }

    /** Load that is neither cached nor torn, without ordering. */
    public static int getOpaqueInt(long address) {
        return (int) INT_HANDLE.getOpaque(ALL, address);
    }

    /** A view of {@code size} bytes; allocates, for cold code. */
    public static MemorySegment segment(long address, long size) {
        return ALL.asSlice(address, size);
    }

    /** A NUL-terminated string of at most {@code limit} bytes; allocates, for cold code. */
    public static String string(MemorySegment bytes, int limit) {
        int length = 0;
        while (length < limit && bytes.get(ValueLayout.JAVA_BYTE, length) != 0) {
            length++;
        }
        return new String(bytes.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }
}
