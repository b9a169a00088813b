package io.weft.controlplane.node;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

    /** Through the launcher of the installation this runs from, else by this JVM's own flags and class path. */
    public static Map<String, List<String>> forNode(List<String> options) {
        Map<String, List<String>> commands = new LinkedHashMap<>();
        String home = System.getProperty("weft.home");
        Path launcher = Path.of(home == null ? "" : home, "bin", "weft");
        if (home != null && Files.isExecutable(launcher)) {
            commands.put(DATAPLANE, command(List.of(launcher.toString(), DATAPLANE), options));
            commands.put(ControlPlane.ROLE, command(List.of(launcher.toString(), ControlPlane.ROLE), options));
        } else {
            commands.put(DATAPLANE, command(java(DATAPLANE_MAIN), options));
            List<String> controlPlane = new ArrayList<>(java(CONTROL_PLANE_MAIN));
            controlPlane.add(ControlPlane.ROLE);
            commands.put(ControlPlane.ROLE, command(controlPlane, options));
        }
        return commands;
    }

    private static List<String> java(String main) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        return command;
    }

    private static List<String> command(List<String> program, List<String> options) {
        List<String> command = new ArrayList<>(program);
        command.addAll(options);
        return List.copyOf(command);
    }
}
