package io.weft.controlplane.node;

import io.weft.nativebindings.linux.Prctl;
import io.weft.nativebindings.linux.ProcessSignals;

/** The tie of a child to {@link Supervisor}: it ends with it, however that dies, so that a new one finds the locks free. */
public final class SupervisedProcess {
    /** Process id of the supervisor, in its children's environment. */
    public static final String VARIABLE = "WEFT_SUPERVISOR";

    private SupervisedProcess() {
    }

    /** Does nothing in a process that no supervisor started. */
    public static void endWithSupervisor() {
        String supervisor = System.getenv(VARIABLE);
        if (supervisor == null) { return; }
        Prctl.setParentDeathSignal(ProcessSignals.SIGTERM);
        boolean orphan = ProcessHandle.current().parent()
            .map(parent -> !String.valueOf(parent.pid()).equals(supervisor)).orElse(true);
        if (orphan) { throw new StartException("the supervisor (process " + supervisor + ") has gone"); }
    }
}
