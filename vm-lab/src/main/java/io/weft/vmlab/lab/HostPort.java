package io.weft.vmlab.lab;

import java.util.Map;

/**
 * A port of the node that a container asks for; the runtime passes it to the plug-in.
 *
 * @param protocol {@code tcp} or {@code udp}
 * @param hostIp one of the node's addresses, empty for all
 */
public record HostPort(int hostPort, int containerPort, String protocol, String hostIp) {
    /** As an element of {@code runtimeConfig.portMappings}. */
    Map<String, Object> mapping() {
        return Map.of("hostPort", hostPort, "containerPort", containerPort, "protocol", protocol, "hostIP", hostIp);
    }
}
