package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;

/** prctl(2), {@code <linux/prctl.h>}. Cold code. */
public final class Prctl {
    public static final int PR_SET_PDEATHSIG = 1;
    public static final int PR_SET_NAME = 15;

    /** Longest name of a thread, in bytes. */
    public static final int NAME_BYTES = 15;

    private static final MethodHandle PRCTL = Libc.variadic("prctl", 1, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG,
        JAVA_LONG, JAVA_LONG);

    private Prctl() {}

    /** Names the calling thread, as {@code top -H} shows it; cuts the name to 15 bytes. */
    public static void setName(String name) {
        try (Arena arena = Arena.ofConfined()) {
            LinuxException.check("prctl(PR_SET_NAME)", prctl(PR_SET_NAME, arena.allocateFrom(name).address()));
        }
    }

    /**
     * Makes the kernel send this process a signal when the parent's thread that started it ends. It does not notice a parent that died
     * before this call: check {@code ProcessHandle.current().parent()} afterwards.
     */
    public static void setParentDeathSignal(int signal) {
        LinuxException.check("prctl(PR_SET_PDEATHSIG)", prctl(PR_SET_PDEATHSIG, signal));
    }

    private static int prctl(int option, long argument) {
        try {
            CallState state = CallState.current();
            return state.result((int) PRCTL.invokeExact(state.segment(), option, argument, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Libc.unlinked("prctl", t);
        }
    }
}
