package io.weft.controlplane.process;

import io.weft.controlplane.role.RoleLock;
import io.weft.nativebindings.process.ExternalCommand;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Command lines of a node's processes, by role. */
public final class ChildCommands {
    private static final String DATAPLANE = "dataplane";
    private static final String DATAPLANE_MAIN = "io.weft.dataplane.DataplaneMain";
    private static final String CONTROL_PLANE_MAIN = "io.weft.controlplane.cli.WeftCommand";

    private ChildCommands() {
    }

    /** Uses the launcher of the installation that this process runs from, otherwise this JVM's own flags and class path. */
    public static Map<String, ExternalCommand> forNode(List<String> options) {
        Map<String, ExternalCommand> commands = new LinkedHashMap<>();
        String home = System.getProperty("weft.home");
        Path launcher = Path.of(home == null ? "" : home, "bin", "weft");
        if (home != null && Files.isExecutable(launcher)) {
            commands.put(DATAPLANE, ExternalCommand.file(launcher, DATAPLANE).with(options));
            commands.put(RoleLock.CONTROL_PLANE, ExternalCommand.file(launcher, RoleLock.CONTROL_PLANE).with(options));
        } else {
            commands.put(DATAPLANE, java(DATAPLANE_MAIN).with(options));
            commands.put(RoleLock.CONTROL_PLANE, java(CONTROL_PLANE_MAIN).with(RoleLock.CONTROL_PLANE).with(options));
        }
        return commands;
    }

    private static ExternalCommand java(String main) {
        return ExternalCommand.java(ManagementFactory.getRuntimeMXBean().getInputArguments())
            .with("-cp", System.getProperty("java.class.path"), main);
    }
}
