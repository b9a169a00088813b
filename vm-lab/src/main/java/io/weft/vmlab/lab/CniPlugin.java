package io.weft.vmlab.lab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Calls the real {@code weft-cni} as a container runtime does: CNI_* variables, the network configuration as JSON on standard input. */
public final class CniPlugin {
    private static final ObjectMapper JSON = new ObjectMapper();
    static final String INTERFACE = "eth0";
    private static final int TIMEOUT_SECONDS = 60;
    private final Path executable;
    private final Path socket;

    /** @param socket of the node's CNI server */
    public CniPlugin(Path executable, Path socket) {
        this.executable = executable;
        this.socket = socket;
    }

    /** @return the pod's address */
    public InetAddress add(NamespaceThread node, String containerId, String podName, Path netns) throws Exception {
        return add(node, containerId, podName, netns, List.of());
    }

    /** @return the pod's address */
    public InetAddress add(NamespaceThread node, String containerId, String podName, Path netns,
        List<HostPort> hostPorts) throws Exception {
        JsonNode result = call(node, "ADD", containerId, podName, netns, hostPorts);
        String address = result.path("ips").path(0).path("address").asText();
        return LabPlan.ip(address.substring(0, address.indexOf('/')));
    }

    public void delete(NamespaceThread node, String containerId, String podName, Path netns) throws Exception {
        call(node, "DEL", containerId, podName, netns, List.of());
    }

    private JsonNode call(NamespaceThread node, String command, String containerId, String podName, Path netns,
        List<HostPort> hostPorts) throws Exception {
        ProcessBuilder builder = ExternalCommand.file(executable).builder()
            .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(Map.of(
            "CNI_COMMAND", command,
            "CNI_CONTAINERID", containerId,
            "CNI_NETNS", netns.toString(),
            "CNI_IFNAME", INTERFACE,
            "CNI_ARGS", "K8S_POD_NAMESPACE=default;K8S_POD_NAME=" + podName,
            "CNI_PATH", executable.getParent().toString()));
        Process process = node.call(builder::start);
        try (var in = process.getOutputStream()) {
            in.write(JSON.writeValueAsBytes(
                Map.of("cniVersion", "1.0.0", "name", "weft", "type", "weft-cni", "socket", socket.toString(),
                    "runtimeConfig",
                    Map.of("portMappings", hostPorts.stream().map(HostPort::mapping).toList()))));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(
                "weft-cni " + command + " for pod " + podName + " gave no answer in " + TIMEOUT_SECONDS + " s");
        }
        JsonNode answer = output.isBlank() ? JSON.createObjectNode() : JSON.readTree(output);
        if (process.exitValue() != 0) {
            throw new IOException(
                "weft-cni " + command + " for pod " + podName + ": error " + answer.path("code").asInt() + ": "
                    + answer.path("msg").asText(output) + " " + answer.path("details").asText(""));
        }
        return answer;
    }
}
