package io.weft.dataplane.table;

import io.weft.encap.tunnel.Encapsulation;

/**
 * How this node's tunnels to other nodes work; all nodes of a cluster agree on it.
 *
 * @param id identifier in the tunnel's header (VXLAN: VNI); unused where the encapsulation has none
 * @param port UDP port; unused where the encapsulation does without UDP
 */
public record Overlay(Encapsulation encapsulation, int id, int port) {
    /** Whether packets of this protocol and, of UDP, to this port are those of a tunnel. */
    public boolean carries(int protocol, int destinationPort) {
        return encapsulation.carries(protocol, destinationPort, port);
    }
}
