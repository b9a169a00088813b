package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/** How the kernel's fair scheduler treats the calling platform thread: sched_setattr(2), {@code <linux/sched/types.h>}. Cold code. */
public final class ThreadScheduling {
    static final int SCHED_ATTR_SIZE_VER0 = 48;
    static final int SIZE = 0;
    static final int POLICY = 4;
    static final int NICE = 16;
    static final int RUNTIME = 24;
    static final int SCHED_OTHER = 0;

    private static final int SELF = 0;
    private static final long NO_FLAGS = 0;
    private static final MethodHandle SYSCALL = Libc.variadic("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
        JAVA_LONG, JAVA_LONG);
    private static final boolean X86_64 = isX86();
    private static final long NR_SCHED_SETATTR = X86_64 ? 314 : 274;
    private static final long NR_SCHED_GETATTR = X86_64 ? 315 : 275;

    private ThreadScheduling() {}

    /**
     * Scheduling parameters of a thread.
     *
     * @param nice -20 (most of the processor) to 19
     * @param sliceNanos how long the thread runs before others; a thread with a shorter slice preempts at once when it wakes up (Linux
     *     6.12; 0 on older kernels)
     */
    public record Share(int nice, long sliceNanos) {
    }

    /** The parameters of the calling thread. */
    public static Share current() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = read(arena);
            return new Share(attr.get(JAVA_INT, NICE), attr.get(JAVA_LONG, RUNTIME));
        }
    }

    /**
     * Gives the calling thread at least the weight of {@code nice}, and this slice. Leaves a thread with another policy than SCHED_OTHER
     * unchanged.
     *
     * @return 0, or -errno: EPERM or EACCES without CAP_SYS_NICE
     */
    public static int setPriority(int nice, long sliceNanos) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = read(arena);
            if (attr.get(JAVA_INT, POLICY) != SCHED_OTHER) { return 0; }
            attr.set(JAVA_INT, NICE, Math.min(nice, attr.get(JAVA_INT, NICE)));
            attr.set(JAVA_LONG, RUNTIME, sliceNanos);
            return call(NR_SCHED_SETATTR, attr, NO_FLAGS, 0);
        }
    }

    private static MemorySegment read(Arena arena) {
        MemorySegment attr = arena.allocate(SCHED_ATTR_SIZE_VER0, Long.BYTES);
        LinuxException.check("sched_getattr", call(NR_SCHED_GETATTR, attr, SCHED_ATTR_SIZE_VER0, 0));
        attr.set(JAVA_INT, SIZE, SCHED_ATTR_SIZE_VER0);
        return attr;
    }

    private static int call(long number, MemorySegment attr, long third, long fourth) {
        try {
            CallState state = CallState.current();
            return (int) state.result(
                (long) SYSCALL.invokeExact(state.segment(), number, (long) SELF, attr.address(), third, fourth));
        } catch (Throwable t) {
            throw Libc.unlinked("sched_setattr", t);
        }
    }

    /** System call numbers are from {@code <asm/unistd.h>} of each machine. */
    private static boolean isX86() {
        return switch (System.getProperty("os.arch").toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64" -> true;
            case "aarch64", "riscv64" -> false;
            default -> throw new UnsupportedOperationException("no system call numbers for this processor");
        };
    }
}
