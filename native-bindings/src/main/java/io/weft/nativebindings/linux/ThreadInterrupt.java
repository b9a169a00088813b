package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Interrupts a system call that another thread of this process is in, by a signal whose handler does nothing: tgkill(2), sigaction(2). The
 * signal is SIGURG, which the JVM does not use and which is ignored by default. Cold code.
 */
public final class ThreadInterrupt {
    static final int SIGURG = 23; // <asm-generic/signal.h>
    static final int SA_RESTART = 0x1000_0000;

    /** glibc's {@code struct sigaction} of 64-bit machines. */
    static final int SIGACTION_HANDLER = 0;

    static final int SIGACTION_FLAGS = 136;
    static final int SIGACTION_SIZE = 152;

    private static final MethodHandle SIGACTION = Libc.function("sigaction", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle GETTID = Libc.function("gettid", JAVA_INT);
    private static final MethodHandle TGKILL = Libc.function("tgkill", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);

    static {
        installHandler();
    }

    private ThreadInterrupt() {}

    /** The kernel's id of the calling platform thread, for {@link #interrupt}. */
    public static int currentThread() {
        try {
            return (int) GETTID.invokeExact(CallState.current().segment());
        } catch (Throwable t) {
            throw Libc.unlinked("gettid", t);
        }
    }

    /**
     * Makes the system call of a thread of this process return EINTR, if the call can. A thread that is in no call is not disturbed, so
     * repeat this until the thread has visibly returned.
     *
     * @return false if the thread no longer exists
     */
    public static boolean interrupt(int thread) {
        try {
            CallState state = CallState.current();
            int pid = (int) ProcessHandle.current().pid();
            int result = state.result((int) TGKILL.invokeExact(state.segment(), pid, thread, SIGURG));
            if (result == -Errno.ESRCH) { return false; }
            LinuxException.check("tgkill", result);
            return true;
        } catch (LinuxException e) {
            throw e;
        } catch (Throwable t) {
            throw Libc.unlinked("tgkill", t);
        }
    }

    /** The handler is a function of the C library that only looks at its argument: no Java code may run in a signal handler. */
    private static void installHandler() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment action = arena.allocate(SIGACTION_SIZE, Long.BYTES);
            long handler = Linker.nativeLinker().defaultLookup().findOrThrow("abs").address();
            action.set(JAVA_LONG, SIGACTION_HANDLER, handler);
            action.set(JAVA_INT, SIGACTION_FLAGS, SA_RESTART);
            CallState state = CallState.current();
            int result = (int) SIGACTION.invokeExact(state.segment(), SIGURG, action.address(), 0L);
            LinuxException.check("sigaction(SIGURG)", state.result(result));
        } catch (LinuxException e) {
            throw e;
        } catch (Throwable t) {
            throw Libc.unlinked("sigaction", t);
        }
    }
}
