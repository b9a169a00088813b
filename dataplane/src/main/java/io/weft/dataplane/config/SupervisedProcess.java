package io.weft.dataplane.config;

import io.weft.nativebindings.linux.Prctl;
import io.weft.nativebindings.linux.ProcessSignals;

/** The tie of a process to {@code weft node}: it ends with it, however that dies, so that a new one finds the locks free. */
public final class SupervisedProcess {
    /** Process id of the supervisor, in its children's environment. */
    public static final String VARIABLE = "WEFT_SUPERVISOR";

    /** Exit status, told to the supervisor only, of a process that could not set itself up. */
    public static final int NOT_SET_UP = 3;
    private static final int FAILED = 1;

    private SupervisedProcess() {
    }

    /** The exit status of a process that has said in one line why it cannot be set up. */
    public static int setUpFailure() {
        return System.getenv(VARIABLE) == null ? FAILED : NOT_SET_UP;
    }

    /**
     * Has the kernel end this process with its supervisor; called first thing. Does nothing in a process that no supervisor started.
     *
     * @throws ConfigurationException when the supervisor has gone already
     */
    public static void endWithSupervisor() {
        String supervisor = System.getenv(VARIABLE);
        if (supervisor == null) { return; }
        Prctl.setParentDeathSignal(ProcessSignals.SIGTERM);
        boolean isChild = ProcessHandle.current().parent()
            .map(parent -> String.valueOf(parent.pid()).equals(supervisor)).orElse(false);
        if (!isChild) {
            throw new ConfigurationException(VARIABLE + ": the supervisor, process " + supervisor + ", has gone");
        }
    }
}
