package io.weft.encap;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.weft.encap.memory.Memory;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.HexFormat;

/**
 * Memory for a test's frames that ends at an inaccessible page, so that a read past the end of a frame placed
 * {@linkplain #atEnd at the end} kills the JVM instead of going unnoticed.
 */
public final class Frames implements AutoCloseable {
    private static final int PAGE = 4096;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final MethodHandle MMAP = downcall("mmap",
        FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MPROTECT = downcall("mprotect",
        FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle MUNMAP = downcall("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));

    private final long start;
    private final long size;

    /** @param pages accessible pages between the two inaccessible ones */
    public Frames(int pages) {
        size = (pages + 2L) * PAGE;
        try {
            start = ((MemorySegment) MMAP.invokeExact(MemorySegment.NULL, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS,
                -1, 0L)).address();
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
        if (start == -1) { throw new AssertionError("mmap failed"); }
        protect(start);
        protect(start + size - PAGE);
    }

    private static void protect(long page) {
        try {
            if ((int) MPROTECT.invokeExact(MemorySegment.ofAddress(page), (long) PAGE, 0) != 0) {
                throw new AssertionError("mprotect failed");
            }
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static MethodHandle downcall(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
    }

    /** The first accessible byte, page aligned. */
    public long at() {
        return start + PAGE;
    }

    /** Address of a frame of this length that ends where the accessible memory ends. */
    public long atEnd(int length) {
        return start + size - PAGE - length;
    }

    /** Places bytes so that the page behind them is inaccessible. */
    public long putAtEnd(byte[] frame) {
        Memory.copyIn(frame, 0, atEnd(frame.length), frame.length);
        return atEnd(frame.length);
    }

    /** Places bytes given in hexadecimal (spaces are ignored) at the end. */
    public long putAtEnd(String hex) {
        return putAtEnd(bytes(hex));
    }

    public static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    public static byte[] read(long at, int length) {
        byte[] bytes = new byte[length];
        Memory.copyOut(at, bytes, 0, length);
        return bytes;
    }

    public static String hex(long at, int length) {
        return HexFormat.of().formatHex(read(at, length));
    }

    @Override
    public void close() {
        try {
            int ignored = (int) MUNMAP.invokeExact(MemorySegment.ofAddress(start), size);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
