package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.invoke.MethodHandle;

/** kill(2): signals that {@link ProcessHandle} has no method for. Cold code. */
public final class ProcessSignals {
    public static final int SIGHUP = 1; // <asm-generic/signal.h>
    public static final int SIGKILL = 9;
    public static final int SIGTERM = 15;
    public static final int SIGCONT = 18;
    public static final int SIGSTOP = 19;

    private static final MethodHandle KILL = Libc.function("kill", JAVA_INT, JAVA_INT, JAVA_INT);

    private ProcessSignals() {}

    /**
     * Sends a signal to one process.
     *
     * @param pid positive: process groups are not supported
     * @return false if there is no such process
     */
    public static boolean send(long pid, int signal) {
        if (pid <= 0 || pid > Integer.MAX_VALUE) { throw new IllegalArgumentException("not a process id: " + pid); }
        int result = kill((int) pid, signal);
        if (result == -Errno.ESRCH) { return false; }
        LinuxException.check("kill " + pid, result);
        return true;
    }

    private static int kill(int pid, int signal) {
        try {
            CallState state = CallState.current();
            return state.result((int) KILL.invokeExact(state.segment(), pid, signal));
        } catch (Throwable t) {
            throw Libc.unlinked("kill", t);
        }
    }
}
