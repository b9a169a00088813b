package io.weft.controlplane.cni;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** Calls the plug-in in this JVM, as a runtime would. */
public final class CniCall {
    public record Answer(int status, String text) {
    }

    private CniCall() {
    }

    public static Answer run(String command, String container, Path netns, Path socket) {
        return run(command, container, netns,
            "{\"cniVersion\":\"1.1.0\",\"name\":\"weft\",\"type\":\"weft-cni\",\"socket\":\"" + socket + "\"}");
    }

    static Answer run(String command, String container, Path netns, String configuration) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Map<String, String> environment = Map.of("CNI_COMMAND", command, "CNI_CONTAINERID", container,
            "CNI_NETNS", netns.toString(), "CNI_IFNAME", "eth0", "CNI_PATH", "/opt/cni/bin");
        int status = new WeftCni(environment, new PrintStream(out, true, StandardCharsets.UTF_8)).run(configuration);
        return new Answer(status, out.toString(StandardCharsets.UTF_8));
    }
}
