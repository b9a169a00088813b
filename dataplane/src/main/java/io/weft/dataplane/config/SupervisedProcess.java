package io.weft.dataplane.config;

import io.weft.nativebindings.linux.Prctl;
import io.weft.nativebindings.linux.ProcessSignals;

/** Ties a process to {@code weft node}: the process ends with it, however {@code weft node} dies, so that a new one finds the locks free. */
public final class SupervisedProcess {
    /** Process id of the supervisor, in the environment of its children. */
    public static final String VARIABLE = "WEFT_SUPERVISOR";

    /** Exit status by which a process tells its supervisor that its set-up failed. */
    public static final int NOT_SET_UP = 3;

    private SupervisedProcess() {
    }

    /** The exit status of a process that has reported in one line why its set-up failed. */
    public static int setUpFailure() {
        return System.getenv(VARIABLE) == null ? ExitCode.FAILED : NOT_SET_UP;
    }

    /**
     * Makes the kernel end this process with its supervisor; must be called first. Does nothing in a process that no supervisor started.
     *
     * @throws ConfigurationException when the supervisor has already ended
     */
    public static void endWithSupervisor() {
        String supervisor = System.getenv(VARIABLE);
        if (supervisor == null) { return; }
        Prctl.setParentDeathSignal(ProcessSignals.SIGTERM);
        boolean isChild = ProcessHandle.current().parent()
            .map(parent -> String.valueOf(parent.pid()).equals(supervisor)).orElse(false);
        if (!isChild) {
            throw new ConfigurationException(VARIABLE + ": the supervisor, process " + supervisor + ", has ended");
        }
    }
}
