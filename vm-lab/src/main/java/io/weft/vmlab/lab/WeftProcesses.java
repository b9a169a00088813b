package io.weft.vmlab.lab;

import java.io.IOException;
import java.util.List;

/** The two processes that {@code weft node} supervises. */
public final class WeftProcesses {
    private static final String DATAPLANE = "io.weft.dataplane.DataplaneMain";
    private static final String CONTROL_PLANE = " control-plane ";

    private WeftProcesses() {}

    /** @throws IOException if {@code supervisor} runs none now */
    public static ProcessHandle dataplane(ProcessHandle supervisor) throws IOException {
        return child(supervisor, DATAPLANE);
    }

    /** @throws IOException if {@code supervisor} runs none now */
    public static ProcessHandle controlPlane(ProcessHandle supervisor) throws IOException {
        return child(supervisor, CONTROL_PLANE);
    }

    /** Whether the supervisor runs a control plane now: it may be waiting to start the next one. */
    public static boolean hasControlPlane(ProcessHandle supervisor) {
        return children(supervisor, CONTROL_PLANE).size() == 1;
    }

    private static List<ProcessHandle> children(ProcessHandle supervisor, String role) {
        return supervisor.descendants().filter(child -> child.info().commandLine().orElse("").contains(role)).toList();
    }

    private static ProcessHandle child(ProcessHandle supervisor, String role) throws IOException {
        List<ProcessHandle> found = children(supervisor, role);
        if (found.size() != 1) {
            throw new IOException(
                found.size() + " children of weft node (" + supervisor.pid() + ") run " + role.strip() + ", not one");
        }
        return found.getFirst();
    }
}
