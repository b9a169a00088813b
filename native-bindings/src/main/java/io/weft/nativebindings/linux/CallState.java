package io.weft.nativebindings.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/**
 * Where a downcall stores errno before the JVM can overwrite it. One thread uses it at a time. Cold code uses {@link #current()}; an object
 * on the packet path owns one, so that it reads no thread-local.
 */
public final class CallState {
    private static final StructLayout LAYOUT = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = LAYOUT.varHandle(PathElement.groupElement("errno"));
    private static final ThreadLocal<CallState> CURRENT = ThreadLocal.withInitial(CallState::new);

    private final MemorySegment segment = Arena.ofAuto().allocate(LAYOUT);

    /** The calling thread's own; kept for the thread's life. */
    public static CallState current() {
        return CURRENT.get();
    }

    /** First argument of every handle made by {@link Libc#function}. */
    public MemorySegment segment() {
        return segment;
    }

    /** errno of the last failed call made with this state; positive. */
    public int errno() {
        return (int) ERRNO.get(segment, 0L);
    }

    /** The result itself, or {@code -errno} when it is negative (a C library function's -1). */
    public int result(int returned) {
        return returned < 0 ? -errno() : returned;
    }

    /** Like {@link #result(int)}, for sizes. */
    public long result(long returned) {
        return returned < 0 ? -errno() : returned;
    }
}
