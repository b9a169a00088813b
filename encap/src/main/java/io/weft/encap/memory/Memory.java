package io.weft.encap.memory;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Access to native memory (frames, rings, tables, counters) by absolute address.
 *
 * <p>One global segment spans the whole address space, so an address from any mapping is an offset into it, and a frame needs no segment of
 * its own. This was the fastest choice for random access: the segment is a constant, so the JIT reduces its base, liveness check and bounds
 * check to a sign test. A segment per mapping would be loaded and checked at every access. The price is that <b>no accessor checks
 * bounds</b>. A reader compares the remaining length with the header's length once per header, and only then calls the accessors. An access
 * to an unmapped address ends the process with SIGSEGV; an access past the end of a mapped file that was truncated throws
 * {@link InternalError}.
 *
 * <p>Byte order: {@code u16}, {@code i32}, {@code i64} and their {@code put} forms are big-endian (network order) and may be unaligned.
 * {@code native*} forms are in machine order and may be unaligned. Atomics are in machine order and need an address aligned to their size;
 * otherwise they throw {@link IllegalArgumentException}.
 *
 * <p>Threads: plain forms give no ordering; the atomics name theirs, as in {@link VarHandle}. Allocation: none.
 */
public final class Memory {
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort NATIVE_U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt NATIVE_I32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong NATIVE_I64 = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final long USER_SPACE = 0x7FFF_FFFF_FFFFL;
    private static final VarHandle ATOMIC_I32 = atomic(ValueLayout.JAVA_INT);
    private static final VarHandle ATOMIC_I64 = atomic(ValueLayout.JAVA_LONG);

    private Memory() {
    }

    /** The segment of all addresses, for vector loads and stores. */
    public static MemorySegment all() {
        return ALL;
    }

    private static VarHandle atomic(MemoryLayout layout) {
        return layout.varHandle().withInvokeExactBehavior();
    }

    /**
     * Returns the same address, but tells the JIT that it is in user space (47 bits), so that accesses at constant offsets from the result
     * need no check of their own. For hot loops; costs one instruction. Like the accessors, it does not detect a wild address: it clears
     * the upper bits.
     */
    public static long address(long at) {
        return at & USER_SPACE;
    }

    // -- big-endian, unaligned ---------------------------------------------------------------------------------------

    public static int u8(long at) {
        return ALL.get(U8, at) & 0xFF;
    }

    public static int u16(long at) {
        return ALL.get(U16, at) & 0xFFFF;
    }

    public static int i32(long at) {
        return ALL.get(I32, at);
    }

    public static long i64(long at) {
        return ALL.get(I64, at);
    }

    /** Stores the low 8 bits of {@code value}. */
    public static void putU8(long at, int value) {
        ALL.set(U8, at, (byte) value);
    }

    /** Stores the low 16 bits of {@code value}. */
    public static void putU16(long at, int value) {
        ALL.set(U16, at, (short) value);
    }

    public static void putI32(long at, int value) {
        ALL.set(I32, at, value);
    }

    public static void putI64(long at, long value) {
        ALL.set(I64, at, value);
    }

    // -- machine order, unaligned ------------------------------------------------------------------------------------

    public static int nativeU16(long at) {
        return ALL.get(NATIVE_U16, at) & 0xFFFF;
    }

    public static int nativeI32(long at) {
        return ALL.get(NATIVE_I32, at);
    }

    public static long nativeI64(long at) {
        return ALL.get(NATIVE_I64, at);
    }

    /** Stores the low 16 bits of {@code value}. */
    public static void putNativeU16(long at, int value) {
        ALL.set(NATIVE_U16, at, (short) value);
    }

    public static void putNativeI32(long at, int value) {
        ALL.set(NATIVE_I32, at, value);
    }

    public static void putNativeI64(long at, long value) {
        ALL.set(NATIVE_I64, at, value);
    }

    // -- machine order, aligned, atomic ------------------------------------------------------------------------------

    public static int getAcquireI32(long at) {
        return (int) ATOMIC_I32.getAcquire(ALL, at);
    }

    public static long getAcquireI64(long at) {
        return (long) ATOMIC_I64.getAcquire(ALL, at);
    }

    public static void setReleaseI32(long at, int value) {
        ATOMIC_I32.setRelease(ALL, at, value);
    }

    public static void setReleaseI64(long at, long value) {
        ATOMIC_I64.setRelease(ALL, at, value);
    }

    public static int getOpaqueI32(long at) {
        return (int) ATOMIC_I32.getOpaque(ALL, at);
    }

    public static long getOpaqueI64(long at) {
        return (long) ATOMIC_I64.getOpaque(ALL, at);
    }

    public static void setOpaqueI32(long at, int value) {
        ATOMIC_I32.setOpaque(ALL, at, value);
    }

    public static void setOpaqueI64(long at, long value) {
        ATOMIC_I64.setOpaque(ALL, at, value);
    }

    public static int getVolatileI32(long at) {
        return (int) ATOMIC_I32.getVolatile(ALL, at);
    }

    public static long getVolatileI64(long at) {
        return (long) ATOMIC_I64.getVolatile(ALL, at);
    }

    public static void setVolatileI32(long at, int value) {
        ATOMIC_I32.setVolatile(ALL, at, value);
    }

    public static void setVolatileI64(long at, long value) {
        ATOMIC_I64.setVolatile(ALL, at, value);
    }

    /** Full (volatile) ordering on success and on failure. */
    public static boolean compareAndSetI32(long at, int expected, int value) {
        return ATOMIC_I32.compareAndSet(ALL, at, expected, value);
    }

    /** Full (volatile) ordering on success and on failure. */
    public static boolean compareAndSetI64(long at, long expected, long value) {
        return ATOMIC_I64.compareAndSet(ALL, at, expected, value);
    }

    /** @return the value before the addition */
    public static int getAndAddI32(long at, int delta) {
        return (int) ATOMIC_I32.getAndAdd(ALL, at, delta);
    }

    /** @return the value before the addition */
    public static long getAndAddI64(long at, long delta) {
        return (long) ATOMIC_I64.getAndAdd(ALL, at, delta);
    }

    // -- blocks ------------------------------------------------------------------------------------------------------

    /** Copies {@code length} bytes; overlapping ranges behave as if copied through a buffer. */
    public static void copy(long source, long destination, long length) {
        MemorySegment.copy(ALL, source, ALL, destination, length);
    }

    /** Copies {@code length} bytes out of native memory into {@code destination}; for cold code and tests. */
    public static void copyOut(long source, byte[] destination, int offset, int length) {
        MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, source, destination, offset, length);
    }

    /** Copies {@code length} bytes of {@code source} into native memory; for cold code and tests. */
    public static void copyIn(byte[] source, int offset, long destination, int length) {
        MemorySegment.copy(source, offset, ALL, ValueLayout.JAVA_BYTE, destination, length);
    }

    /** Zeroes {@code length} bytes; a loop, because {@link MemorySegment#fill} would need a slice object. */
    public static void zero(long at, long length) {
        long words = length & -Long.BYTES;
        for (long i = 0; i < words; i += Long.BYTES) {
            putNativeI64(at + i, 0);
        }
        for (long i = words; i < length; i++) {
            putU8(at + i, 0);
        }
    }
}
