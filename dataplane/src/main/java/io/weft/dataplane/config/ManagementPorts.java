package io.weft.dataplane.config;

import io.weft.encap.packet.IpProtocol;
import java.util.Map;

/**
 * The TCP ports by which a node and its cluster are managed. On a node's own addresses neither Services nor hostPorts take them, not even
 * while nothing listens there.
 */
public final class ManagementPorts {
    private static final String ETCD = "etcd";
    private static final String KUBELET = "the kubelet";
    private static final Map<Integer, String> OWNERS = Map.of(22, "SSH", 2379, ETCD, 2380, ETCD, 6443,
        "the API server", 10_250, KUBELET, 10_255, KUBELET);

    private ManagementPorts() {
    }

    /** @param protocol IP protocol number */
    public static boolean contains(int protocol, int port) {
        return !owner(protocol, port).isEmpty();
    }

    /** @return whose port it is, for messages; empty if it is none of them */
    public static String owner(int protocol, int port) {
        return protocol == IpProtocol.IPPROTO_TCP ? OWNERS.getOrDefault(port, "") : "";
    }
}
