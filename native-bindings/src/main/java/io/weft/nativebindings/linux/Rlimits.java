package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Resource limits of this process: prlimit(2), {@code <asm-generic/resource.h>}. Cold code. */
public final class Rlimits {
    public static final int RLIMIT_NOFILE = 7;
    public static final int RLIMIT_MEMLOCK = 8;
    public static final long RLIM_INFINITY = -1;

    private static final int SOFT = 0;
    private static final int HARD = 8;
    private static final int SIZE = 16;
    private static final MethodHandle PRLIMIT = Libc.function("prlimit", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG,
        JAVA_LONG);

    private Rlimits() {}

    /** Limits in the resource's unit; {@link #RLIM_INFINITY} for none. */
    public record Limit(long soft, long hard) {}

    public static Limit get(int resource) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment old = arena.allocate(SIZE, Long.BYTES);
            LinuxException.check("getrlimit", prlimit(resource, MemorySegment.NULL, old));
            return new Limit(old.get(JAVA_LONG, SOFT), old.get(JAVA_LONG, HARD));
        }
    }

    /** 0, or -errno: EPERM when the hard limit may not be raised. */
    public static int set(int resource, Limit limit) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(SIZE, Long.BYTES);
            value.set(JAVA_LONG, SOFT, limit.soft());
            value.set(JAVA_LONG, HARD, limit.hard());
            return prlimit(resource, value, MemorySegment.NULL);
        }
    }

    /**
     * Raises the limit of locked memory as far as allowed: removes it (CAP_SYS_RESOURCE), or raises it to the hard limit.
     *
     * @return whether it is higher than before
     */
    public static boolean raiseMemlock() {
        Limit before = get(RLIMIT_MEMLOCK);
        if (before.soft() == RLIM_INFINITY) { return false; }
        if (set(RLIMIT_MEMLOCK, new Limit(RLIM_INFINITY, RLIM_INFINITY)) == 0) { return true; }
        return before.soft() != before.hard() && set(RLIMIT_MEMLOCK, new Limit(before.hard(), before.hard())) == 0;
    }

    /** The soft limit of locked memory, for messages. */
    public static String memlockText() {
        long soft = get(RLIMIT_MEMLOCK).soft();
        return soft == RLIM_INFINITY ? "unlimited" : (soft >> 10) + " KiB";
    }

    private static int prlimit(int resource, MemorySegment value, MemorySegment old) {
        try {
            CallState state = CallState.current();
            return state.result(
                (int) PRLIMIT.invokeExact(state.segment(), 0, resource, value.address(), old.address()));
        } catch (Throwable t) {
            throw Libc.unlinked("prlimit", t);
        }
    }
}
