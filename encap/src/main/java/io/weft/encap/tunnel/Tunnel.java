package io.weft.encap.tunnel;

/**
 * A tunnel to another node: everything that its outer headers consist of, except what differs from packet to packet. MAC addresses are the lower 48 bits,
 * IPv4 addresses numeric.
 *
 * @param nextHopMac outer destination
 * @param uplinkMac outer source
 * @param source outer source address
 * @param destination outer destination address
 * @param port UDP destination port; unused without UDP
 * @param id identifier (VXLAN: VNI); unused where the encapsulation has none
 * @param innerDestinationMac unused without an inner Ethernet header
 * @param innerSourceMac likewise
 */
public record Tunnel(
    Encapsulation encapsulation,
    long nextHopMac,
    long uplinkMac,
    int source,
    int destination,
    int port,
    int id,
    long innerDestinationMac,
    long innerSourceMac) {
}
