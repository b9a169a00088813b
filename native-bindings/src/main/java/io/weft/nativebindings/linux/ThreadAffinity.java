package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.BitSet;

/** Processors that the calling platform thread may run on: sched_setaffinity(2). Cold code. */
public final class ThreadAffinity {
    /** {@code cpu_set_t}: 1024 processors. */
    private static final int CPU_SET_BYTES = 128;

    private static final MethodHandle SET = Libc.function("sched_setaffinity", JAVA_INT, JAVA_INT, JAVA_LONG,
        JAVA_LONG);
    private static final MethodHandle GET = Libc.function("sched_getaffinity", JAVA_INT, JAVA_INT, JAVA_LONG,
        JAVA_LONG);

    private ThreadAffinity() {}

    /** Pins the calling thread to one processor. */
    public static void pin(int cpu) {
        BitSet one = new BitSet();
        one.set(cpu);
        set(one);
    }

    /** Restricts the calling thread to these processors; threads that it starts inherit them. */
    public static void set(BitSet cpus) {
        if (cpus.length() > CPU_SET_BYTES * Byte.SIZE) {
            throw new IllegalArgumentException("no such processor: " + (cpus.length() - 1));
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(CPU_SET_BYTES, Long.BYTES);
            MemorySegment.copy(cpus.toByteArray(), 0, mask, ValueLayout.JAVA_BYTE, 0, cpus.toByteArray().length);
            int result = setaffinity(mask);
            if (result < 0) {
                String hint = "This process may not use processors " + cpus + ": see its cpuset and container limits";
                throw new LinuxException("pin thread to " + cpus, -result, result == -Errno.EINVAL ? hint : "");
            }
        }
    }

    /** Processors the calling thread may run on. */
    public static BitSet current() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(CPU_SET_BYTES, Long.BYTES);
            LinuxException.check("sched_getaffinity", getaffinity(mask));
            return BitSet.valueOf(mask.toArray(ValueLayout.JAVA_BYTE));
        }
    }

    private static int setaffinity(MemorySegment mask) {
        try {
            CallState state = CallState.current();
            return state.result((int) SET.invokeExact(state.segment(), 0, mask.byteSize(), mask.address()));
        } catch (Throwable t) {
            throw Libc.unlinked("sched_setaffinity", t);
        }
    }

    private static int getaffinity(MemorySegment mask) {
        try {
            CallState state = CallState.current();
            return state.result((int) GET.invokeExact(state.segment(), 0, mask.byteSize(), mask.address()));
        } catch (Throwable t) {
            throw Libc.unlinked("sched_getaffinity", t);
        }
    }
}
